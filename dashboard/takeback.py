"""What every page offers after an act that can be taken back: the word about it, and the button."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, request

from dashboard.queries import ticket_key
from dashboard.reader import Reader
from gateway.access.auth import Visit
from gateway.actions import Actor
from gateway.acts.undo import Outcome
from gateway.store.db import db
from gateway.store.incidents import undos
from rules.telling.undoing import WITHIN, Obstacle

NAMED = 3  # incidents that are named in a sentence
SKIPPED = "skipped"
ARG = "undo"  # in addresses, where no script can show it otherwise


@dataclass(frozen=True, slots=True)
class Offer:
    """An act just done, for whoever has no JavaScript."""

    token: str
    words: str


def actor_of(visit: Visit) -> Actor:
    person = visit.person
    return Actor(person.name or person.email, "dashboard", person.person_id, person.email)


def token_of(visit: Visit) -> str:
    """Of what this very request did, if it can be taken back."""
    row = undos.offered(db.session(), visit.person.email, visit.now)
    return row.token if row else ""


def say(answer: Response, text: str, visit: Visit, *, refresh: bool = False) -> Response:
    """A word about what came of a request; with it the way back, where there is one."""
    if text:
        said = {"text": text, "undo": token_of(visit)} | ({"refresh": True} if refresh else {})
        answer.headers["HX-Trigger"] = json.dumps({"nabat:said": said})
    return answer


def leading_back(address: str, token: str, *, skipped: int = 0) -> str:
    """The same address, with the way back in it, and how many were passed over."""
    more = [(name, value) for name, value in ((ARG, token), (SKIPPED, str(skipped or ""))) if value]
    if not more:
        return address
    parts = urlsplit(address)
    kept = [one for one in parse_qsl(parts.query, keep_blank_values=True) if one[0] not in (ARG, SKIPPED)]
    return parts._replace(query=urlencode([*kept, *more])).geturl()


def asked(visit: Visit, reader: Reader) -> Offer | None:
    """What the address offers to take back, to whoever did it and for as long as it is possible."""
    token, skipped = request.args.get(ARG, ""), _skipped(reader)
    if skipped and not token:
        return Offer("", skipped)
    if request.method != "GET" or len(token) != len(undos.new_token()):
        return None
    row = undos.unused(db.session(), token, visit.person.email, visit.now - WITHIN)
    if row is None:
        return None
    numbers = [one.number for one in undos.items_of(row)]
    of_tickets = request.path.startswith("/tickets") and len(numbers) == 1  # where they are known by their own names
    what = (ticket_key(numbers[0]) if of_tickets else "") or listed(numbers, reader)
    return Offer(token, f"{done_words(row.act, what, reader)} {skipped}".strip())


def _skipped(reader: Reader) -> str:
    count = request.args.get(SKIPPED, "")
    if not (count.isascii() and count.isdigit() and len(count) < 5):
        return ""
    return reader.count("%(n)s was skipped: answered already.", "%(n)s were skipped: answered already.", int(count))


def done_words(act: str, what: str, reader: Reader) -> str:
    _ = reader.say
    named = {
        "acknowledge": _("Acknowledged: %(what)s.", what=what),
        "resolve": _("Resolved: %(what)s.", what=what),
        "snooze": _("Snoozed: %(what)s.", what=what),
        "assign": _("Assigned: %(what)s.", what=what),
        "wake": _("Woken: %(what)s.", what=what),
        "merge": _("Merged: %(what)s.", what=what),
    }
    return named.get(act, "")


def listed(numbers: list[int], reader: Reader) -> str:
    """#1, #2, #3; of more only how many there are."""
    if len(numbers) > NAMED:
        return reader.count("%(n)s incident", "%(n)s incidents", len(numbers))
    return ", ".join(f"#{number}" for number in numbers)


def outcome_words(outcome: Outcome, reader: Reader) -> str:
    """What was taken back; and of what was not, why."""
    _ = reader.say
    if outcome.obstacle is not None:
        return obstacle_words(outcome.obstacle, reader)
    parts = []
    if outcome.done:
        what = listed(outcome.done, reader)
        parts.append(
            {
                "acknowledge": _("Taken back for %(what)s: no longer acknowledged, the steps go on.", what=what),
                "resolve": _("Taken back for %(what)s: open again.", what=what),
                "snooze": _("Taken back for %(what)s: no longer snoozed.", what=what),
                "assign": _("Taken back for %(what)s: in the hands of whoever had it before.", what=what),
                "merge": _("Taken back for %(what)s: open again, with the alerts that went.", what=what),
            }.get(outcome.act, "")
        )
    if outcome.stopped:
        count = reader.count("%(n)s incident", "%(n)s incidents", outcome.stopped)
        parts.append(_("Stopped: nothing was changed of %(what)s.", what=count))
    for why in dict.fromkeys(why for _number, why in outcome.refused):
        numbers = [number for number, other in outcome.refused if other is why]
        parts.append(f"{listed(numbers, reader)}: {obstacle_words(why, reader)}")
    return " ".join(parts)


def obstacle_words(why: Obstacle, reader: Reader) -> str:
    _ = reader.say
    return {
        Obstacle.TOO_LATE: _("Not taken back: that is possible for ten minutes."),
        Obstacle.DONE: _("It was taken back already."),
        Obstacle.GONE: _("There is nothing of yours to take back."),
        Obstacle.MOVED_ON: _("Not taken back: somebody, or the clock, has done something with it since."),
        Obstacle.CLEARED: _("Not taken back: nothing of it fires any more, so it stays resolved."),
        Obstacle.ANOTHER: _("Not taken back: the same is open again under another number."),
        Obstacle.OTHER_OVER: _("Not taken back: the incident that it was merged into is over."),
        Obstacle.ELSEWHERE: _("Not taken back: its alerts have gone on to another incident since."),
    }[why]
