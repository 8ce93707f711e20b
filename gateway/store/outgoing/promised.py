"""What was promised of an incident, and how it stands: to whom a page went out, which keys have it, what waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.sql import bulk
from gateway.store.sql.bulk import Question
from gateway.store.types import to_json


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody to whom a page went out, or may have gone out."""

    incident_id: int
    level: int
    way: str
    channel: str
    address: str
    address_id: str
    contact_id: int | None
    person_id: int | None
    who: str
    name: str


def told(session: Session, incident_ids: Iterable[int]) -> list[Told]:
    """To whom pages of these incidents went out or may have: sent, being sent, or tried without hearing an answer."""
    sql = (
        "SELECT incident_id, level, way, channel, address, address_id, contact_id, person_id, who, name FROM delivery "
        "WHERE kind IN ('opened', 'escalated', 'assigned') "
        "AND (status IN ('sent', 'delivered', 'sending', 'logged') OR ambiguous > 0) "
        "AND incident_id {list} ORDER BY id"
    )
    first: dict[tuple[int, str, str], Told] = {}
    for row in bulk.select(session, sql, incident_ids):
        one = Told(*row)
        first.setdefault((one.incident_id, one.channel, one.address_id), one)
    return list(first.values())


# What waits for its time, or for the morning, has called nobody: until then the key is free for whoever is called now.
_DUE = "AND NOT (part IN ('later', 'held') AND status = 'queued' AND attempts = 0) "

# What PagerDuty was told of an incident that ended and came back is past: a trigger opens it there anew.
_STILL = (
    "AND NOT EXISTS (SELECT 1 FROM delivery r WHERE r.incident_id = delivery.incident_id AND r.kind = 'resolved' "
    "AND r.channel = delivery.channel AND r.address_id = delivery.address_id AND r.id > delivery.id)"
)


def promised_keys(session: Session, incident_id: int) -> set[str]:
    """PagerDuty keys that already have this incident, or are about to: another trigger there would call nobody."""
    sql = (
        "SELECT address_id FROM delivery WHERE channel = 'pagerduty' "  # noqa: S608 - our own words
        "AND kind IN ('opened', 'escalated', 'assigned') "
        "AND status NOT IN ('failed', 'cancelled', 'logged', 'bundled') "
        f"{_DUE}AND incident_id {{list}} {_STILL}"
    )
    return {row[0] for row in bulk.select(session, sql, [incident_id])}


def waiting_keys(session: Session, incident_id: int) -> set[str]:
    """PagerDuty keys for which a page of this incident has not gone out yet: one more would only follow it."""
    sql = (
        "SELECT address_id FROM delivery WHERE channel = 'pagerduty' AND kind IN ('opened', 'escalated', 'assigned') "  # noqa: S608
        f"AND status IN ('queued', 'sending') {_DUE}AND incident_id {{list}}"
    )
    return {row[0] for row in bulk.select(session, sql, [incident_id])}


def hushed_keys(session: Session, incident_id: int) -> set[str]:
    """PagerDuty keys that were told of an answer: nobody is called there any more, whatever we trigger."""
    sql = (
        "SELECT address_id FROM delivery WHERE channel = 'pagerduty' AND kind = 'acknowledged' "  # noqa: S608
        "AND incident_id {list} " + _STILL
    )
    return {row[0] for row in bulk.select(session, sql, [incident_id])}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the messages of one step stand."""

    who: str
    part: str
    way: str
    channel: str
    address_id: str
    status: str  # of the row; "unsaid" of what a roll-up is to say that has failed for too long


_UNSAID = (
    "status = 'bundled' AND fallback_at IS NULL AND EXISTS (SELECT 1 FROM delivery b "
    "WHERE b.id = delivery.bundle_id AND b.status IN ('queued', 'sending') AND b.error <> '')"
)


def standing(session: Session, incident_id: int, level: int) -> list[Standing]:
    sql = (
        f"SELECT who, part, way, channel, address_id, CASE WHEN {_UNSAID} THEN 'unsaid' ELSE status END FROM delivery "  # noqa: S608
        "WHERE kind IN ('opened', 'escalated') AND incident_id = {} AND level = {} ORDER BY id"
    )
    return [Standing(*row) for row in bulk.select_plain(session, sql, incident_id, level)]


_SHOWN = "incident_id, way, status, name, created_at, finished_at"
_NEWEST = "SELECT id FROM delivery WHERE incident_id = one.value AND status <> 'cancelled' ORDER BY id DESC LIMIT 1"


def newest_asked(session: Session, ids: Sequence[int]) -> Question:
    """The newest message of each incident; one that was called off before it left says nothing."""
    if is_postgres(session):  # a walk down the index each, whatever the planner thinks
        each = f"(SELECT {_SHOWN} FROM delivery WHERE id = ({_NEWEST})) AS d"  # noqa: S608
        sql = f"SELECT d.* FROM unnest({{}}::bigint[]) AS one(value) CROSS JOIN LATERAL {each}"  # noqa: S608
        return Question(sql, (list(ids),))
    newest = f"SELECT ({_NEWEST}) FROM json_each({{}}) AS one"  # noqa: S608
    return Question(f"SELECT {_SHOWN} FROM delivery WHERE id IN ({newest})", (to_json(list(ids)),))  # noqa: S608
