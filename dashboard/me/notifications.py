"""Which way comes when: a person's own rules by class, quiet hours, and what would reach them at an hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.me import frame
from dashboard.page import reader_of
from dashboard.reader import Reader
from dashboard.takeback import actor_of
from dashboard.words import BY_VALUE, ICONS, WAYS
from gateway.access import mine
from gateway.access.auth import ACTORS, Visit, require
from gateway.store.db import db
from gateway.world import world
from rules.duty.audience import audience
from rules.duty.personal import quiet_until, write_quiet
from rules.reading.book_keys import DEFAULT_CLASSES
from rules.ways import Way
from rules.words import Person, Route, Step, Urgency, UrgencyClass

PLACES = 4  # ways of a sentence
DELAYS = (1, 2, 3, 5, 10, 15, 30)  # minutes


@dataclass(frozen=True, slots=True)
class Place:
    """One "then … after …" of the sentence."""

    way: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One class as the form shows it."""

    name: str
    word: str
    usual: str  # what the class does for those without rules
    floor: str
    places: list[Place]


@dataclass(frozen=True, slots=True)
class Told:
    """One way that would reach the person."""

    icon: str
    way: str
    when: str


@dataclass(frozen=True, slots=True)
class DryRun:
    word: str
    told: list[Told]
    reasons: list[str]


@bp.get("/me/notifications")
@require(*ACTORS)
def my_notifications(visit: Visit) -> ResponseReturnValue:
    return _page(visit)


@bp.post("/me/notifications")
@require(*ACTORS)
def keep_notifications(visit: Visit) -> ResponseReturnValue:
    rules = {one.value: _sentence_of(request.form, one.value) for one in Urgency}
    begin, end = request.form.get("from", ""), request.form.get("to", "")
    quiet = f"{begin}-{end}" if begin or end else ""
    wrong = mine.keep_rules(visit.person.person_id, rules, quiet, actor_of(visit), visit.now)
    if wrong:
        return _page(visit, reader_of(visit).say(wrong), 422)
    return redirect(url_for("dashboard.my_notifications", said="kept"))


def _sentence_of(form: Mapping[str, str], name: str) -> list[str]:
    """["push", "voice after 1m"]; a place without a way is passed over, and the first that is left is told at once."""
    pairs = [(form.get(f"{name}-{place}", ""), form.get(f"{name}-{place}-after", "0")) for place in range(PLACES)]
    chosen = [(way, after) for way, after in pairs if way]
    return [f"{way} after {after}m" if number and after != "0" else way for number, (way, after) in enumerate(chosen)]


def _page(visit: Visit, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    reader = reader_of(visit)
    directory = world().roll.current(db.session())
    me = directory.people.get(visit.person.email)
    at = _moment(request.args.get("at", "03:00"), reader)
    sentences = [_sentence(one, me, reader) for one in Urgency]
    quiet = write_quiet(me.quiet if me else None)
    values: dict[str, object] = {
        "sentences": sentences,
        "ways": [(way.value, reader.say(WAYS[way.value])) for way in Way],
        "delays": DELAYS,
        "quiet": quiet.split("-") if quiet else ["", ""],
        "hour": f"{at.astimezone(reader.zone):%H:%M}",
        "dry": [_dry(one, me, at, reader) for one in Urgency] if me else [],
        "quiet_then": bool(me and quiet_until(me, at)),
    }
    return frame.page(visit, "notifications", values, code, wrong)


def _class_of(urgency: Urgency) -> UrgencyClass:
    return world().shelf.book.classes.get(urgency, DEFAULT_CLASSES[urgency])


def _sentence(urgency: Urgency, me: Person | None, reader: Reader) -> Sentence:
    own = me.wishes_for(urgency) if me else ()
    places = [Place(one.way.value, int(one.after.total_seconds() // 60)) for one in own][:PLACES]
    places += [Place("", 0)] * (PLACES - len(places))
    usual = _class_of(urgency)
    words = ", ".join(reader.say(WAYS[way.value]) for way in usual.channels)
    floor = ", ".join(reader.say(WAYS[way.value]) for way in usual.floor)
    return Sentence(urgency.value, reader.say(BY_VALUE[urgency.value]), words, floor, places)


def _moment(text: str, reader: Reader) -> datetime:
    """The next time the clock shows this where the reader is."""
    try:
        wanted = time.fromisoformat(text)
    except ValueError:
        wanted = time(3)
    local = reader.now.astimezone(reader.zone)
    at = local.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)


def _dry(urgency: Urgency, me: Person, at: datetime, reader: Reader) -> DryRun:
    """As if a step of a ladder named nobody but this person."""
    usual = _class_of(urgency)
    step = Step((f"person:{me.email}",), timedelta(minutes=5))
    route = Route("", urgency, "", (), (step,), 0, usual.channels, usual.fallback, timedelta(), floor=usual.floor)
    found = audience(step, route, world().roll.current(db.session()), at)
    mine = [one for one in (*found.notices, *found.later) if one.who == me.email]
    told = [
        Told(
            ICONS[one.way.value],
            reader.say(WAYS[one.way.value]),
            reader.say("after %(time)s", time=reader.duration(one.after)) if one.after else reader.say("at once"),
        )
        for one in mine
    ]
    return DryRun(reader.say(BY_VALUE[urgency.value]), told, [one.reason for one in found.not_told])
