"""Silences and windows as they stood before a person's last act on one: made, ended, or made longer."""

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.acts.silencing import over
from gateway.store.quiet import silence_undos, silences
from gateway.store.quiet.silence_undos import MADE, Did, Stood
from gateway.store.tables import SilenceRow
from gateway.store.types import moment
from gateway.store.upkeep import audit
from rules.telling.undoing import WITHIN
from rules.words import Suppressor


def offered(session: Session, person_id: int, number: int, kind: Suppressor, now: datetime) -> Did | None:
    """What this person did last to just this one, if it can still be taken back."""
    did = silence_undos.remembered(session, person_id, now - WITHIN)
    mine = did is not None and (did.number, did.kind) == (number, kind.value)
    row = silences.find(session, number, kind) if mine else None
    return did if row is not None and did is not None and _may(did, row, now) else None


def take_back(session: Session, number: int, kind: Suppressor, actor: Actor, now: datetime) -> Did | None:
    """In the caller's transaction. None if somebody, or the clock, has done something with it since."""
    did = offered(session, actor.person_id or 0, number, kind, now)
    row = silences.find(session, number, kind)
    if did is None or row is None:
        return None
    if did.act == MADE:
        over(session, row, now, actor.name)
    else:
        _as_before(session, row, did.before, now)
    silence_undos.forget(session, actor.person_id or 0)
    audit.note(session, now, actor.account or actor.name, f"{kind} undo", f"{kind} {number}", actor.how, act=did.act)
    return did


def _may(did: Did, row: SilenceRow, now: datetime) -> bool:
    lasts = moment(did.before.ends_at) > now
    return Stood.of(row) == did.after and (did.act == MADE or lasts)


def _as_before(session: Session, row: SilenceRow, before: Stood, now: datetime) -> None:
    """The clock looks at it at once: what it hid is hidden again."""
    row.ends_at, row.spans, row.seconds = moment(before.ends_at), before.spans, before.seconds
    if row.ended_at is not None:
        row.ended_at, row.ended_by, row.begun_at = None, "", None
    row.next_at = max(now, row.starts_at)
    session.flush()
    silences.bump(session, now)
