"""What keeps quiet: asked for each alert that begins to fire, and before the clock tells anybody the next step."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from gateway import actions
from gateway.changes import Changes
from gateway.flows.own_alerts import is_never_quiet
from gateway.store import cases, silences, suppressed
from gateway.store.cases import Case
from gateway.store.db import reading, transaction
from gateway.store.silences import Hidden
from gateway.store.suppressed import Member
from gateway.world import world
from rules import suppress
from rules.lifecycle import Given, Reason, Signal
from rules.matchers import Matcher, seen_labels
from rules.words import Alert, Directory, Kind, Severity, Suppression, Ticket


class Quiet:
    """What keeps quiet within one transaction of intake."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.silences = changes.directory.silences
        self.hidden: list[Hidden] = []

    def verdict(self, source_id: int, alert: Alert) -> Suppression | None:
        if not self.silences or is_never_quiet(source_id, alert):
            return None
        return suppress.verdict(seen_labels(alert), self.silences, self.changes.now)

    def note(self, by: Suppression | None, case: Case, source_id: int, alert: Alert) -> None:
        if by is not None:
            self.hidden.append(Hidden(by, source_id, alert.fingerprint, case.id, alert.title))

    def write(self) -> None:
        if self.hidden:
            silences.note_hidden(self.changes.session, self.hidden, self.changes.now)


def step(incident_id: int, now: datetime) -> Reason | None:
    """The next step of the ladder, unless something keeps it quiet: then that stands on the timeline instead."""
    with transaction() as session:
        directory = world().roll.current(session)
        if directory.silences and (reason := hush_in(session, incident_id, directory, now)) is not None:
            return reason
        return actions.act_in(session, incident_id, Signal.TIMER, actions.CLOCK, now)


def hush_in(session: Session, incident_id: int, directory: Directory, now: datetime) -> Reason | None:
    """Within the caller's transaction: it is suppressed, if all that fires of it is. None if it is not."""
    case = cases.load(session, [incident_id]).get(incident_id)
    members = suppressed.firing(session, incident_id) if case is not None and case.open else []
    verdicts = [_verdict(one, directory, now) for one in members]
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


def hush_all(match: Sequence[Matcher], now: datetime) -> int:
    """A silence has begun: what is told of now, and is all hidden by it or others, is told of no more."""
    with reading() as session:
        members = suppressed.told_now(session)
    wanted = {one.incident_id for one in members if all(matcher.matches(_labels(one)) for matcher in match)}
    done = 0
    for incident_id in sorted(wanted):
        with transaction() as session:
            directory = world().roll.current(session)
            done += hush_in(session, incident_id, directory, now) is not None
    return done


def _verdict(one: Member, directory: Directory, now: datetime) -> Suppression | None:
    alert = _alert(one)
    if is_never_quiet(one.source_id, alert):
        return None
    return suppress.verdict(seen_labels(alert), directory.silences, now)


def _labels(one: Member) -> dict[str, str]:
    return seen_labels(_alert(one))


def _alert(one: Member) -> Alert:
    """The alert as matchers see it, from what is kept of it."""
    said = msgspec.json.decode(one.ticket) if one.ticket else {}
    ticket = None
    if one.kind == Kind.TICKET:
        ticket = Ticket(one.fingerprint, str(said.get("event", "")), str(said.get("priority", "")))
    return Alert(
        one.source, one.fingerprint, True, one.title, Severity(one.severity), one.starts_at,  # noqa: FBT003 - firing
        labels=msgspec.json.decode(one.labels), kind=Kind(one.kind), ticket=ticket,
    )  # fmt: skip
