"""Whether what fires of an incident is all hidden, by silences, windows or something bigger, and so told to nobody."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import actions
from gateway.flows.own_alerts import is_never_quiet
from gateway.store import cases, inhibitors, silences, suppressed
from gateway.store.silences import Hidden
from gateway.store.suppressed import Member, alert_of, labels_of
from gateway.world import world
from rules import inhibition, suppress
from rules.lifecycle import Given, Reason, Signal
from rules.matchers import seen_labels
from rules.words import Directory, Kind, Suppression, Suppressor

ASK_AGAIN = timedelta(days=1)


def hush_in(session: Session, incident_id: int, directory: Directory, now: datetime) -> Reason | None:
    """Within the caller's transaction: it is suppressed, if all that fires of it is. None if it is not."""
    case = cases.load(session, [incident_id]).get(incident_id)
    members = suppressed.firing(session, incident_id) if case is not None and case.open else []
    verdicts = verdicts_of(session, members, directory, now)
    by = suppress.together(verdicts)
    if by is None:
        return None
    given = Given(suppression=by)
    reason = actions.act_in(session, incident_id, Signal.SUPPRESS, actions.CLOCK, now, given)
    if reason is not Reason.SUPPRESSED:
        return None
    hidden = [
        Hidden(found, one.source_id, one.fingerprint, incident_id, one.title)
        for one, found in zip(members, verdicts, strict=True)
        if found is not None
    ]
    silences.note_hidden(session, hidden, now)
    return reason


def hush_each(session: Session, incident_ids: Iterable[int], now: datetime) -> None:
    """The same of several that have begun to call by no alert of theirs, if there is anything that keeps quiet."""
    directory = world().roll.current(session)
    if directory.silences or world().shelf.book.inhibitions:
        for number in incident_ids:
            hush_in(session, number, directory, now)


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
        by = _verdict(one, directory, now)
        if by is None and others:
            by = Suppression(Suppressor.INHIBITION, others[0], now + ASK_AGAIN)
        found.append(by)
    return found


def _keys_of(one: Member) -> list[str]:
    """The keys under which something bigger would hide it."""
    if one.kind != Kind.ALERT or is_never_quiet(one.source_id, alert_of(one)):
        return []
    return list(inhibition.targets(world().shelf.book.inhibitions, labels_of(one)))


def _verdict(one: Member, directory: Directory, now: datetime) -> Suppression | None:
    alert = alert_of(one)
    if is_never_quiet(one.source_id, alert):
        return None
    return suppress.verdict(seen_labels(alert), directory.silences, one.urgency, now)
