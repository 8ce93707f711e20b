"""Who is at the door of the dashboard: sign-in, sign-out, what a role may do, and that a form is really ours."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Request, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import Signer
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from gateway import log
from gateway.access import passwords
from gateway.access.links import keys
from gateway.access.proxies import visitor
from gateway.access.whence import came_from
from gateway.secrets import digest, fits, salted, same
from gateway.spells import Spell
from gateway.store.db import db, transaction
from gateway.store.directory import firstrun, signins
from gateway.store.directory.signins import Signed
from gateway.store.tables import PersonRow, SignIn
from gateway.store.upkeep import audit
from gateway.world import world
from rules.words import Role

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)
LASTING = timedelta(days=90)  # on a device on which somebody wants to stay signed in
TOUCH_EVERY = timedelta(minutes=5)  # looking at a page is no reason to write into the database each time
ATTEMPTS, PAUSE = 5, timedelta(minutes=1)
OF_ADDRESS, OF_ADDRESS_EVERY = 30, timedelta(seconds=2)  # tries at once of one address, whatever names it gives
MOST_FORM = 64 * 1024  # bytes of a form
WAY = "dashboard"  # as the audit log says it
_refused = Spell()  # forms, of this process: whoever sends them again and again fills no log
READERS = (Role.VIEWER, Role.RESPONDER, Role.DISPATCHER, Role.ADMIN)
ACTORS = (Role.RESPONDER, Role.DISPATCHER, Role.ADMIN)

P = ParamSpec("P")
Answer = Callable[[], ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in."""

    person: Signed
    now: datetime

    @property
    def may_act(self) -> bool:
        return self.person.role in ACTORS


def require(
    *roles: Role, signed_out: Answer | None = None, touch: bool = True
) -> Callable[[Callable[Concatenate[Visit, P], ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Lets in who is signed in and has one of `roles`, and of forms only our own; the page is given the Visit."""

    def guard(page: Callable[Concatenate[Visit, P], ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            now = world().clock.now()
            person = signed_in(request, now)
            if person is None:
                return (signed_out or to_sign_in)()
            if request.method not in ("GET", "HEAD"):
                check_form(person.csrf)
            if person.role not in roles:
                log.warning("not_allowed", person=person.person_id, role=person.role.value, path=request.path)
                abort(403)
            if touch and now - person.last_seen_at > TOUCH_EVERY:
                _touch(person, now)
            return page(Visit(person, now), *args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]  # for the test that walks all routes
        return guarded

    return guard


def signed_in(asked: Request, now: datetime) -> Signed | None:
    key = asked.cookies.get(cookie_name("nabat", asked), "")
    return signins.find(db.session(), digest(key), now, IDLE) if key else None


def sign_in(email: str, password: str, address: str, now: datetime) -> int | timedelta | None:
    """The person's id; or how long to wait before the next try; or None: wrong. An unknown name is answered alike.

    Raises passwords.Busy at once when many try: before the database hears of it.
    """
    wait = _patience().wait(visitor(address), now)
    if wait:
        log.warning("sign_in_throttled", address=address)
        return wait
    with passwords.seat():
        return _sign_in(email.strip().lower()[:254], password, address, now)


def _sign_in(known: str, password: str, address: str, now: datetime) -> int | timedelta | None:
    key = f"login:{digest(known)[:32]}:{visitor(address)}"
    with transaction() as session:
        wait = signins.count_attempt(session, key, now, ATTEMPTS, PAUSE)
    if wait:
        log.warning("sign_in_throttled", address=address)
        return wait
    person = signins.person_by_email(db.session(), known)
    found = person.id if person is not None else 0
    kept = person.password_hash if person is not None and person.active else None
    db.session.rollback()  # no connection is held while we reckon
    if not passwords.matches(kept, password):
        log.warning(
            "sign_in_refused", person=found or "unknown", address=address
        )  # the name may be a mistyped password
        return None
    with transaction() as session:
        signins.forget_attempts(session, key)
        audit.note(session, now, known, "sign in", known, WAY, address=address)
    log.info("signed_in", person=found, address=address)
    return found


def _patience() -> passwords.Patience:
    kept: passwords.Patience = current_app.extensions.setdefault(
        "sign-in patience", passwords.Patience(OF_ADDRESS, OF_ADDRESS_EVERY)
    )
    return kept


def start(person_id: int, answer: Response, now: datetime, *, lasting: bool = False) -> None:
    """A new sign-in with a new key; one that this browser had before ends."""
    key = secrets.token_urlsafe(32)
    old = signed_in(request, now)
    agent = (request.user_agent.string or "")[:200]
    with transaction() as session:
        if old is not None:
            signins.end(session, old.id)
        fresh = SignIn(person_id=person_id, hash=digest(key), csrf=secrets.token_urlsafe(32), agent=agent)
        fresh.created_at = fresh.last_seen_at = now
        fresh.expires_at, fresh.lasting = now + (LASTING if lasting else LONGEST), lasting
        fresh.address = request.remote_addr or ""
        signins.add(session, fresh)
    set_cookie(answer, "nabat", key, int((LASTING if lasting else LONGEST).total_seconds()))


def end(visit: Visit, answer: Response) -> None:
    with transaction() as session:
        signins.end(session, visit.person.id)
        audit.note(session, visit.now, visit.person.email, "sign out", visit.person.email, WAY)
    log.info("signed_out", person=visit.person.person_id)
    drop_cookie(answer, "nabat")


# The first administrator


def new_setup_link(session: Session, now: datetime) -> str | None:
    """The token of a fresh one-time link, the one before is dead; None once an administrator can sign in."""
    if signins.has_admin(session):
        return None
    token = secrets.token_urlsafe(32)
    signins.keep_setup(session, digest(token), now)
    return token


def setup_open(token: str) -> bool:
    """Whether this set-up link still works."""
    session = db.session()
    return _both(signins.setup_hash(session), digest(token)) and not signins.has_admin(session)


def set_up(token: str, person: PersonRow) -> int | None:
    """The id of the first administrator, made once; None if the link is dead by now."""
    with transaction() as session:
        if not _both(signins.setup_hash(session, lock=True), digest(token)) or signins.has_admin(session):
            return None
        made = signins.make_admin(session, person)
        firstrun.keep(session, firstrun.Progress(), person.created_at)
        audit.note(session, person.created_at, person.email, "first administrator", person.email, WAY)
        signins.drop_setup(session)
    return made


# Forms that are really ours


class OldForm(Forbidden):
    """Of another sign-in than the present one, or of another site."""

    description = "This form is too old, or not ours. Nothing was changed. Reload the page and try again."


def check_form(csrf: str) -> None:
    """Refuses a request that another site made our visitor's browser send."""
    request.max_content_length = MOST_FORM
    _check_origin()
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not fits(csrf, sent):
        if met := _refused.meets(time.monotonic()):
            log.warning("form_refused", path=request.path, address=request.remote_addr, times=met[0])
        raise OldForm


def early_token() -> tuple[str, str]:
    """For a form before sign-in: the value of a cookie and what the form carries, which must belong together."""
    kept = request.cookies.get(cookie_name("nabat-form", request)) or secrets.token_urlsafe(18)
    return kept, salted(_signer().sign(kept).decode())


def check_early_form() -> None:
    request.max_content_length = MOST_FORM
    _check_origin()
    kept = request.cookies.get(cookie_name("nabat-form", request), "")
    if not kept or not fits(_signer().sign(kept).decode(), request.form.get("csrf_token", "")):
        abort(403, "This form is too old, or cookies are off. Nothing was changed. Reload the page and try again.")


def set_cookie(answer: Response, name: str, value: str, seconds: int) -> None:
    """Out of reach of scripts; over https also bound to exactly this host."""
    full, safe = cookie_name(name, request), request.is_secure
    answer.set_cookie(full, value, max_age=seconds, path="/", secure=safe, httponly=True, samesite="Lax")


def drop_cookie(answer: Response, name: str) -> None:
    full, safe = cookie_name(name, request), request.is_secure
    answer.delete_cookie(full, path="/", secure=safe, httponly=True, samesite="Lax")


def cookie_name(name: str, asked: Request) -> str:
    return f"__Host-{name}" if asked.is_secure else name


def _check_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        abort(403, "This request came from another site. Nothing was changed.")
    origin = request.headers.get("Origin")
    ours = (f"http://{request.host}", f"https://{request.host}", world().settings.public_url)
    if origin is not None and site is None and origin not in ours:
        abort(403, "This request came from another site. Nothing was changed.")


def to_sign_in() -> ResponseReturnValue:
    """To the page where they were; whoever wanted to change something is told that nothing was changed."""
    reads = request.method == "GET"
    wanted = request.full_path.rstrip("?") if reads else came_from(request)
    place = url_for("dashboard.login", next=None if wanted in ("/", "") else wanted, ended=None if reads else 1)
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": place})  # htmx goes there whatever the status
    return redirect(place)


def _touch(person: Signed, now: datetime) -> None:
    try:
        with transaction() as session:
            signins.touch(session, person.id, request.remote_addr or "", now)
    except OperationalError:
        db.session.rollback()  # a busy database: seen a little later is seen too


def _signer() -> Signer:
    return Signer(keys(world().settings.secret_key), salt="nabat.form", digest_method=hashlib.sha256)


def _both(kept: str, sent: str) -> bool:
    """Whether both are there, and the same."""
    return bool(kept) and same(kept, sent)
