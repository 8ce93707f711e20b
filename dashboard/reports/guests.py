"""A report for somebody without an account: a signed link to fixed days, without names, for a week, revocable."""

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from dashboard.blueprint import bp
from dashboard.page import draw, draw_outside, reader_of, stranger
from dashboard.reports import asked as asking
from dashboard.reports import views
from dashboard.reports.asked import Asked
from dashboard.reports.weekly import ROBOTS
from dashboard.takeback import actor_of
from gateway.access import links
from gateway.access.auth import READERS, Visit, require
from gateway.acts import guests
from gateway.store.db import db
from gateway.store.tables.stats import Guest
from gateway.world import world
from rules.words import Role


@bp.get("/reports/guests")
@require(*READERS)
def guest_links(visit: Visit) -> ResponseReturnValue:
    """One's own links; an administrator sees everybody's."""
    reader, root = reader_of(visit), world().settings.public_url or request.host_url.rstrip("/")
    rows = []
    for one in guests.listed(db.session(), _whose(visit)):
        place = guests.address(one, root, visit.now)
        rows.append((one, place, reader.moment(one.created_at), reader.moment(one.expires_at)))
    return draw(visit, "pages/report_guests.html", {"page": "reports", "rows": rows})


def _whose(visit: Visit) -> str:
    return "" if visit.person.role is Role.ADMIN else visit.person.email


@bp.post("/reports/guests")
@require(*READERS)
def make_guest_link(visit: Visit) -> ResponseReturnValue:
    """The days are fixed: what the guest sees is what was shared, whenever they look."""
    asked = asking.read(request.form, visit.now, views.zone())
    fixed = Asked(asked.scope, "custom").query()
    query = iri_to_uri(url_for("dashboard.reports", **fixed)).partition("?")[2]  # type: ignore[arg-type]
    guests.make(query, actor_of(visit), visit.now)
    return redirect(url_for("dashboard.guest_links"))


@bp.post("/reports/guests/<int:number>/revoke")
@require(*READERS)
def revoke_guest_link(visit: Visit, number: int) -> ResponseReturnValue:
    if not guests.revoke(number, _whose(visit), actor_of(visit), visit.now):
        abort(404)
    return redirect(url_for("dashboard.guest_links"))


@bp.get("/g/<token>")
def guest_report(token: str) -> ResponseReturnValue:
    """Read-only, and nobody's name is in it."""
    number = links.read_number(world().settings.secret_key, token, links.GUEST)
    row = db.session.get(Guest, number) if number is not None else None
    now, reader = world().clock.now(), stranger()
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        answer = draw_outside("pages/guest_over.html", {}, 410)
    else:
        answer = _draw(row, Request.from_values(query_string=row.query).args)
        answer.headers["X-Expires"] = reader.moment(row.expires_at).iso
    answer.headers.update(ROBOTS)
    return answer


def _draw(row: Guest, args: MultiDict[str, str]) -> Response:
    now, reader = world().clock.now(), stranger()
    asked = asking.read(args, now, views.zone())
    asked = Asked(asked.scope, "custom", nameless=True)
    values = views.report_values("response", asked, reader, now)
    more = {"choices": None, "expires": reader.moment(row.expires_at)}
    return draw_outside("pages/guest_report.html", {**values, **more})
