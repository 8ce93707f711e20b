"""A person's account: name, password; language, theme, zone, and how times and keys are told."""

from functools import cache
from zoneinfo import available_timezones

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import account, push
from dashboard.blueprint import bp
from dashboard.i18n import LANGUAGES
from dashboard.me import frame
from dashboard.page import THEMES, reader_of
from dashboard.takeback import actor_of
from gateway.access import auth, mine, passwords, proof, shortcuts
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.access.whence import came_from

KEYS = {
    "next": "next", "previous": "previous", "open": "open", "select": "select", "acknowledge": "acknowledge",
    "resolve": "resolve", "snooze": "snooze", "assign": "assign", "escalate": "escalate", "comment": "comment",
    "take": "take a ticket; on call: this week", "new": "new incident", "undo": "undo", "search": "search",
    "filter": "filter", "updates": "show what waits; back to the list", "more": "more actions", "copy": "copy the link",
    "merge": "merge", "go": "go to a page", "help": "help",
}  # fmt: skip


@bp.get("/me")
@require(*READERS)
def me(visit: Visit) -> ResponseReturnValue:
    return frame.page(visit, "account", {})


@bp.get("/me/phone")
@require(*ACTORS)
def my_phone(visit: Visit) -> ResponseReturnValue:
    return frame.page(visit, "phone", {"push": push.card(visit)})


@bp.get("/me/appearance")
@require(*READERS)
def my_appearance(visit: Visit) -> ResponseReturnValue:
    return appearance(visit)


def appearance(visit: Visit, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    zone = request.form.get("timezone", visit.person.timezone)[:64]
    own, say = shortcuts.read(visit.person.own_keys), reader_of(visit).say
    keys = [
        (name, say(KEYS[name]), usual, request.form.get(f"key-{name}", own.get(usual, usual))[:10])
        for name, usual in shortcuts.KEYS.items()
    ]
    return frame.page(visit, "appearance", {"zones": zones(), "zone": zone, "own_keys": keys}, code, wrong)


@cache
def zones() -> tuple[str, ...]:
    """To choose from; asking the machine for them takes a moment."""
    found = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (*sorted(found), "UTC")


@bp.post("/me")
@require(*READERS)
def keep_taste(visit: Visit) -> ResponseReturnValue:
    """Language and theme; in the cookie too, for the pages before sign-in and so that no page flashes white."""
    language, theme = request.form.get("language", ""), request.form.get("theme", "")
    if language not in LANGUAGES or theme not in ("", *THEMES):
        abort(400)
    mine.keep_taste(visit.person.person_id, language, theme, actor_of(visit), visit.now)
    answer = account.redirect_to(url_for("dashboard.my_appearance", said="kept"))
    for name, value in (("language", language), ("theme", theme)):
        answer.set_cookie(name, value, max_age=account.YEAR, samesite="Lax", secure=request.is_secure)
    return answer


@bp.post("/me/reading")
@require(*READERS)
def keep_reading(visit: Visit) -> ResponseReturnValue:
    taste = {"exact_times": request.form.get("exact") == "1", "single_keys": request.form.get("keys") == "1"}
    zone = request.form.get("timezone", "")
    wrong = mine.keep_zone(visit.person.person_id, zone, actor_of(visit), visit.now, **taste)
    if wrong:
        return appearance(visit, reader_of(visit).say(wrong), 422)
    return redirect(url_for("dashboard.my_appearance", said="kept"))


@bp.post("/me/zone")
@require(*READERS)
def answer_zone(visit: Visit) -> ResponseReturnValue:
    """To the question that stands above every page until it is answered: back to the page it was answered on."""
    chosen = request.form.get("zone", "") if request.form.get("use") == "1" else ""
    wrong = mine.answer_zone(visit.person.person_id, chosen, actor_of(visit), visit.now)
    if wrong:
        return appearance(visit, reader_of(visit).say(wrong), 422)
    return redirect(came_from(request) or url_for("dashboard.my_appearance", said="kept"))


@bp.post("/me/times")
@require(*READERS)
def keep_exact(visit: Visit) -> ResponseReturnValue:
    """The switch in the account menu: back to the page it was pressed on."""
    mine.keep_exact(visit.person.person_id, actor_of(visit), visit.now, exact=request.form.get("exact") == "1")
    return redirect(came_from(request) or url_for("dashboard.my_appearance", said="kept"))


@bp.post("/me/password")
@require(*READERS)
def change_password(visit: Visit) -> ResponseReturnValue:
    try:
        wrong = proof.change_password(visit, request.form.get("old", ""), request.form.get("new", ""))
    except passwords.Busy:
        answer = frame.page(visit, "account", {}, 503, reader_of(visit).say(account.BUSY))
        answer.headers["Retry-After"] = "5"
        return answer
    if wrong:
        return frame.page(visit, "account", {}, 422, reader_of(visit).say(wrong))
    kept = account.redirect_to(url_for("dashboard.me", said="kept"))
    auth.start(visit.person.person_id, kept, visit.now)  # all sign-ins have ended, this browser's too
    return kept


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("next"), _("previous"), _("open"), _("select"), _("acknowledge"), _("resolve"), _("snooze"), _("assign"),
        _("escalate"), _("comment"), _("take a ticket; on call: this week"), _("new incident"), _("undo"), _("search"),
        _("filter"), _("show what waits; back to the list"), _("more actions"), _("copy the link"), _("go to a page"),
        _("merge"), _("help"),
        _("This is not a time zone: write it like Europe/Berlin."), _("Name each way once."),
        _("Put the ways in the order in which they come."), _("Quiet hours begin and end at different times."),
        _("Choose ways and times from the lists."),
    )  # fmt: skip
