"""One's own API tokens: made with the password at hand, shown once, revoked. Whoever asks with one is this person."""

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.account import BUSY
from dashboard.blueprint import bp
from dashboard.me import frame
from dashboard.page import reader_of
from dashboard.settings.tokens import LIVES, days_of, line
from dashboard.takeback import actor_of
from gateway.access import passwords, proof
from gateway.access.auth import READERS, Visit, require
from gateway.acts import sourcing
from gateway.store.db import db
from gateway.store.senders import sources
from gateway.store.senders.sources import NotPossible
from rules.texts.text import clean_text, one_line


@bp.get("/me/tokens")
@require(*READERS)
def my_tokens(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit, made: str = "", wrong: str = "", code: int = 200) -> Response:
    reader = reader_of(visit)
    rows = sources.of_person(db.session(), visit.person.person_id, visit.now)
    values = {
        "tokens": [line(row, visit.now, reader) for row in rows],
        "scopes": proof.scopes_of(visit.person.role),
        "lives": LIVES,
        "made": made,
    }
    answer = frame.page(visit, "tokens", values, code, reader.say(wrong) if wrong else "")
    if made:
        answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/me/tokens")
@require(*READERS)
def add_my_token(visit: Visit) -> ResponseReturnValue:
    form = request.form
    scopes = [one for one in sources.SCOPES if one in form.getlist("scope")]
    name = one_line(clean_text(form.get("name", "")))[:200]
    try:
        made = proof.make_token(visit, form.get("password", ""), name, scopes, days_of(form.get("days", "")))
    except passwords.Busy:
        answer = _page(visit, wrong=BUSY, code=503)
        answer.headers["Retry-After"] = "5"
        return answer
    except NotPossible as problem:
        return _page(visit, wrong=str(problem), code=422)
    return _page(visit, made.token)


@bp.post("/me/tokens/<int(max=2147483647):number>/revoke")
@require(*READERS)
def revoke_my_token(visit: Visit, number: int) -> ResponseReturnValue:
    """At once, if its ending is typed."""
    mine = sources.of_person(db.session(), visit.person.person_id, visit.now)
    try:
        if number not in {one.id for one in mine}:
            raise NotPossible("this token does not work any more")
        sourcing.revoke(number, request.form.get("confirm", "")[:20], actor_of(visit), visit.now)
    except NotPossible as problem:
        return _page(visit, wrong=str(problem), code=422)
    return redirect(url_for("dashboard.my_tokens", said="revoked"))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: texts that are looked up by a variable."""
    _ = str
    return (_("your role has no such scope"), _("you have 20 tokens already: revoke one first"))
