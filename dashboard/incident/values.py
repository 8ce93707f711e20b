"""All that the incident page shows, and which part of it the address asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from flask import current_app, url_for
from werkzeug.datastructures import MultiDict

from dashboard import queries as list_queries
from dashboard import rows
from dashboard.alarms import marked
from dashboard.incident import queries, timeline
from dashboard.incident.cards import alerts_card, details, what
from dashboard.incident.clients import clients
from dashboard.incident.hero import hero
from dashboard.incident.ladder import ladder
from dashboard.incident.past import near, neighbours, seen, verdicts
from dashboard.incident.why import why
from dashboard.incidents import filters
from dashboard.incidents.meaning import meaning
from dashboard.page import reader_of
from dashboard.reader import Reader
from dashboard.words import urgencies
from gateway.access.auth import Visit
from gateway.lists.filters import PAGE
from gateway.lists.matching import walk
from gateway.store.incidents.routes import route_of
from gateway.store.tables import AlertRow, Incident
from rules.lifecycle import has_next
from rules.words import Kind, Role, Status, Urgency

SNOOZES = (
    ("30m", "30 minutes"), ("1h", "1 hour"), ("2h", "2 hours"), ("4h", "4 hours"), ("1d", "1 day"),
    ("until 09:00 tomorrow", "until 09:00 tomorrow"), ("until 09:00 monday", "until 09:00 Monday"),
)  # fmt: skip
LENGTHS = (("", "for good"), *SNOOZES[:3], ("until 09:00", "until 09:00"))  # of an acknowledgement
ALERTS_SHOWN = 10
MUCH = ("2", "3", "4")  # how often the timeline grows by itself; then it is read page by page
LONGEST = 500  # characters of the query of the list that somebody came from
PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {  # parts of the timeline: word, kinds of lines
    "": ("All", ()),
    "people": ("People", timeline.OF_PEOPLE),
    "notifications": ("Notifications", timeline.OF_MESSAGES),
    "alerts": ("Alerts", timeline.OF_ALERTS),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the page somebody wants to see: a part of the timeline, from a line on; and the list they came from."""

    part: str = ""
    before: int | None = None
    came: str = ""
    much: int = 1  # of the timeline: times LINES

    def url(self, number: int, **changes: object) -> str:
        other = replace(self, **changes)  # type: ignore[arg-type]
        asked = {
            "tl": other.part,
            "before": other.before,
            "from": other.came,
            "much": other.much if other.much > 1 else None,
        }
        return url_for("dashboard.incident", number=number, **{name: value for name, value in asked.items() if value})  # type: ignore[arg-type]


def shown_of(args: MultiDict[str, str]) -> Shown:
    """An unknown word is read as its default, never as an error."""
    part, before = args.get("tl", ""), args.get("before", "")
    known = before.isascii() and before.isdigit() and len(before) < 18
    came, much = args.get("from", "")[:LONGEST], args.get("much", "")
    times = int(much) if much in MUCH else 1
    return Shown(part if part in PARTS else "", int(before) if known else None, came, times)


def shown_at(address: str | None) -> Shown:
    """The same from a whole address: that of the page on which somebody pressed a button."""
    try:
        query = urlsplit(address or "").query
    except ValueError:  # no address at all, such as http://[
        query = ""
    return shown_of(MultiDict(parse_qsl(query)))


def incident_values(visit: Visit, found: Incident, wanted: Shown = Shown()) -> dict[str, object]:
    """Everything the page shows. The mark is read first: what changes meanwhile is drawn once more, never missed."""
    mark = marked(queries.mark(found.id), visit.now)
    reader, directory = reader_of(visit), list_queries.directory()
    sent, alerts = queries.deliveries(found.id), queries.alerts(found.id)
    source = queries.source_of(found)
    total, firing = queries.count_alerts(found.id)
    told = clients(found, visit, reader)
    top = hero(found, source.name, firing, sent, directory, reader)
    return {
        "page": "incident",
        "mark": mark,
        "row": rows.row(found, None, directory, reader),
        "hero": replace(top, banners=[*top.banners, *told.banners]),
        "clients": told,
        "what": what(alerts),
        "ladder": ladder(found, sent, directory, reader),
        "why": why(found, directory, reader),
        "alerts": alerts_card(alerts[:ALERTS_SHOWN], reader),
        "alerts_total": total,
        "details": details(found, source, sent, reader),
        "outside": queries.outside(found.id),
        "seen": seen(found, reader),
        "near": near(found, reader),
        **_timeline(visit, found, wanted),
        **_way(visit, found, wanted),
        **(_controls(visit, found, alerts, reader) if visit.may_act else {"can": set()}),
    }


def _timeline(visit: Visit, found: Incident, wanted: Shown) -> dict[str, object]:
    reader = reader_of(visit)
    people = list_queries.directory().people.items()
    names = {email: person.name or email for email, person in people}
    most = queries.LINES * wanted.much
    entries = queries.entries(found.id, PARTS[wanted.part][1], wanted.before, most)
    lines = entries[:most]
    older = wanted.url(found.id, before=lines[-1].id, much=1) if len(entries) > most else ""
    grows = older and str(wanted.much + 1) in MUCH
    return {
        "lines": timeline.lines(lines, reader, names),
        "older": older,
        "longer": wanted.url(found.id, much=wanted.much + 1) if grows else "",
        "newest": wanted.url(found.id, before=None, much=1) if wanted.before else "",
        "parts": [
            (reader.say(word), wanted.url(found.id, part=name, before=None, much=1), name == wanted.part)
            for name, (word, _kinds) in PARTS.items()
        ],
    }


def _way(visit: Visit, found: Incident, wanted: Shown) -> dict[str, object]:
    """Back to the list somebody came from, and to the incidents beside this one in it."""
    if not wanted.came:
        return {"up": "/incidents", "previous": "", "next": "", "place": 0}
    asked = filters.read(MultiDict(parse_qsl(wanted.came)), visit.now, reader_of(visit).zone)
    numbers = [one.id for one in walk(asked, meaning(asked, visit), PAGE).rows]
    before, after, place = neighbours(numbers, found.id)
    return {
        "up": f"/incidents?{wanted.came}" if asked.query else "/incidents",
        "previous": Shown(came=wanted.came).url(before) if before else "",
        "next": Shown(came=wanted.came).url(after) if after else "",
        "place": place,
        "places": len(numbers),
    }


def _controls(visit: Visit, found: Incident, alerts: Sequence[AlertRow], reader: Reader) -> dict[str, object]:
    """What this person may do with it as it stands; a control that is refused is not drawn."""
    is_open = found.status != Status.RESOLVED
    of_alerts = found.kind == Kind.ALERT
    can = {
        "escalate": is_open and has_next(route_of(found.route), found.level),
        "urgency": is_open,
        "title": found.merged_into is None,
        "merge": is_open and of_alerts,
        "split": is_open and of_alerts and sum(1 for alert in alerts if alert.firing) > 1,
        "fixed": not is_open and found.merged_into is None,
        "silence": is_open and of_alerts and "dashboard.new_silence" in current_app.view_functions,
        "payloads": True,
    }
    return {
        "can": {name for name, may in can.items() if may},
        "level": found.level,
        "urgency_now": list(Urgency)[found.urgency].value,
        "urgencies": urgencies(reader),
        "verdicts": verdicts(found, visit.person.person_id, reader),
        "lengths": [(value, reader.say(word)) for value, word in LENGTHS],
        "snoozes": [(value, reader.say(word)) for value, word in SNOOZES],
        "people": _choices(visit),
    }


def _choices(visit: Visit) -> list[tuple[str, str]]:
    """Who may be given it: whoever looks at the page first, then by name. A viewer is never paged."""
    people = [person for person in list_queries.directory().people.values() if person.role is not Role.VIEWER]
    people.sort(key=lambda person: (person.email != visit.person.email, person.name.lower()))
    return [(person.email, person.name or person.email) for person in people]


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("30 minutes"), _("1 hour"), _("2 hours"), _("4 hours"), _("1 day"), _("until 09:00 tomorrow"),
        _("until 09:00 Monday"),
        _("for good"), _("until 09:00"), _("All"), _("People"), _("Notifications"), _("Alerts"),
    )  # fmt: skip
