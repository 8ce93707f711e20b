"""Silences and maintenance windows: made, ended, and turned by the clock: begun, their authors reminded, over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway import log
from gateway.actions import Actor
from gateway.flows import intake, suppress
from gateway.flows.own_alerts import OWN_NAME, OWN_SOURCE, silence_ends_alert
from gateway.flows.prepare import given_route
from gateway.store import audit, silences
from gateway.store.alerts import Post
from gateway.store.db import reading, transaction
from gateway.store.tables import SilenceRow
from gateway.store.types import micros, moment
from gateway.world import world
from rules import recurrence
from rules.matchers import Matcher
from rules.suppress import Wrong, check, holds_until, next_turn, read_matchers, wants_reminder
from rules.text import one_line
from rules.words import Route, Silence, Step, Suppressor, Urgency

Span = tuple[datetime, datetime]
ASKED_ONLY = timedelta(hours=1)  # the reminder's one step has no next


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for."""

    matchers: tuple[Matcher, ...]
    reason: str
    spans: tuple[Span, ...]
    confirmed: str = ""
    author: str = ""  # an e-mail address of somebody here, or a name; else whoever asks
    rule: str = ""
    wall_start: str = ""
    timezone: str = ""
    length: timedelta = timedelta()


def silence(matchers: Sequence[str], starts: datetime, ends: datetime, reason: str, **more: str) -> Wanted:
    """A silence; raises Wrong where a matcher cannot be read."""
    return Wanted(read_matchers(matchers), one_line(reason), ((starts, ends),), length=ends - starts, **more)


def window(matchers: Sequence[str], start: str, length: timedelta, zone: str, now: datetime, **more: str) -> Wanted:
    """A maintenance window; `more`: rule, reason, and as of a silence. Raises Wrong."""
    try:
        wall, kept = recurrence.read_start(start), recurrence.read_rule(more.pop("rule", ""))
        recurrence.check_length(length)
        found = recurrence.spans(kept, wall, length, ZoneInfo(zone), now)
    except ValueError as problem:
        raise Wrong(str(problem)) from problem
    if not found:
        raise Wrong("it would be over already, or has no time in the next three years")
    reason = one_line(more.pop("reason", ""))
    return Wanted(
        read_matchers(matchers), reason, found, rule=kept, wall_start=wall.isoformat(), timezone=zone, length=length,
        **more,
    )  # fmt: skip


def add(session: Session, kind: Suppressor, wanted: Wanted, actor: Actor, now: datetime) -> SilenceRow:
    """In the caller's transaction. Raises Wrong."""
    starts, ends = wanted.spans[0]
    check(wanted.matchers, starts, ends, now, reason=wanted.reason, confirmed=wanted.confirmed)
    if silences.count(session) >= silences.MOST:
        raise Wrong(f"there are {silences.MOST} silences and windows already: end some of them")
    known = world().roll.current(session).people.get((wanted.author or actor.account).strip().lower())
    row = SilenceRow(
        kind=kind.value, matchers=[one.text for one in wanted.matchers], reason=wanted.reason,
        author=known.name if known else (one_line(wanted.author) or actor.name)[:100],
        author_email=known.email if known else "", created_at=now, starts_at=starts, ends_at=ends,
        spans=_kept(wanted.spans), rule=wanted.rule, wall_start=wanted.wall_start, timezone=wanted.timezone,
        seconds=int(wanted.length.total_seconds()), reminded=False, ended_by="", next_at=starts,
    )  # fmt: skip
    silences.add(session, row, now)
    said = {"matchers": row.matchers, "reason": row.reason, "until": ends.isoformat(), "name": actor.name}
    audit.note(session, now, actor.account or actor.name, f"{kind} add", f"{kind} {row.id}", actor.how, **said)
    return row


def end(session: Session, kind: Suppressor, number: int, actor: Actor, now: datetime) -> SilenceRow | None:
    """In the caller's transaction: over from now on, a window for good. Ended already, it stays as it is."""
    row = silences.find(session, number, kind)
    if row is None or row.ended_at is not None:
        return row
    _over(session, row, now, actor.name)
    audit.note(session, now, actor.account or actor.name, f"{kind} end", f"{kind} {number}", actor.how, name=actor.name)
    return row


def _over(session: Session, row: SilenceRow, now: datetime, by: str) -> None:
    row.ended_at, row.ended_by, row.next_at = now, by, None
    row.ends_at = min(row.ends_at, max(now, row.starts_at))
    session.flush()
    silences.bump(session, now)
    silences.release(session, now)


def turn_due(now: datetime) -> int:
    """Everything that begins, ends, or is to be reminded of now; each in transactions of its own."""
    with reading() as session:
        due = silences.due(session, now)
    for number in due:
        _turn(number, now)
    return len(due)


def release_stragglers(now: datetime) -> None:
    """An alert that came while its silence was being ended knew nothing of it."""
    with reading() as session:
        if not silences.holds_any(session):
            return
    with transaction() as session:
        silences.release(session, now)


def _turn(number: int, now: datetime) -> None:
    with transaction() as session:
        row = silences.lock(session, number)
        if row is None or row.next_at is None or row.next_at > now:
            return
        reminded = row.reminded
        if row.ends_at <= now:
            _next_span(session, row, now)
        begun = _begins(row, now)
        if row.ended_at is None:
            span, kind = (row.starts_at, row.ends_at), Suppressor(row.kind)
            row.reminded = reminded or (not begun and wants_reminder(kind, span, now))
            row.next_at = next_turn(kind, span, begun=row.begun_at is not None, reminded=row.reminded, now=now)
        matchers = read_matchers(row.matchers)
        if row.reminded and (row.ended_at is not None or not reminded):
            _speak(session, row, now, over=row.ended_at is not None)
    if begun:
        log.info("silence_begun", silence=number, hushed=suppress.hush_all(matchers, now))


def _begins(row: SilenceRow, now: datetime) -> bool:
    if row.ended_at is not None or row.begun_at is not None or row.starts_at > now:
        return False
    row.begun_at = now
    return True


def _next_span(session: Session, row: SilenceRow, now: datetime) -> None:
    """A window waits for its next time; what has none is over."""
    if not row.rule:
        _over(session, row, now, "")
        return
    length = timedelta(seconds=row.seconds)
    start = datetime.fromisoformat(row.wall_start)
    found = recurrence.spans(row.rule, start, length, ZoneInfo(row.timezone), now)
    if not found:
        _over(session, row, now, "")
        return
    (row.starts_at, row.ends_at), row.spans, row.begun_at = found[0], _kept(found), None
    session.flush()
    silences.bump(session, now)
    silences.release(session, now)


def _kept(spans: Sequence[Span]) -> list[list[int]]:
    return [[micros(starts), micros(ends)] for starts, ends in spans]


def _speak(session: Session, row: SilenceRow, now: datetime, *, over: bool) -> None:
    """A word to its author, as an alert of our own that goes to nobody else; and the end of it."""
    book, directory = world().shelf.book, world().roll.current(session)
    rank = silences.most_urgent_held(session, f"{row.kind}:{row.id}")
    urgency = Urgency.FAST if rank is not None and rank <= Urgency.FAST.rank else Urgency.ORDINARY
    if not over and row.author_email not in directory.people:
        log.info("silence_author_unknown", silence=row.id)
        return
    alerts, incidents = silences.counts(session, [row.id]).get(row.id, (0, 0))
    title = f"Silence {row.id} ends soon: {row.reason[:200]}"
    reason = f"It ends at {row.ends_at.isoformat()} and has hidden {alerts} alerts of {incidents} incidents. "
    reason += "What still fires then is told."
    alert = silence_ends_alert(row.id, title, reason, now, over=over)
    kind, step = book.classes[urgency], Step((f"person:{row.author_email}",), ASKED_ONLY)
    route = Route(
        "the end of a silence", urgency, "its author", ("fingerprint",), (step,), 0, kind.channels, kind.fallback,
        kind.acknowledge_within, (), book.version,
    )  # fmt: skip
    post = given_route(Post(OWN_SOURCE, OWN_NAME, title.encode(), now, (alert,)), route, book)
    intake.receive(session, [post], book, directory, now)


def in_force(row: SilenceRow, now: datetime) -> bool:
    spans = tuple((moment(starts), moment(ends)) for starts, ends in row.spans)
    held = Silence(row.id, Suppressor(row.kind), (), spans)
    return row.ended_at is None and holds_until(held, now) is not None


def state(row: SilenceRow, now: datetime) -> str:
    """As Alertmanager calls it: pending, active, expired."""
    if row.ended_at is not None or (not row.rule and row.ends_at <= now):
        return "expired"
    return "active" if in_force(row, now) else "pending"


def coming(row: SilenceRow, now: datetime, limit: int = 10) -> list[Span]:
    """The present span and the next ones."""
    spans = [(moment(starts), moment(ends)) for starts, ends in row.spans]
    return [span for span in spans if span[1] > now][:limit] if row.ended_at is None else []
