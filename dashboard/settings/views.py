"""Settings: every one with its value or its ending, the channels with their last results, and whether all is well."""

from dataclasses import dataclass

from flask import redirect, request
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.deliveries import cards
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.reports.cards import CHANNELS
from dashboard.settings import checks, hours, queries
from dashboard.words import BY_VALUE, WAYS
from gateway import checkup, shown
from gateway.access.auth import WAY, Visit, require
from gateway.actions import Actor
from gateway.acts import trying
from gateway.settings import Settings
from gateway.store.db import db
from gateway.world import world
from rules.words import Role


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: str
    secret: bool
    origin: str
    what: list[str]  # words and, in every second place, what is typed


@bp.get("/settings")
@require(Role.ADMIN)
def settings(visit: Visit) -> ResponseReturnValue:
    return draw(visit, "pages/settings.html", whole(visit))


def whole(visit: Visit, said: str = "", *, well: bool = True) -> dict[str, object]:
    reader, given = reader_of(visit), world().settings
    book = world().shelf.book
    return {
        "page": "settings",
        "rows": _rows(given, reader),
        "channels": [(one, reader.say(CHANNELS[one.name][1]) if one.name in CHANNELS else one.label,
                      _results(one.name, visit, reader)) for one in trying.channels(given.env)],
        "checks": checks.lines(checkup.quick(db.session(), given, visit.now), reader),
        "targets": [(reader.say(BY_VALUE[one.value]), reader.duration(book.classes[one].acknowledge_within),
                     ", ".join(reader.say(WAYS[way]) for way in book.classes[one].channels),
                     ", ".join(reader.say(WAYS[way]) for way in book.classes[one].fallback)) for one in book.classes],
        "calendars": [hours.row(one, visit.now, reader) for one in book.calendars.values()],
        "database": queries.database(),
        "version": book.version,
        "said": said,
        "well": well,
    }  # fmt: skip


def _rows(given: Settings, reader: Reader) -> list[Row]:
    _ = reader.say
    words = {"environment": _("environment"), "default": _("default"), "not set": _("not set")}
    return [Row(one.name, one.value, one.secret, words.get(one.origin, one.origin), _(one.what).split("`"))
            for one in shown.settings(given)]  # fmt: skip


def _results(channel: str, visit: Visit, reader: Reader) -> list[cards.Sent]:
    return [cards.sent(one, "", {}, visit, reader) for one in queries.last_results(channel)]


@bp.post("/settings/test")
@require(Role.ADMIN)
def settings_test(visit: Visit) -> ResponseReturnValue:
    """A message to the administrator's own first address of that channel, at once, with the provider's answer."""
    person = visit.person
    actor = Actor(person.name or person.email, WAY, person.person_id, person.email)
    done = trying.try_out(request.form.get("channel", ""), person.person_id, world(), actor, visit.now)
    if done is None:
        return redirect("/settings")
    return draw(visit, "pages/settings.html", whole(visit, done.words, well=done.well))
