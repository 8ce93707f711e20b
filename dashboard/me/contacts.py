"""A person's own contacts: entered, confirmed, tried out, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.me import frame
from dashboard.page import reader_of
from dashboard.reader import Moment, Reader
from dashboard.takeback import actor_of
from gateway.access import contacts
from gateway.access.auth import ACTORS, Visit, require
from gateway.store.db import db
from gateway.store.directory import contacts as store
from gateway.store.tables import ContactRow

CHANNELS = {  # the way's icon, its name, how an address is written
    "sms": ("message-square", "SMS", "+442079460000"),
    "email": ("mail", "E-mail", "name@example.org"),
    "ntfy": ("smartphone", "ntfy", "https://ntfy.example.org/topic"),
    "pagerduty": ("phone-call", "Phone call (PagerDuty)", "integration key"),
    "webpush": ("smartphone", "Push in a browser", ""),
}
RECENT = timedelta(days=30)
ASKED = timedelta(minutes=15)  # after a test, in which we ask whether it arrived


@dataclass(frozen=True, slots=True)
class Line:
    """One contact as a page shows it."""

    id: int
    icon: str
    name: str
    address: str
    verified: bool
    on_trust: bool  # used, though nothing has shown yet that a message arrives there
    failing: str
    own: bool
    by_tick: bool
    code_waits: bool
    asked: bool  # a test went out a moment ago
    worked: Moment | None
    seen: str  # how long after the test it was seen


def lines(rows: Sequence[ContactRow], reader: Reader, person_id: int, *, plain: bool) -> list[Line]:
    waiting = store.waiting(db.session(), [row.id for row in rows], reader.now)
    worked = store.last_successes(db.session(), person_id, reader.now - RECENT) if rows else {}
    return [_line(row, reader, worked.get(row.id), row.id in waiting, plain=plain) for row in rows]


def _line(row: ContactRow, reader: Reader, worked: datetime | None, waits: bool, *, plain: bool) -> Line:
    icon, name, _ = CHANNELS.get(row.channel, ("send", row.channel, ""))
    asked = row.tested_at is not None and row.seen_at is None and reader.now - row.tested_at < ASKED
    took = reader.duration(row.seen_at - row.tested_at) if row.seen_at and row.tested_at else ""
    return Line(
        row.id, icon, reader.say(name), contacts.plain(row) if plain else contacts.masked(row),
        row.verified_at is not None, row.on_trust, row.failure, row.own, row.channel in contacts.BY_TICK, waits, asked,
        reader.moment(worked) if worked else None, took,
    )  # fmt: skip


@bp.get("/me/contact")
@require(*ACTORS)
def my_contacts(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: Visit, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    reader = reader_of(visit)
    shown = lines(contacts.mine(visit.person.person_id), reader, visit.person.person_id, plain=True)
    choices = [(value, reader.say(CHANNELS[value][1]), CHANNELS[value][2]) for value in contacts.ENTERED]
    given = {"channel": request.form.get("channel", "sms"), "address": request.form.get("address", "")[:200]}
    values = {"lines": shown, "choices": choices, "given": given if code == 422 else {"channel": "sms", "address": ""}}
    return frame.page(visit, "contact", values, code, wrong)


@bp.post("/me/contact")
@require(*ACTORS)
def add_my_contact(visit: Visit) -> ResponseReturnValue:
    """Added, and the code sent at once: one step less for who does it on a telephone."""
    channel, address = request.form.get("channel", ""), request.form.get("address", "")
    me = visit.person
    number, wrong = contacts.add(me.person_id, channel, address, actor_of(visit), visit.now)
    if wrong:
        return _page(visit, reader_of(visit).say(wrong), 422)
    return _send(visit, number, "", added=True)


@bp.post("/me/contact/<int(max=2147483647):number>/<any(code, test):what>")
@require(*ACTORS)
def try_my_contact(visit: Visit, number: int, what: str) -> ResponseReturnValue:
    return _send(visit, number, what)


def _send(visit: Visit, number: int, what: str, *, added: bool = False) -> ResponseReturnValue:
    me, reader = visit.person.person_id, reader_of(visit)
    send = contacts.try_out if what == "test" else contacts.send_code
    result = send(actor_of(visit), number, reader.language, visit.now)
    if result.word == "unknown":
        abort(404)
    if wrong := frame.words_of(result.word, result.words, reader):
        return _page(visit, wrong, 200 if added else 422)  # added it is, whatever became of the code
    row = store.one(db.session(), me, number)
    said = result.word
    if what != "test" and row is not None and said == "sent":
        said = "called" if row.channel in contacts.BY_TICK else "code"
    return _back(said)


@bp.post("/me/contact/<int(max=2147483647):number>/confirm")
@require(*ACTORS)
def confirm_my_contact(visit: Visit, number: int) -> ResponseReturnValue:
    """By the code; of a test call by the word that it rang; of a test that it arrived."""
    reader, did = reader_of(visit), request.form.get("did", "")
    if did == "arrived":
        result = contacts.arrived(actor_of(visit), number, visit.now)
    elif did in ("rang", "silent"):
        result = contacts.rang(actor_of(visit), number, visit.now, yes=did == "rang")
    else:
        result = contacts.confirm(actor_of(visit), number, request.form.get("code", "")[:20], visit.now)
    if result.word == "unknown":
        abort(404)
    if wrong := frame.words_of(result.word, result.words, reader):
        return _page(visit, wrong, 422)
    return _back("silent" if result.word == "silent" else "seen" if did == "arrived" else "confirmed")


@bp.post("/me/contact/<int(max=2147483647):number>/delete")
@require(*ACTORS)
def remove_my_contact(visit: Visit, number: int) -> ResponseReturnValue:
    if not contacts.remove(visit.person.person_id, number, actor_of(visit), visit.now):
        abort(404)
    return _back("removed")


def _back(said: str) -> ResponseReturnValue:
    """To where it was pressed: one's own page, or the first steps."""
    if request.form.get("back") == "steps":
        return redirect(url_for("dashboard.first_steps", said=said, _anchor="reach"))
    return redirect(url_for("dashboard.my_contacts", said=said))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("SMS"), _("E-mail"), _("ntfy"), _("Phone call (PagerDuty)"), _("Push in a browser"),
        _("This is no way to reach somebody."), _("There are too many contacts already: remove one first."),
        _("This contact is there already."), _("This is not an e-mail address."),
        _("This is not a telephone number; write it like +442079460000."),
        _("This is not the address of an ntfy topic (https://host/topic)."), _("This is not an integration key."),
    )  # fmt: skip
