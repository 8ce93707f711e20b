"""What somebody at a sender said of an alert: the incident it fires in is acknowledged, or a note is written to it."""

from gateway.actions import Actor, carry_out
from gateway.changes import Changes
from gateway.flows.hearing import remember_words
from gateway.store.incidents.alerts import Known, Ready
from gateway.store.incidents.cases import Case
from gateway.store.senders import heard
from rules.identity import fingerprint
from rules.lifecycle import Signal
from rules.phases import decide
from rules.said import Said, Saying
from rules.words import Status


def count(known: Known, ready: Ready) -> None:
    """It was heard, and is counted. Words it has only for an alert that is not known yet: of others they stay."""
    known.seen, known.dirty = known.seen + 1, True
    if known.id is None and known.words is None:
        remember_words(known, ready, known.word_at)


def hear(changes: Changes, case: Case, known: Known, ready: Ready, source: str) -> None:
    """The whole incident is acknowledged though others may fire in it, as when a person answers: that is one answer.

    It is not by an alert that does not fire, or is only attached to something bigger, nor once more.
    """
    said = ready.alert.said
    assert said is not None
    who = Actor(said.who or source, "source", why=source)
    concerns = said.what is Saying.ACKNOWLEDGED and known.firing and not known.attached
    if concerns and case.state.status is Status.TRIGGERED:
        carry_out(changes, case, decide(case.state, Signal.ACKNOWLEDGE, case.route, changes.now), who)
    if said.text and not _heard_before(changes, case, known, said):
        changes.line(case, "note", who.name, {"text": said.text, "how": who.how, "why": source})


def _heard_before(changes: Changes, case: Case, known: Known, said: Said) -> bool:
    if not said.id:
        return False
    said_here = {"source": str(known.source_id), "alert": known.fingerprint, "said": said.id, "incident": str(case.id)}
    key = fingerprint(said_here)
    return not heard.first_time(changes.session, f"said:{key}", changes.now)
