"""Silences and maintenance windows as people and programs make, change and end them; the clock's part is in flows/."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.flows.own_alerts import is_never_quiet
from gateway.store.quiet import silences, suppressed
from gateway.store.quiet.suppressed import Member, alert_of
from gateway.store.tables import SilenceRow
from gateway.store.types import micros, moment
from gateway.store.upkeep import audit
from gateway.telling import silence_news
from gateway.world import world
from rules.matchers import Matcher, seen_labels
from rules.telling.suppress import LONGEST, Wrong, check, holds_until, read_matchers
from rules.texts.text import one_line
from rules.times import recurrence
from rules.words import Role, Silence, Suppressor, Urgency

Span = tuple[datetime, datetime]
WEEK = timedelta(days=7)
PLANNERS = (Role.DISPATCHER, Role.ADMIN)  # who may plan windows, and change what others have made
LONGER = timedelta(hours=1)  # by one press
LONG = timedelta(days=1)  # a silence that lasts longer is for administrators
MOST = 5000  # alerts that are looked at before somebody silences them


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for."""

    matchers: tuple[Matcher, ...]
    reason: str
    spans: tuple[Span, ...]
    confirmed: str = ""
    spares: bool = False  # emergencies page all the same
    author: str = ""  # an e-mail address of somebody here, or a name; else whoever asks
    rule: str = ""
    wall_start: str = ""
    timezone: str = ""
    length: timedelta = timedelta()


def silence(
    matchers: Sequence[str], starts: datetime, ends: datetime, reason: str, *, spares: bool = True, **more: Any
) -> Wanted:
    """A silence; raises Wrong where a matcher cannot be read."""
    made = Wanted(read_matchers(matchers), one_line(reason), ((starts, ends),), length=ends - starts, **more)
    return replace(made, spares=spares)


def window(matchers: Sequence[str], start: str, length: timedelta, zone: str, now: datetime, **more: Any) -> Wanted:
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
        page_emergencies=wanted.spares,
        author=known.name if known else (one_line(wanted.author) or actor.name)[:100],
        author_email=known.email if known else "", created_at=now, starts_at=starts, ends_at=ends,
        spans=kept(wanted.spans), rule=wanted.rule, wall_start=wanted.wall_start, timezone=wanted.timezone,
        seconds=int(wanted.length.total_seconds()), reminded=False, ended_by="", next_at=starts,
    )  # fmt: skip
    silences.add(session, row, now)
    said: dict[str, Any] = {"matchers": row.matchers, "reason": row.reason, "until": ends.isoformat()}
    said["name"] = actor.name
    said |= {"page_emergencies": row.page_emergencies} if kind is Suppressor.SILENCE else {}
    audit.note(session, now, actor.account or actor.name, f"{kind} add", f"{kind} {row.id}", actor.how, **said)
    return row


def end(session: Session, kind: Suppressor, number: int, actor: Actor, now: datetime) -> SilenceRow | None:
    """In the caller's transaction: over from now on, a window for good. Ended already, it stays as it is."""
    row = silences.find(session, number, kind)
    if row is None or row.ended_at is not None:
        return row
    over(session, row, now, actor.name)
    audit.note(session, now, actor.account or actor.name, f"{kind} end", f"{kind} {number}", actor.how, name=actor.name)
    return row


def extend(session: Session, number: int, more: timedelta, actor: Actor, now: datetime) -> SilenceRow | None:
    """In the caller's transaction: a silence lasts longer. None if there is no such one; raises Wrong."""
    row = silences.find(session, number, Suppressor.SILENCE)
    if row is None:
        return None
    ends = row.ends_at + more
    if row.ended_at is not None or row.ends_at <= now:
        raise Wrong("it is over already: make a new one")
    if ends - row.starts_at > LONGEST:
        raise Wrong(f"it must not last longer than {LONGEST.days} days")
    row.ends_at, row.spans, row.seconds = (
        ends,
        kept([(row.starts_at, ends)]),
        int((ends - row.starts_at).total_seconds()),
    )
    row.next_at = now if row.begun_at is not None else row.next_at
    session.flush()
    silences.bump(session, now)
    said = {"until": ends.isoformat(), "name": actor.name}
    audit.note(session, now, actor.account or actor.name, "silence extend", f"silence {number}", actor.how, **said)
    return row


def over(session: Session, row: SilenceRow, now: datetime, by: str) -> None:
    silence_news.ended(session, row, by, now)
    row.ended_at, row.ended_by, row.next_at = now, by, None
    row.ends_at = min(row.ends_at, max(now, row.starts_at))
    session.flush()
    silences.bump(session, now)
    silences.ended(session, row.id, now)


def may_change(row: SilenceRow, email: str, role: Role) -> bool:
    """Whoever plans may change all of them; a responder their own silences."""
    own = row.kind == Suppressor.SILENCE and row.author_email == email
    return role in PLANNERS or (role is Role.RESPONDER and own)


def kept(spans: Sequence[Span]) -> list[list[int]]:
    return [[micros(starts), micros(ends)] for starts, ends in spans]


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


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What matchers would keep quiet: now, and of what came within the last week."""

    firing: int
    incidents: int
    week: int
    emergencies: int  # incidents of that week; page all the same, if they are spared
    capped: bool  # more was there than was looked at


def foresee(session: Session, matchers: Sequence[Matcher], now: datetime, *, spares: bool = False) -> Foreseen:
    firing = suppressed.newest_firing(session, MOST)
    came = suppressed.came(session, now - WEEK, MOST)
    mine, past = ([one for one in some if _hides(matchers, one)] for some in (firing, came))
    loud = {one.incident_id for one in past if one.urgency is Urgency.EMERGENCY}
    if spares:
        mine, past = ([one for one in some if one.urgency is not Urgency.EMERGENCY] for some in (mine, past))
    capped = max(len(firing), len(came)) >= MOST
    return Foreseen(len(mine), len({one.incident_id for one in mine}), len(past), len(loud), capped)


def matching_nothing(session: Session, rows: Sequence[SilenceRow]) -> set[int]:
    """Those of them that no firing alert matches."""
    firing = suppressed.newest_firing(session, MOST)
    seen = [seen_labels(alert_of(one)) for one in firing]
    asked = [(row.id, read_matchers(row.matchers)) for row in rows]
    return {number for number, matchers in asked if not any(_matches(matchers, labels) for labels in seen)}


def _hides(matchers: Sequence[Matcher], one: Member) -> bool:
    alert = alert_of(one)
    return not is_never_quiet(one.source_id, alert) and _matches(matchers, seen_labels(alert))


def _matches(matchers: Sequence[Matcher], labels: dict[str, str]) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)
