"""An act that comes a while after a person wanted it: it is not for what has come back, or grown worse, since."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import actions
from gateway.actions import Actor
from gateway.store.db import transaction
from gateway.store.incidents import cases, timeline
from rules.lifecycle import NOTHING, Given, Reason, Signal

ANEW = ("reopened", "raised", "urgency", "woken", "acknowledgement over")  # lines of a timeline
LONGEST = timedelta(days=30)  # older than that nothing is kept anywhere
DIGITS = 15


def overtaken(session: Session, ids: Sequence[int], seen: datetime) -> set[int]:
    """Which of these incidents are no longer what somebody saw then; all of them are locked from now on."""
    cases.load(session, ids)
    return timeline.with_lines(session, ids, ANEW, seen)


def act(
    incident_id: int, signal: Signal, actor: Actor, seen: datetime | None, now: datetime, given: Given = NOTHING
) -> Reason | None:
    """As actions.act, by whoever saw the incident as it was then; None: as it is now.

    Raises NotPossible where it is not so any more.
    """
    if seen is None:
        return actions.act(incident_id, signal, actor, now, given)
    with transaction() as session:
        if overtaken(session, [incident_id], seen):
            raise actions.NotPossible("it has come back, or has grown worse, since that was asked for")
        return actions.act_in(session, incident_id, signal, actor, now, given)


def seen_at(waited_ms: str, seen_ms: str, now: datetime) -> datetime | None:
    """When whoever sent a form that had to wait saw what it is about; None: it did not wait.

    `waited_ms`: milliseconds since they sent it, empty if it did not wait. `seen_ms`: when the page was drawn or last
    heard of us, by our clock, if it says so.
    """
    waited, seen = _number(waited_ms), _number(seen_ms)
    if waited is None:
        return None
    age = waited if seen is None else max(waited, int(now.timestamp() * 1000) - seen)
    return now - min(timedelta(milliseconds=age), LONGEST)


def _number(text: str) -> int | None:
    return int(text[:DIGITS]) if text.isascii() and text.isdigit() else None
