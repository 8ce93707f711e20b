"""HTTP for a person's own things under /api/v1/me: who they are, how they read and are told, their sign-ins."""

from typing import Any

from flask import Response

from gateway.access import auth, mine
from gateway.acts import sourcing
from gateway.doors.ingest import problem
from gateway.doors.machine import answers
from gateway.doors.machine.bodies import (
    body,
    flag_in,
    missing,
    object_of,
    optional_body,
    small_number,
    text_in,
    texts_in,
)
from gateway.doors.machine.door import ACT, ACTORS, EVERYBODY, READ, Call, Refused, as_json, bp, needs
from gateway.flows import calendars
from gateway.settings import LANGUAGES
from gateway.store.db import reading, transaction
from gateway.store.directory import calendars as feeds
from gateway.store.directory import signins
from gateway.store.outgoing import letters
from gateway.store.senders import sources as tokens
from gateway.store.tables import PersonRow
from gateway.world import world
from rules.duty.company import teams_of
from rules.words import Urgency

THEMES = ("", "light", "dark")
ME = ("id", "email", "name", "role", "language", "timezone", "theme", "exact_times", "single_keys", "home")
SIGN_IN = ("id", "agent", "address", "created_at", "last_seen_at", "lasting")
REST = "as JSON: language, theme, timezone, exact_times, single_keys, weekly"


@bp.get("/v1/me")
@needs(READ, only_persons=True)
def me(call: Call) -> Response:
    return _me(call)


def _me(call: Call) -> Response:
    with reading() as session:
        row = session.get_one(PersonRow, call.me.id, populate_existing=True)
        said: dict[str, Any] = {name: getattr(row, name) for name in ME}
        feed = feeds.feed_of(session, person_id=row.id)
        said |= {
            "teams": teams_of(row.email, world().roll.current(session)),
            "weekly": letters.wants(session, row.id),
            "calendar_since": feed.created_at if feed else None,
            "scopes": call.scopes,
            "token_ends_at": call.ends_at,
        }
    return as_json(said)


@bp.post("/v1/me")
@needs(ACT, *EVERYBODY, only_persons=True)
def change_me(call: Call) -> Response:
    """What is not named stays. Name, address and role are the administrators'; the password is the page's."""
    said = object_of(body())
    with reading() as session:
        row = session.get_one(PersonRow, call.me.id)
        language, theme, zone = row.language, row.theme, row.timezone
        exact, keys = row.exact_times, row.single_keys
    if "language" in said or "theme" in said:
        language, theme = (text_in(said, name) if name in said else old
                           for name, old in (("language", language), ("theme", theme)))  # fmt: skip
        if language not in LANGUAGES or theme not in THEMES:
            raise Refused(problem(400, f"language: {', '.join(LANGUAGES)}; theme: light, dark, or empty"))
    exact, keys = flag_in(said, "exact_times", default=exact), flag_in(said, "single_keys", default=keys)
    weekly = flag_in(said, "weekly") if "weekly" in said else None
    if {"timezone", "exact_times", "single_keys"} & said.keys():
        zone = text_in(said, "timezone")[:64] if "timezone" in said else zone
        wrong = mine.keep_zone(call.me.id, zone, call.actor, call.now, exact_times=exact, single_keys=keys)
        if wrong:
            raise Refused(problem(400, wrong))
    if "language" in said or "theme" in said:
        mine.keep_taste(call.me.id, language, theme, call.actor, call.now)
    if weekly is not None:
        mine.want_weekly(call.me.id, call.actor, call.now, wanted=weekly)
    return _me(call)


# How they are told


@bp.get("/v1/me/notifications")
@needs(READ, *ACTORS, only_persons=True)
def notifications(call: Call) -> Response:
    return _notifications(call)


def _notifications(call: Call) -> Response:
    with reading() as session:
        row = session.get_one(PersonRow, call.me.id, populate_existing=True)
        return as_json({"rules": row.notify, "quiet_hours": row.quiet_hours})


@bp.post("/v1/me/notifications")
@needs(ACT, *ACTORS, only_persons=True)
def keep_notifications(call: Call) -> Response:
    """All of it anew, as the form does: a class that is not named is told as its class usually is."""
    said = object_of(body())
    given = said.get("rules", {})
    if not isinstance(given, dict) or not given.keys() <= set(Urgency):
        raise Refused(problem(400, f'rules: an object like {{"fast": ["push", "sms after 5m"]}}; {", ".join(Urgency)}'))
    rules = {one.value: texts_in(given, one.value, 10) for one in Urgency}
    wrong = mine.keep_rules(call.me.id, rules, text_in(said, "quiet_hours"), call.actor, call.now)
    if wrong:
        raise Refused(problem(400, wrong))
    return _notifications(call)


# Where they are signed in, and by which tokens


@bp.get("/v1/me/sessions")
@needs(READ, only_persons=True)
def sessions(call: Call) -> Response:
    """Browsers. Which of them is whose, the person knows."""
    with reading() as session:
        rows = signins.of_person(session, call.me.id, call.now, auth.IDLE)
        return as_json({"sessions": [{name: getattr(row, name) for name in SIGN_IN} for row in rows]})


@bp.delete("/v1/me/sessions/<number>")
@needs(ACT, *EVERYBODY, only_persons=True)
def end_session(call: Call, number: str) -> Response:
    if not mine.end_session(call.me.id, small_number(number, "sign-in of yours"), call.actor, call.now):
        raise missing("sign-in of yours", number)
    return as_json({"ended": True})


@bp.post("/v1/me/sessions/end")
@needs(ACT, *EVERYBODY, only_persons=True)
def end_sessions(call: Call) -> Response:
    """Every browser: a program is none of them."""
    mine.end_other_sessions(call.me.id, 0, call.actor, call.now)
    return as_json({"ended": True})


@bp.get("/v1/me/tokens")
@needs(READ, only_persons=True)
def own_tokens(call: Call) -> Response:
    with reading() as session:
        return as_json({"tokens": [answers.token(row) for row in tokens.of_person(session, call.me.id, call.now)]})


@bp.delete("/v1/me/tokens/<number>")
@needs(ACT, *EVERYBODY, only_persons=True)
def end_own_token(call: Call, number: str) -> Response:
    """At once; also the one that asks."""
    wanted = small_number(number, "token of yours")
    with reading() as session:
        endings = {row.id: row.ending for row in tokens.of_person(session, call.me.id, call.now)}
    if wanted not in endings:
        raise missing("token of yours", number)
    sourcing.revoke(wanted, endings[wanted], call.actor, call.now)
    return as_json({"ended": True})


# The calendar of their shifts


@bp.post("/v1/me/calendar")
@needs(ACT, *EVERYBODY, only_persons=True)
def new_calendar(call: Call) -> Response:
    """A new secret address, shown this once; the one before ends."""
    optional_body()
    with transaction() as session:
        made = calendars.new_feed(session, call.actor, call.now, person_id=call.me.id)
    return as_json({"address": f"{world().settings.public_url}/ical/{made}.ics"})


@bp.delete("/v1/me/calendar")
@needs(ACT, *EVERYBODY, only_persons=True)
def end_calendar(call: Call) -> Response:
    with transaction() as session:
        return as_json({"ended": calendars.end_feed(session, call.actor, call.now, person_id=call.me.id)})
