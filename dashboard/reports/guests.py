"""A report for somebody without an account: a signed link to fixed days, without names, for a week, revocable."""

from datetime import timedelta

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request

from dashboard.blueprint import bp
from dashboard.page import draw, draw_outside, reader_of, stranger
from dashboard.reports import asked as asking
from dashboard.reports import views
from dashboard.reports.asked import Asked
from dashboard.reports.weekly import ROBOTS
from gateway.access import auth, links
from gateway.access.auth import READERS, Visit, require
from gateway.store import audit
from gateway.store.db import db, transaction
from gateway.store.stat_tables import Guest
from gateway.world import world
from rules.words import Role

LASTS = timedelta(days=7)
SHOWN = 50


@bp.get("/reports/guests")
@require(*READERS)
def guest_links(visit: Visit) -> ResponseReturnValue:
    """One's own links; an administrator sees everybody's."""
    reader, root = reader_of(visit), world().settings.public_url or request.host_url.rstrip("/")
    rows = []
    for one in _mine(visit):
        over = one.revoked_at is not None or one.expires_at <= visit.now
        place = "" if over else f"{root}/g/{links.make_number(world().settings.secret_key, one.id, links.GUEST)}"
        rows.append((one, place, reader.moment(one.created_at), reader.moment(one.expires_at)))
    return draw(visit, "pages/report_guests.html", {"page": "reports", "rows": rows})


def _mine(visit: Visit) -> list[Guest]:
    query = select(Guest).order_by(Guest.id.desc()).limit(SHOWN)
    if visit.person.role is not Role.ADMIN:
        query = query.where(Guest.made_by == visit.person.email)
    return list(db.session.scalars(query))


@bp.post("/reports/guests")
@require(*READERS)
def make_guest_link(visit: Visit) -> ResponseReturnValue:
    """The days are fixed: what the guest sees is what was shared, whenever they look."""
    asked = asking.read(request.form, visit.now, views.zone())
    fixed = Asked(asked.scope, "custom").query()
    query = iri_to_uri(url_for("dashboard.reports", **fixed)).partition("?")[2]  # type: ignore[arg-type]
    row = Guest(query=query, made_by=visit.person.email, created_at=visit.now, expires_at=visit.now + LASTS)
    with transaction() as session:
        session.add(row)
        session.flush()
        target = f"guest link {row.id}"
        audit.note(session, visit.now, visit.person.email, "guest link made", target, auth.WAY, report=row.query)
    return redirect(url_for("dashboard.guest_links"))


@bp.post("/reports/guests/<int:number>/revoke")
@require(*READERS)
def revoke_guest_link(visit: Visit, number: int) -> ResponseReturnValue:
    with transaction() as session:
        row = session.get(Guest, number)
        if row is None or (row.made_by != visit.person.email and visit.person.role is not Role.ADMIN):
            abort(404)
        if row.revoked_at is None:
            row.revoked_at = visit.now
            target = f"guest link {number}"
            audit.note(session, visit.now, visit.person.email, "guest link revoked", target, auth.WAY)
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
