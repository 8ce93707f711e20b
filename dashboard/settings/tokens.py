"""API tokens and those of screens: made with scopes and an end, shown once, used from where, unused, revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Moment, Reader
from dashboard.settings import queries
from gateway.access.auth import WAY, Visit, require
from gateway.actions import Actor
from gateway.acts import sourcing
from gateway.store.senders.sources import SCOPES, WALL, NotPossible
from gateway.store.tables import Token
from gateway.world import world
from rules.texts.text import clean_text, one_line
from rules.words import Role

UNUSED = timedelta(days=90)
LIVES = (30, 90, 365)  # days


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    name: str
    ending: str
    scopes: str
    made: Moment
    used: Moment | None
    address: str
    ends: Moment | None
    state: str  # works, unused, over, revoked
    whose: str  # the person whose own it is; empty: a program's


@bp.get("/settings/tokens")
@require(Role.ADMIN)
def tokens(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit, made: str = "", wrong: str = "", code: int = 200, *, wall: bool = False) -> Response:
    reader, rows = reader_of(visit), queries.api_tokens()
    whose = queries.names({row.person_id for row in rows if row.person_id is not None})
    values = {
        "page": "settings",
        "tokens": [line(row, visit.now, reader, whose.get(row.person_id or 0, "")) for row in rows],
        "scopes": SCOPES,
        "lives": LIVES,
        "made": address_of(made) if wall and made else made,
        "wall": WALL,
        "for_wall": wall,
        "wrong": wrong,
        "revoked": request.args.get("done", "") == "revoked",
    }
    answer = draw(visit, "pages/settings_tokens.html", values, code)
    if made:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def line(row: Token, now: datetime, reader: Reader, whose: str = "") -> Line:
    if row.revoked_at is not None:
        state = "revoked"
    elif not sourcing.in_use(row, now):
        state = "over"
    else:
        state = "unused" if now - (row.last_used_at or row.created_at) > UNUSED else "works"
    return Line(
        row.id, row.name, row.ending, ", ".join(str(one) for one in row.scopes), reader.moment(row.created_at),
        reader.moment(row.last_used_at) if row.last_used_at else None, row.last_address,
        reader.moment(row.expires_at) if row.expires_at else None, state, whose,
    )  # fmt: skip


@bp.post("/settings/tokens")
@require(Role.ADMIN)
def add_token(visit: Visit) -> ResponseReturnValue:
    days = request.form.get("days", "")
    scopes = [one for one in (*SCOPES, WALL) if one in request.form.getlist("scope")]
    try:
        life = days_of(days)
        made = sourcing.add_api_token(sourcing.NewToken(_given("name"), scopes, life), _actor(visit), visit.now)
    except NotPossible as problem:
        return _page(visit, wrong=reader_of(visit).say(str(problem)), code=422)
    return _page(visit, made.token, wall=WALL in scopes)


def address_of(token: str) -> str:
    """What a screen opens when it starts; the token does not stay in it (dashboard/wall)."""
    root = world().settings.public_url or request.host_url.rstrip("/")
    return f"{root}{url_for('dashboard.wall')}?k={token}"


@bp.post("/settings/tokens/<int(max=2147483647):number>/revoke")
@require(Role.ADMIN)
def revoke_token(visit: Visit, number: int) -> ResponseReturnValue:
    try:
        if queries.api_token(number) is None:
            raise NotPossible("this token does not work any more")
        sourcing.revoke(number, _given("confirm"), _actor(visit), visit.now)
    except NotPossible as problem:
        return _page(visit, wrong=reader_of(visit).say(str(problem)), code=422)
    return redirect("/settings/tokens?done=revoked")


def days_of(text: str) -> int | None:
    """None: for ever."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _given(name: str) -> str:
    return one_line(clean_text(request.form.get(name, "")))[:200]


def _actor(visit: Visit) -> Actor:
    person = visit.person
    return Actor(person.name or person.email, WAY, person.person_id, person.email)


def _marked() -> str:
    """For the catalogue only: texts that are looked up by a variable."""
    _ = str
    _("the token of a screen opens the wallboard and nothing else: no other scope beside wall")
    return _("a token without a scope opens nothing: choose at least one")
