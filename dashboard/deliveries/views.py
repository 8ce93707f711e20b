"""Deliveries: the list, and one message with every attempt and how it reads."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from urllib.parse import urlencode

from flask import abort, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dashboard import filters, words
from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.deliveries import cards, queries
from dashboard.deliveries.queries import Wanted
from dashboard.page import draw, reader_of
from dashboard.reader import Reader, grouped
from dashboard.rows import Tab
from dashboard.rulebook.rows import from_input
from dashboard.shared import shared
from gateway.access.auth import READERS, Visit, require
from gateway.acts import resending
from gateway.store.db import db
from gateway.store.tables import Delivery
from gateway.world import world
from rules.duty.company import addressees
from rules.texts.text import clean_text, one_line
from rules.words import Role

NUMBER = "<int(max=9223372036854775807):number>"
OF_TEAM = (Role.VIEWER, Role.RESPONDER)  # who sees what was sent to their own teams
HOURS = {"1h": 1, "24h": 24, "7d": 168}
FIELDS = ("status", "way", "channel", "who", "time", "from", "to")


@bp.get("/deliveries")
@require(*READERS)
def deliveries(visit: Visit) -> ResponseReturnValue:
    return draw(visit, "pages/deliveries.html", listing(visit, request.args))


def listing(visit: Visit, args: MultiDict[str, str]) -> dict[str, object]:
    """Everything the list shows. The mark is read first: what changes meanwhile is drawn once more, never missed."""
    reader, mark = reader_of(visit), listed_mark(visit)
    asked = _asked(args, reader)
    wanted = _wanted(visit, asked, filters.before(args))
    found = queries.deliveries(wanted)
    shown = found[: queries.PAGE]
    instead = queries.replaced([message for message, _ in shown])
    more = {**asked, "after": str(shown[-1][0].id)} if len(found) > queries.PAGE else {}
    out, all_ = queries.outcome(visit.now)
    return {
        "page": "deliveries",
        "mark": mark,
        "tabs": _tabs(asked, reader),
        "asked": asked,
        "ways": [(name, reader.say(word)) for name, word in words.WAYS.items()],
        "channels": [(name, cards.channel(name, reader)) for name in queries.channels()],
        "people": _people(visit),
        "times": [(name, reader.duration(timedelta(hours=hours))) for name, hours in HOURS.items()],
        "sent": [cards.sent(message, title, instead, visit, reader) for message, title in shown],
        "share": reader.number(out * 1000 // all_ / 10, 1 if out * 1000 // all_ % 10 else 0) if all_ else "",
        "counted": grouped(all_),
        "more": f"/deliveries?{urlencode(more)}" if more else "",
        "searched": grouped(queries.SEARCHED) if wanted.narrows else "",
        "only_team": wanted.whose is not None,
        "admin": visit.person.role is Role.ADMIN,
        "done": args.get("done", "")[:4],
        "left": args.get("left", "")[:4],
    }


def listed_mark(visit: Visit, *, fresh: bool = True) -> str:
    """Changes whenever one of the newest messages does; read once for all whose lists are open."""
    mark = shared("deliveries", visit.now, queries.mark, fresh=fresh)
    return marked(mark, visit.now)


def _asked(args: Mapping[str, str], reader: Reader) -> dict[str, str]:
    """Unknown words are left out."""
    known = {"status": tuple(queries.STATUSES), "way": tuple(words.WAYS), "time": tuple(HOURS)}
    given = {name: one_line(clean_text(args.get(name, "")))[:100] for name in FIELDS}
    found = {name: text for name, text in given.items() if text and text in known.get(name, (text,))}
    found = {name: text for name, text in found.items() if name not in ("from", "to") or from_input(text, reader)}
    if {"from", "to"} & found.keys():
        found.pop("time", None)  # what was given exactly counts, and the choice shows that it does
    return found


def _wanted(visit: Visit, asked: dict[str, str], after: int | None) -> Wanted:
    hours, reader = HOURS.get(asked.get("time", "")), reader_of(visit)
    since = from_input(asked.get("from", ""), reader)
    return Wanted(
        status=asked.get("status", ""),
        way=asked.get("way", ""),
        channel=asked.get("channel", ""),
        who=asked.get("who", ""),
        since=since if hours is None else visit.now - timedelta(hours=hours),
        until=from_input(asked.get("to", ""), reader),
        after=after,
        whose=whose(visit),
    )


def _people(visit: Visit) -> list[str]:
    """Names for the choice: of whom this person may see messages."""
    mine, directory = whose(visit), world().roll.current(db.session())
    return sorted(one.name for one in directory.people.values() if one.name and (mine is None or one.email in mine))


def whose(visit: Visit) -> Collection[str] | None:
    """To whom messages went that this person may see: with dispatchers and administrators anybody."""
    if visit.person.role not in OF_TEAM:
        return None
    return addressees(visit.person.email, world().roll.current(db.session()))


def _tabs(asked: dict[str, str], reader: Reader) -> list[Tab]:
    """Results and ways side by side: one of each can be chosen, and the other filters stay."""
    _ = reader.say
    rest = {name: text for name, text in asked.items() if name not in ("status", "way")}
    names = [("", "", _("All")), ("status", "failed", _("Failed")), ("status", "waiting", _("Waiting"))]
    names.append(("status", "skipped", _("Not sent, with reasons")))
    names += [("way", "voice", _("Calls")), ("way", "sms", _("SMS")), ("way", "push", _("Push"))]
    names += [("way", "email", _("E-mail")), ("status", "logged", _("Only logged"))]
    tabs = []
    for name, value, word in names:
        query = rest | ({name: value} if name else {})
        current = asked.get(name) == value if name else not ({"status", "way"} & asked.keys())
        tabs.append(Tab(word, f"/deliveries?{urlencode(query)}" if query else "/deliveries", current))
    return tabs


@bp.get(f"/deliveries/{NUMBER}")
@require(*READERS)
def delivery(visit: Visit, number: int) -> ResponseReturnValue:
    return draw(visit, "pages/delivery.html", whole(visit, number))


def whole(visit: Visit, number: int, wrong: str = "") -> dict[str, object]:
    row = queries.delivery(number)
    mine = whose(visit)
    if row is None or (mine is not None and row[0].who not in mine):
        abort(404)
    message, title = row
    reader = reader_of(visit)
    hidden = visit.person.role is Role.VIEWER
    return {
        "page": "deliveries",
        "one": cards.sent(message, title, queries.replaced([message]), visit, reader),
        "attempts": [cards.attempt(entry, reader) for entry in queries.attempts(message)],
        "text": None if hidden else _text(message),
        "hidden": hidden,
        "digest": message.kind == resending.DIGEST,
        "bundled": [cards.sent(part, "", {}, visit, reader) for part in queries.bundled(message)],
        "expires": reader.moment(message.expires_at) if message.expires_at else None,
        "finished": reader.moment(message.finished_at) if message.finished_at else None,
        "wrong": wrong,
        "done": request.args.get("done", ""),
    }


def _text(message: Delivery) -> tuple[str, str] | None:
    return None if message.kind == resending.DIGEST else resending.text_of(db.session(), message, world())
