"""The pages of services: all of them, the worst first, and one with what it does and who is told of it."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from flask import abort, request
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.reports.say import Say
from dashboard.rows import Tab
from dashboard.rulebook.rows import from_input, local_input, policy_url, rule_url, step_rows
from dashboard.services import rows
from gateway.access.auth import READERS, Visit, require
from gateway.acts import services as put_together
from gateway.acts.service_address import service_url
from gateway.acts.services import Around, Service
from gateway.lists import filters
from gateway.lists.filters import Filter
from gateway.lists.grammar import condition
from gateway.store.db import db
from rules.checks.explain import ladder
from rules.checks.services import SORTS, Wanted, cursor, place_of
from rules.duty.audience import notices
from rules.duty.whose import team_of

PAGE = 50


@bp.get("/services")
@require(*READERS)
def services(visit: Visit) -> ResponseReturnValue:
    reader, around = reader_of(visit), put_together.around(db.session(), visit.now)
    read = filters.read(request.args, visit.now, reader.zone)
    sort = order if (order := request.args.get("sort", "")) in SORTS else SORTS[0]
    after = place_of(request.args.get("after", ""))
    wanted = Wanted(read.q, read.team, read.urgencies, read.status == "open", sort, after)
    found = put_together.listing(db.session(), wanted, PAGE, around)
    asked = {name: text for name, text in read.pairs(page=False) if name in ("q", "team", "urgency", "status")}
    asked |= {} if sort == SORTS[0] else {"sort": sort}
    values = {
        "page": "services",
        "rows": [rows.row(one, around.today, reader) for one in found.services],
        "tried": found.tried,
        "asked": asked,
        "typed": read.typed,
        "sort": sort,
        "problems": [f"{one.word}:{one.value}" for one in _problems(read)],
        "urgencies": words.urgencies(reader),
        "teams": sorted(around.directory.teams),
        "all": found.all,
        "more": f"/services?{urlencode({**asked, 'after': cursor(found.next)})}" if found.next else "",
        "counted": reader.moment(found.counted) if found.counted else None,
    }
    return draw(visit, "pages/services.html", values)


def _of_alert(service: str, name: str) -> str:
    """The list of its incidents."""
    return rows.incidents_url(service, status="all", label=condition("alertname", "=", name))


def _problems(wanted: Filter) -> list[filters.Problem]:
    """Words of the incident list mean nothing here."""
    given = [filters.Problem(word, value, "no such value") for word, value in wanted.pairs(page=False)
             if word in ("service", "assignee", "source", "from", "to", "label")]  # fmt: skip
    return [one for one in (*wanted.problems, *given) if one.word != "sort"]


@bp.get("/services/<path:name>")
@require(*READERS)
def service(visit: Visit, name: str) -> ResponseReturnValue:
    reader, around = reader_of(visit), put_together.around(db.session(), visit.now)
    found = put_together.whole(db.session(), name, around)
    if found is None:
        abort(404)
    one = found.service
    values = {
        "page": "services",
        "row": rows.row(one, around.today, reader),
        "since": reader.moment(found.since) if found.since else None,
        "open": rows.lines(found.open, reader),
        "past": rows.lines(found.past, reader),
        "all_url": rows.incidents_url(one.name, status="all"),
        "quiet": [rows.quiet(each, reader) for each in found.quiet],
        "noisy": [(each, _of_alert(one.name, each.name)) for each in found.noisy],
        "noisy_since": Say(reader).day(found.noisy_since),
        **_told(visit, one, around, reader),
    }
    return draw(visit, "pages/service.html", values)


@dataclass(frozen=True, slots=True)
class Told:
    """By which rule, and by which policy."""

    rule: str
    rule_url: str
    policy: str
    policy_url: str


def _told(visit: Visit, one: Service, around: Around, reader: Reader) -> dict[str, object]:
    """Minute by minute, for the class that was chosen, at the moment that was."""
    if not one.ways:
        return {"told": None}
    way = next((each for each in one.ways if each.urgency.value == request.args.get("class")), one.ways[0])
    at = from_input(request.args.get("at", ""), reader) or visit.now
    route = way.rule.route
    rungs = ladder(route, around.directory, at.astimezone(reader.zone), timedelta(), notices)
    number = 1 + next(place for place, rule in enumerate(around.book.routes) if rule is way.rule)
    return {
        "told": Told(way.rule.name, rule_url(way.rule.name, number), route.policy, policy_url(route.policy)),
        "steps": step_rows(rungs, route, around.directory, reader),
        "urgency": words.urgency(route.urgency.rank, reader),
        "chosen": route.urgency.value,
        "at_input": local_input(at, reader),
        "class_tabs": [
            Tab(
                words.urgency(each.urgency.rank, reader).word,
                f"{service_url(one.name)}?{urlencode({'class': each.urgency.value, 'at': request.args.get('at', '')})}",
                each is way,
            )
            for each in one.ways
        ],
        "team": team_of(route, around.directory),
    }
