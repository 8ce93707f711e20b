"""Who stands in for whom: overrides made and taken back, swaps asked for, answered, told, and too late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.flows import swap_news
from gateway.flows.apart import apart
from gateway.store.db import reading, transaction
from gateway.store.directory import people, shifts
from gateway.store.outgoing import notices
from gateway.store.tables import OverrideRow, SwapRow
from gateway.store.types import micros
from gateway.store.upkeep import audit
from gateway.world import world
from rules.duty.oncall import is_whole_of, shifts_of
from rules.schedules import Schedule
from rules.texts.text import one_line
from rules.words import Directory, Role

Span = tuple[datetime, datetime]
LONGEST = timedelta(days=92)
HEARD = timedelta(hours=1)  # for so long an answer is news
AGAIN = timedelta(minutes=1)  # after one that failed
MOST_AWAY = 60  # shifts
# What is wrong, as sentences that pages can translate.
NO_SCHEDULE = "There is no such schedule."
NO_PERSON = "There is no such person, or it is a viewer: viewers are never paged."
NO_TIME = "The end must lie after the beginning, and after now."
TOO_LONG = "An override lasts 92 days at most: change the rotation instead."
TOO_MANY = "There are too many overrides already."
NOT_YOURS = "You are not on call for the whole of this time: give away only your own shifts, or take somebody else's."
NOT_THEIRS = "They are not on call for the whole of that time: the schedule may have changed."
NOBODY_ELSE = "Ask somebody else than yourself."
NO_SHIFT = "You have no shift in that time."
ANSWERED = "It has been answered already, or it is too late."


class Wrong(ValueError):
    """It cannot be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """This person on call from then to then."""

    schedule: str
    who: str
    starts: datetime
    ends: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AskedSwap:
    """`who` instead of the asker then; and the asker instead of them at the other time, if there is one."""

    schedule: str
    asker: str
    who: str
    gives: Span
    takes: Span | None = None
    reason: str = ""


def add(session: Session, asked: Asked, actor: Actor, now: datetime, *, own: str = "", swap: int = 0) -> OverrideRow:
    """In the caller's transaction. `own`: whose own shifts only may be given away or taken. Raises Wrong."""
    directory = world().roll.current(session)
    schedule, who = _schedule(directory, asked.schedule), _person(directory, asked.who)
    starts = max(asked.starts, now)
    if asked.ends <= starts:
        raise Wrong(NO_TIME)
    if asked.ends - starts > LONGEST:
        raise Wrong(TOO_LONG)
    if own and who != own and not is_whole_of(schedule, own, starts, asked.ends):
        raise Wrong(NOT_YOURS)
    if shifts.count(session, now) >= shifts.KEPT:
        raise Wrong(TOO_MANY)
    row = OverrideRow(
        schedule_id=schedule.id, email=who, starts_at=starts, ends_at=asked.ends, reason=one_line(asked.reason)[:200],
        author=actor.account or actor.name, created_at=now, swap_id=swap or None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    people.bump(session, now)
    if not swap and who != actor.account:
        _tell(session, row, schedule, directory.people[who].id, actor, now)
    said = {"who": who, "from": starts.isoformat(), "to": asked.ends.isoformat(), "reason": row.reason}
    audit.note(session, now, row.author, "override add", f"schedule {schedule.name}", actor.how, **said, number=row.id)
    return row


def _tell(session: Session, row: OverrideRow, schedule: Schedule, who: int, actor: Actor, now: datetime) -> None:
    """Nobody is put on call without hearing of it."""
    detail = {"schedule": schedule.name, "by": actor.name, "reason": row.reason}
    detail |= {"from": str(micros(row.starts_at)), "to": str(micros(row.ends_at))}
    notices.tell(session, who, f"override:{row.id}", "duty", detail, now)


def remove(session: Session, number: int, actor: Actor, now: datetime, *, own: str = "") -> OverrideRow | None:
    """In the caller's transaction: over from now on. One that has ended stays as it is. Raises Wrong."""
    row = shifts.override(session, number)
    if row is None or row.removed_at is not None or row.ends_at <= now:
        return row
    if own and not is_own(row, own):
        raise Wrong(NOT_YOURS)
    row.removed_at, row.ends_at = now, max(now, row.starts_at)
    session.flush()
    people.bump(session, now)
    actor_name = actor.account or actor.name
    audit.note(session, now, actor_name, "override remove", f"override {number}", actor.how, who=row.email)
    return row


def is_own(row: OverrideRow, email: str) -> bool:
    """Whether this person may take it back: theirs alone, and no half of a swap."""
    return row.author == email and row.swap_id is None


def ask(session: Session, asked: AskedSwap, actor: Actor, now: datetime) -> SwapRow:
    """In the caller's transaction; whoever is asked is told. Raises Wrong."""
    directory = world().roll.current(session)
    schedule, who = _schedule(directory, asked.schedule), _person(directory, asked.who)
    gives, takes = _ahead(asked.gives, now), _ahead(asked.takes, now) if asked.takes else None
    if who == asked.asker:
        raise Wrong(NOBODY_ELSE)
    _check_whose(schedule, asked.asker, gives, who, takes)
    row = SwapRow(
        schedule_id=schedule.id, asker=asked.asker, asked=who, gives_from=gives[0], gives_to=gives[1],
        takes_from=takes[0] if takes else None, takes_to=takes[1] if takes else None,
        reason=one_line(asked.reason)[:200], state=shifts.REQUESTED, created_at=now, next_at=gives[1],
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, row, actor, "swap ask", now)
    swap_news.speak(session, row, directory, now)
    return row


def away(session: Session, span: Span, who: str, reason: str, actor: Actor, now: datetime) -> list[SwapRow]:
    """In the caller's transaction: for each shift of the actor's own in that time `who` is asked. Raises Wrong."""
    begin, end = max(span[0], now), span[1]
    if not begin < end <= begin + LONGEST:
        raise Wrong(NO_TIME if begin >= end else TOO_LONG)
    found = [
        (one.name, (shift.starts, shift.ends))
        for one in world().roll.current(session).schedules.values()
        for shift in shifts_of(one, actor.account, begin, end)
    ]
    if not found:
        raise Wrong(NO_SHIFT)
    asked = [AskedSwap(name, actor.account, who.lower(), part, None, reason) for name, part in found[:MOST_AWAY]]
    return [ask(session, one, actor, now) for one in asked]


def answer(session: Session, number: int, actor: Actor, now: datetime, *, accept: bool) -> SwapRow | None:
    """In the caller's transaction, by who was asked; None if nothing was asked of them. Raises Wrong."""
    row = shifts.swap(session, number)
    if row is None or row.asked != actor.account:
        return None
    _still_open(row, now)
    directory = world().roll.current(session)
    if accept:
        _exchange(session, row, directory, actor, now)
    _close(session, row, shifts.ACCEPTED if accept else shifts.DECLINED, directory, now)
    _note(session, row, actor, "swap accept" if accept else "swap decline", now)
    return row


def withdraw(session: Session, number: int, actor: Actor, now: datetime) -> SwapRow | None:
    """In the caller's transaction, by who asked. Raises Wrong."""
    row = shifts.swap(session, number)
    if row is None or row.asker != actor.account:
        return None
    _still_open(row, now)
    _close(session, row, shifts.WITHDRAWN, world().roll.current(session), now)
    _note(session, row, actor, "swap withdraw", now)
    return row


def turn_due(now: datetime) -> None:
    """What nobody answered in time is over, and so is the news of an answer."""
    with reading() as session:
        due = shifts.due(session, now)
    for number in due:
        apart("swaps", partial(_turn, number, now), partial(_put_off, number, now), swap=number)


def _turn(number: int, now: datetime) -> None:
    with transaction() as session:
        row = shifts.swap(session, number)
        if row is None or row.next_at is None or row.next_at > now:
            return  # another worker was quicker
        directory = world().roll.current(session)
        if row.state == shifts.REQUESTED:
            _close(session, row, shifts.EXPIRED, directory, now)
        else:
            row.next_at = None
            swap_news.end(session, row, directory, now)


def _put_off(number: int, now: datetime) -> None:
    with transaction() as session:
        shifts.put_off(session, number, now, now + AGAIN)


def _exchange(session: Session, row: SwapRow, directory: Directory, actor: Actor, now: datetime) -> None:
    schedule = next((one for one in directory.schedules.values() if one.id == row.schedule_id), None)
    if schedule is None:
        raise Wrong(NO_SCHEDULE)
    gives = _ahead((row.gives_from, row.gives_to), now)
    takes = _ahead((row.takes_from, row.takes_to), now) if row.takes_from and row.takes_to else None
    _check_whose(schedule, row.asker, gives, row.asked, takes)
    add(session, Asked(schedule.name, row.asked, *gives, row.reason), actor, now, swap=row.id)
    if takes:
        add(session, Asked(schedule.name, row.asker, *takes, row.reason), actor, now, swap=row.id)


def _check_whose(schedule: Schedule, asker: str, gives: Span, asked: str, takes: Span | None) -> None:
    if gives[1] - gives[0] > LONGEST or (takes and takes[1] - takes[0] > LONGEST):
        raise Wrong(TOO_LONG)
    if not is_whole_of(schedule, asker, *gives):
        raise Wrong(NOT_YOURS)
    if takes and not is_whole_of(schedule, asked, *takes):
        raise Wrong(NOT_THEIRS)


def _ahead(span: Span, now: datetime) -> Span:
    starts = max(span[0], now)
    if span[1] <= starts:
        raise Wrong(NO_TIME)
    return starts, span[1]


def _still_open(row: SwapRow, now: datetime) -> None:
    if row.state != shifts.REQUESTED or row.gives_to <= now:
        raise Wrong(ANSWERED)


def _close(session: Session, row: SwapRow, state: str, directory: Directory, now: datetime) -> None:
    row.state, row.answered_at = state, now
    row.next_at = now + HEARD if state in (shifts.ACCEPTED, shifts.DECLINED, shifts.EXPIRED) else None
    session.flush()
    swap_news.speak(session, row, directory, now)


def _note(session: Session, row: SwapRow, actor: Actor, what: str, now: datetime) -> None:
    said = {"asker": row.asker, "asked": row.asked, "from": row.gives_from.isoformat(), "to": row.gives_to.isoformat()}
    audit.note(session, now, actor.account or actor.name, what, f"swap {row.id}", actor.how, **said)


def _schedule(directory: Directory, name: str) -> Schedule:
    schedule = directory.schedules.get(name)
    if schedule is None:
        raise Wrong(NO_SCHEDULE)
    return schedule


def _person(directory: Directory, email: str) -> str:
    person = directory.people.get(email.strip().lower())
    if person is None or person.role is Role.VIEWER:
        raise Wrong(NO_PERSON)
    return person.email
