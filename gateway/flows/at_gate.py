"""A call that waits at its gate: until a later moment, or while its source says that nothing of it fires."""

from datetime import datetime

from sqlalchemy.orm import Session

from gateway import actions
from gateway.store.incidents import timeline
from gateway.store.outgoing import dialling, outbox
from gateway.store.outgoing.outbox import Leased
from rules.telling.retry import fallback_at
from rules.telling.voice import LOOK_AGAIN
from rules.words import Urgency

GONE = "gone at the source"  # why a call is not made, on the timeline


def put_off(session: Session, one: Leased, until: datetime) -> None:
    later = fallback_at(Urgency.EMERGENCY, until) if one.part in ("primary", outbox.LATER) else None
    dialling.put_off(session, one, until, later)


def wait(session: Session, one: Leased, now: datetime) -> None:
    """Its source says that nothing of it fires, and it flaps: a moment later it may. That is said once."""
    if not waits_for_its_source(session, one):
        detail = {"why": GONE, "who": one.who, "name": one.name, "level": one.level, "problem": ""}
        timeline.write(session, [timeline.line(one.incident_id, now, "voice gate", actions.CLOCK.name, detail)])
    put_off(session, one, now + LOOK_AGAIN)


def waits_for_its_source(session: Session, one: Leased) -> bool:
    said = timeline.last(session, one.incident_id, "voice gate")
    return said is not None and (said.get("why"), said.get("who"), said.get("level")) == (GONE, one.who, one.level)
