"""The states that say whether we do our work, read from the database when somebody asks and kept nowhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from gateway.store.base import WAITING
from gateway.store.sql import buckets, bulk
from gateway.store.sql.bulk import Question
from gateway.store.tables import Delivery, Fact, Incident
from gateway.store.types import micros, moment
from rules.words import Status, Urgency

LOSING_WITHIN = timedelta(minutes=15)
LOSING_OF = 5_000  # newest messages that are looked at
FEW = 3  # failures: fewer may happen to one bad address
OF_STRANGERS = ("status_confirm", "status_notice")  # messages to addresses that anybody may have written down
WORKER = "worker:"  # how the keys of workers' signs of life begin
REACHED_WITHIN = timedelta(seconds=60)  # by then some page of an emergency has to be out
PROVIDERS = (  # settings of which one shows that somebody means to be told
    "NABAT_SMTP_URL", "NABAT_SENDGRID_API_KEY", "NABAT_TWILIO_ACCOUNT_SID", "NABAT_TWILIO_AUTH_TOKEN",
    "NABAT_TWILIO_FROM",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at everything."""

    open: dict[tuple[Urgency, Status], int]  # every combination, zeros too
    waiting: int  # messages that are not out yet
    oldest: datetime | None  # when the one that waits longest was promised
    undelivered: int  # emergencies that have reached nobody
    worker_seen: datetime | None


def vitals(session: Session, now: datetime, *, configured: bool) -> Vitals:
    waiting, oldest = session.execute(select(func.count(), func.min(Delivery.created_at)).where(WAITING)).one()
    lost = len(undelivered(session, now, configured=configured))
    return Vitals(_open(session), waiting, oldest, lost, worker_seen(session))


def configured(env: Mapping[str, str]) -> bool:
    """Whether a provider is set up that needs settings; some channels only need a contact."""
    return any(env.get(name) for name in PROVIDERS)


def _open(session: Session) -> dict[tuple[Urgency, Status], int]:
    counted = {(urgency, status): 0 for urgency in Urgency for status in (Status.TRIGGERED, Status.ACKNOWLEDGED)}
    for status in (Status.TRIGGERED, Status.ACKNOWLEDGED):
        for part in buckets.parts(status):
            query = select(Incident.urgency, func.count()).where(Incident.status == status.value, part)
            for rank, count in session.execute(query.group_by(Incident.urgency)):
                counted[tuple(Urgency)[rank], status] += count
    return counted


EVERY = 1_000_000_000
_UNDELIVERED = """
    SELECT i.id FROM incident i
    WHERE i.id IN (SELECT id FROM incident
        WHERE status <> 'resolved' AND snoozed_until IS NULL AND status = 'triggered' AND urgency = 0
        ORDER BY id DESC LIMIT {})
      AND i.opened_at < {} AND i.level > 0
      AND coalesce((SELECT min(f.created_at) FROM delivery f WHERE f.incident_id = i.id), i.opened_at) < {}
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.incident_id = i.id AND d.kind IN ('opened', 'escalated')
                      AND d.status IN ('sent', 'delivered', 'bundled'))
    ORDER BY i.id
"""


def undelivered(session: Session, now: datetime, *, configured: bool, newest: int = EVERY) -> list[int]:
    """Emergencies that nobody answered and of which no page got out in time, whatever the reason, the oldest first.

    Pages ask every two seconds, so they look at the `newest` only; the auditor looks at all.

    Only where nobody could ever be told (no provider, no contact that needs none, nothing ever sent) is it no failure:
    such an install is being tried out, and its pages go to the log.
    """
    rows = bulk.several(session, [undelivered_asked(now, newest)])[0]
    return undelivered_of(session, rows, configured=configured)


def undelivered_asked(now: datetime, newest: int = EVERY) -> Question:
    late = micros(now - REACHED_WITHIN)
    return Question(_UNDELIVERED, (newest, late, late))


def undelivered_of(session: Session, rows: Sequence[Any], *, configured: bool) -> list[int]:
    return [row[0] for row in rows] if rows and (configured or _could_tell(session)) else []


def _could_tell(session: Session) -> bool:
    query = text("""
        SELECT EXISTS (SELECT 1 FROM contact WHERE channel IN ('pagerduty', 'ntfy', 'webpush'))
            OR EXISTS (SELECT 1 FROM delivery WHERE status IN ('sent', 'delivered'))
    """)
    return bool(session.execute(query).scalar_one())


FAILING_FOR = timedelta(seconds=60)
CHANNELS = ("pagerduty", "sms", "webpush", "ntfy", "email")
# Along the index of what waits, and not far: in a storm hundreds of thousands wait, and every open page asks.
_FIRST = (
    "SELECT * FROM (SELECT channel, created_at, error, attempts, kind, incident_id FROM delivery "
    "WHERE status IN ('queued', 'sending') AND channel = '{}' ORDER BY rank, due_at LIMIT 100) AS first_{}"
)
_FAILING = (
    "SELECT tried.channel, min(tried.created_at), max(tried.error) "  # noqa: S608 - our own words
    f"FROM ({' UNION ALL '.join(_FIRST.format(one, one) for one in CHANNELS)}) AS tried "
    "JOIN incident i ON i.id = tried.incident_id AND i.status = 'triggered' "
    "WHERE tried.attempts > 0 AND tried.error <> '' AND tried.created_at < {} "
    "AND tried.kind IN ('opened', 'escalated') GROUP BY tried.channel"
)


@dataclass(frozen=True, slots=True)
class Failing:
    """A channel through which pages have been tried in vain for a minute and more."""

    channel: str
    since: datetime
    error: str

    @property
    def name(self) -> str:
        """As its maker calls it."""
        return {"pagerduty": "PagerDuty", "sms": "SMS", "webpush": "Web Push"}.get(self.channel, self.channel)


def failing_asked(now: datetime) -> Question:
    return Question(_FAILING, (micros(now - FAILING_FOR),))


def failing_of(rows: Sequence[Any]) -> list[Failing]:
    return [Failing(channel, moment(at), error) for channel, at, error in rows]


def worker_seen(session: Session) -> datetime | None:
    """The last sign of life of any worker."""
    query = select(func.max(Fact.at)).where(Fact.key.startswith(WORKER, autoescape=True))
    return session.execute(query).scalar_one()


def behind(session: Session, known: Collection[str], newest: Collection[str]) -> bool:
    """Whether the database is older than this program. A newer one is fine: the other processes are ahead of us."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return True
    found = set(session.scalars(text("SELECT version_num FROM alembic_version")))
    return not found or bool(found & (set(known) - set(newest)))


def ahead(session: Session, known: Collection[str]) -> str:
    """The database's revision if a newer program has brought it there, else empty."""
    found = session.scalars(text("SELECT version_num FROM alembic_version")).all()
    return next((one for one in found if one not in known), "")


@dataclass(frozen=True, slots=True)
class Losing:
    """A channel by which too much fails for good."""

    channel: str
    failed: int
    all: int  # that came to an end, well or not


_SOME_FAILED = (
    f"SELECT id FROM delivery WHERE status = 'failed' AND id > (SELECT max(id) FROM delivery) - {LOSING_OF} "  # noqa: S608
    f"AND finished_at >= {{}} LIMIT 1 OFFSET {FEW - 1}"
)


def losing_asked(now: datetime) -> Question:
    """Nearly always nothing failed, which a small index tells; only then the newest messages are counted."""
    return Question(_SOME_FAILED, (micros(now - LOSING_WITHIN),))


def losing_of(session: Session, rows: Sequence[Any], now: datetime) -> list[Losing]:
    """Channels of which more than a twentieth failed in a quarter of an hour, and more than a few."""
    if not rows:
        return []
    newest, begin = select(func.max(Delivery.id)).scalar_subquery(), now - LOSING_WITHIN
    lately = (Delivery.id > newest - LOSING_OF, Delivery.finished_at >= begin)
    query = select(Delivery.channel, Delivery.status, func.count()).where(
        *lately, Delivery.status.in_(("sent", "delivered", "failed")), Delivery.kind.not_in(OF_STRANGERS)
    )
    counted: dict[str, dict[str, int]] = {}
    for channel, status, count in session.execute(query.group_by(Delivery.channel, Delivery.status)):
        counted.setdefault(channel, {})[status] = count
    found = [Losing(name, one.get("failed", 0), sum(one.values())) for name, one in sorted(counted.items())]
    return [one for one in found if one.failed >= FEW and one.failed * 20 > one.all]
