"""Whether what fires of an incident is all hidden, by silences, windows or something bigger, and so told to nobody."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import actions
from gateway.flows.own_alerts import is_never_quiet
from gateway.store.incidents import cases
from gateway.store.quiet import inhibitors, silences, suppressed
from gateway.store.quiet.silences import Hidden
from gateway.store.quiet.suppressed import Member, alert_of, labels_of
from gateway.world import world
from rules.lifecycle import Given, Reason, Signal
from rules.matchers import seen_labels
from rules.telling import inhibition, suppress
from rules.words import Directory, Kind, Suppression, Suppressor

ASK_AGAIN = timedelta(days=1)


def hush_in(session: Session, incident_id: int, directory: Directory, now: datetime) -> Reason | None:
    """Within the caller's transaction: it is suppressed, if all that fires of it is. None if it is not."""
    return Reason.SUPPRESSED if hush_on(session, [incident_id], directory, now) else None


def hush_each(session: Session, incident_ids: Iterable[int], now: datetime) -> None:
    """The same of several that have begun to call by no alert of theirs, if there is anything that keeps quiet."""
    directory = world().roll.current(session)
    if directory.silences or world().shelf.book.inhibitions:
        hush_on(session, incident_ids, directory, now)


def hush_on(session: Session, incident_ids: Iterable[int], directory: Directory, now: datetime) -> list[int]:
    """The same of several at once, however many: those of them that are quiet from now on."""
    going_on = [case.id for case in cases.load(session, incident_ids).values() if case.open]
    members = suppressed.firing(session, going_on) if going_on else []
    verdicts = verdicts_of(session, members, directory, now)
    quiet, by = list[int](), dict[Suppression, list[int]]()
    for number, found in hidden_whole(members, verdicts).items():
        by.setdefault(found, []).append(number)
    for found, numbers in by.items():
        reasons = actions.act_on(session, numbers, Signal.SUPPRESS, actions.CLOCK, now, Given(suppression=found))
        quiet += [number for number, reason in reasons.items() if reason is Reason.SUPPRESSED]
    noted = set(quiet)
    hidden = [
        Hidden(found, one.source_id, one.fingerprint, one.incident_id, one.title)
        for one, found in zip(members, verdicts, strict=True)
        if found is not None and one.incident_id in noted
    ]
    silences.note_hidden(session, hidden, now)
    return quiet


def hidden_whole(members: Iterable[Member], verdicts: Iterable[Suppression | None]) -> dict[int, Suppression]:
    """The incidents of which nothing is told, and why; given by all that fires of them."""
    each = dict[int, list[Suppression | None]]()
    for one, verdict in zip(members, verdicts, strict=True):
        each.setdefault(one.incident_id, []).append(verdict)
    found = ((number, suppress.together(some)) for number, some in each.items())
    return {number: by for number, by in found if by is not None}


def verdicts_of(
    session: Session, members: Sequence[Member], directory: Directory, now: datetime, *, answered: bool = False
) -> list[Suppression | None]:
    """A silence, or something bigger, for each; there is no end to know of the latter: it is asked again in a day."""
    asked = [_keys_of(one) for one in members]
    keys = {key for some in asked for key in some}
    active = inhibitors.active(session, keys, answered=answered) if keys else {}
    found: list[Suppression | None] = []
    for one, some in zip(members, asked, strict=True):
        bigger = [active[key] for key in some if key in active]
        others = [number for number in bigger if number != one.incident_id]
        by = silenced(one, directory, now)
        if by is None and others:
            by = Suppression(Suppressor.INHIBITION, others[0], now + ASK_AGAIN)
        found.append(by)
    return found


def _keys_of(one: Member) -> list[str]:
    """The keys under which something bigger would hide it."""
    if one.kind != Kind.ALERT or is_never_quiet(one.source_id, alert_of(one)):
        return []
    return list(inhibition.targets(world().shelf.book.inhibitions, labels_of(one)))


def silenced(one: Member, directory: Directory, now: datetime) -> Suppression | None:
    """By a silence or a window, at this moment."""
    alert = alert_of(one)
    if is_never_quiet(one.source_id, alert):
        return None
    return suppress.verdict(seen_labels(alert), directory.silences, one.urgency, now)
