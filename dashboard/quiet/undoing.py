"""What was just done to a silence or a window is taken back."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from dashboard.blueprint import bp
from dashboard.page import reader_of
from dashboard.takeback import ARG, actor_of
from gateway.access.auth import ACTORS, Visit, require
from gateway.acts import silence_undo
from gateway.store.db import db, transaction
from gateway.store.quiet import silence_undos
from gateway.store.quiet.silence_undos import Did, Stood
from gateway.store.tables import SilenceRow
from rules.words import Suppressor

OFFERED = "silence"  # in an address: what was done to it can be taken back


def place(number: int, kind: Suppressor) -> str:
    """Its page, with the offer."""
    if kind is Suppressor.SILENCE:
        return url_for("dashboard.silence", number=number, undo=OFFERED)
    return url_for("dashboard.window", planned=number, undo=OFFERED)


def keep(session: Session, visit: Visit, row: SilenceRow | None, act: str, before: Stood) -> int:
    """In the transaction that did it. Returns its number."""
    if row is None:
        abort(404)
    did = Did(row.id, row.kind, act, before, Stood.of(row))
    silence_undos.remember(session, visit.person.person_id, did, visit.now)
    return row.id


def offer(visit: Visit, row: SilenceRow, kind: Suppressor) -> str:
    """The word about what one did to it last, for as long as that can be taken back; else nothing."""
    if request.args.get(ARG) != OFFERED:
        return ""
    _ = reader_of(visit).say
    did = silence_undo.offered(db.session(), visit.person.person_id, row.id, kind, visit.now)
    begun = row.starts_at <= visit.now
    said = {
        silence_undos.MADE: _("From now on nobody is told of it.") if begun else _("It is planned."),
        silence_undos.ENDED: _("It is over. What still fires is told."),
        silence_undos.LONGER: _("It lasts an hour longer."),
    }
    return said[did.act] if did else ""


@bp.post("/silences/<int(max=2147483647):number>/undo")
@require(*ACTORS)
def undo_silence(visit: Visit, number: int) -> ResponseReturnValue:
    return _undo(visit, number, Suppressor.SILENCE)


@bp.post("/maintenance/<int(max=2147483647):number>/undo")
@require(*ACTORS)
def undo_window(visit: Visit, number: int) -> ResponseReturnValue:
    return _undo(visit, number, Suppressor.MAINTENANCE)


def _undo(visit: Visit, number: int, kind: Suppressor) -> ResponseReturnValue:
    """Only one's own last act, within ten minutes, and only while it stands as that act has left it."""
    with transaction() as session:
        if silence_undo.take_back(session, number, kind, actor_of(visit), visit.now) is None:
            abort(404)
    if kind is Suppressor.SILENCE:
        return redirect(url_for("dashboard.silence", number=number))
    return redirect(url_for("dashboard.window", planned=number))
