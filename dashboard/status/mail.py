"""Notices by e-mail, for everybody: asked for, confirmed by the link that comes, ended by another."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from dashboard.blueprint import bp
from dashboard.reader import Reader
from dashboard.status import public
from gateway.access.auth import MOST_FORM
from gateway.acts import standing as kept
from gateway.acts import subscribing
from gateway.acts.standing import Seen
from gateway.acts.subscribing import NoAddress
from gateway.store.db import db
from gateway.world import world
from rules.reports.public import Standing

OURS = (None, "same-origin", "none")
ROBOTS = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@bp.get("/status/mail")
def status_mail() -> ResponseReturnValue:
    who = public.visitor()
    return _page(_open(), who, "ask")


def _open() -> Seen:
    seen = public.seen()
    if not seen.standing.mail:
        abort(404)
    return seen


@bp.post("/status/mail")
def ask_for_mail() -> ResponseReturnValue:
    """Whoever asks hears the same, whether the address is known here or not."""
    request.max_content_length = MOST_FORM
    seen, who = _open(), public.visitor()
    if request.headers.get("Sec-Fetch-Site") not in OURS:
        abort(403)
    email = request.form.get("email", "")
    try:
        wait = subscribing.ask(email, who.language, request.remote_addr or "", who.now)
    except NoAddress:
        return _page(seen, who, "ask", 422, email=email[: subscribing.LONGEST])
    if wait:
        abort(429)
    return _page(seen, who, "asked")


@bp.get("/status/mail/<key>")
def mail_choice(key: str) -> ResponseReturnValue:
    """Only a question: whatever scans mails follows links."""
    row = subscribing.known(db.session(), key)
    if row is None:
        abort(404)
    step = "paused" if row.bounced_at else "stop" if row.confirmed_at else "confirm"
    return _page(_anyhow(), public.visitor(row.language), step, key=key)


@bp.post("/status/mail/<key>")
def choose_mail(key: str) -> ResponseReturnValue:
    """By our own page; or by a mail program, which knows no form of ours and asks for the end (RFC 8058)."""
    request.max_content_length = MOST_FORM
    row, now = subscribing.known(db.session(), key), world().clock.now()
    if row is None:
        abort(404)
    who, wanted = public.visitor(row.language), request.form.get("do") == "confirm"
    done = subscribing.confirm(key, now) if wanted else subscribing.leave(key, now)
    if not done:
        abort(404)
    return _page(_anyhow(), who, "confirmed" if wanted else "left", key=key)


def _anyhow() -> Seen:
    """Whoever was told may leave, whether there still is a page or not."""
    try:
        return kept.standing(world().clock.now())
    except SQLAlchemyError:
        return Seen(Standing(), world().clock.now())


def _page(seen: Seen, who: Reader, step: str, code: int = 200, **more: str) -> Response:
    values = {"step": step, "email": more.get("email", ""), "key": more.get("key", ""), "on": seen.standing.on}
    answer = public.plain("pages/status_mail.html", seen, {**values, "wrong": code == 422}, who, code)
    answer.headers.update(ROBOTS)
    return answer
