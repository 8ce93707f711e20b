"""HTTP for services: the list as its page has it, and one with what it does, who is told of it, and what is noise."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from gateway.acts import services as put_together
from gateway.acts.service_address import service_url
from gateway.acts.services import Around, Service
from gateway.doors.machine import answers
from gateway.doors.machine.bodies import missing
from gateway.doors.machine.door import READ, Call, as_json, bp, needs
from gateway.doors.machine.questions import PAGING, Asked
from gateway.store.base import COUNTED
from gateway.store.db import reading
from gateway.store.figures import stats
from gateway.store.figures.service_days import Day
from gateway.store.figures.services import Brief
from gateway.world import world
from rules.checks.explain import ladder, rung_as_data
from rules.checks.services import SORTS, Wanted, Way, cursor, place_of
from rules.duty.audience import notices
from rules.duty.whose import team_of
from rules.words import Silence, Urgency

SERVICES = ("q", "team", "urgency", "status", "sort", *PAGING)
STATUSES = ("open", "all")
BRIEF = ("id", "status", "title", "rule", "policy", "team", "opened_at", "resolved_at", "snoozed", "hidden")
NOISY = ("name", "incidents", "alerts", "pages")


@bp.get("/v1/services")
@needs(READ)
def services(call: Call) -> Response:
    wanted, limit = _wanted(request.args)
    with reading() as session:
        here = put_together.around(session, call.now)
        found = put_together.listing(session, wanted, limit, here)
    rows = [_service(one) for one in found.services]
    more = {"all": found.all, "days_counted_at": found.counted}
    return as_json({"services": rows, "next": cursor(found.next) or None, **more})


def _wanted(args: MultiDict[str, str]) -> tuple[Wanted, int]:
    asked = Asked(args, SERVICES)
    status = asked.words("status", STATUSES)
    wanted = Wanted(
        q=asked.one("q").strip()[:100],
        team=asked.one("team"),
        urgencies=asked.words("urgency", tuple(Urgency)),
        open="open" in status and "all" not in status,
        sort=asked.checked(
            "sort", lambda text: text if text in SORTS else None, f"one of {', '.join(SORTS)}", SORTS[0]
        ),
        after=asked.checked("after", place_of, "the `next` of an earlier page", None),
    )
    return wanted, asked.limit()


@bp.get("/v1/services/<path:name>")
@needs(READ)
def service(call: Call, name: str) -> Response:
    at = Asked(request.args, ("at",)).moment("at", call.now)
    with reading() as session:
        here = put_together.around(session, call.now)
        found = put_together.whole(session, name, here)
    if found is None:
        raise missing("service", name)
    more = {
        "oldest_open_at": found.since,
        "open_incidents": [_brief(one) for one in found.open],
        "resolved_incidents": [_brief(one) for one in found.past],
        "quiet": [_quiet(one, call.now) for one in found.quiet],
        "noisy_since": found.noisy_since.isoformat(),
        "noisy": [{name: getattr(one, name) for name in NOISY} for one in found.noisy],
        "ways": [_way(one, here, at) for one in found.service.ways],
    }
    return as_json(_service(found.service) | more)


def _service(one: Service) -> dict[str, Any]:
    public, path = world().settings.public_url, service_url(one.name)
    return {
        "name": one.name,
        "web_url": f"{public}{path}",
        "api_url": f"{public}/api/v1{path}",
        "team": one.team or None,
        "policy": one.policy or None,
        "policy_in_book": one.in_book,
        "named_in_book": one.named,
        "told_first": [{"who": told.who, "name": told.name} for told in one.told_first],
        "runbook": one.runbook or None,
        "open": _by_class(one.open),
        "open_is_at_least": any(count > COUNTED for count in one.open),
        "incidents": one.incidents,
        "days": _days(one.days),
    }


def _by_class(counts: Sequence[int]) -> dict[str, int]:
    return {urgency.value: counts[urgency.rank] for urgency in Urgency}


def _days(found: Iterable[Day]) -> list[dict[str, Any]]:
    by_day: dict[int, list[int]] = {}
    for one in found:
        by_day.setdefault(one.day, [0] * len(Urgency))[one.urgency] += one.incidents
    return [{"day": stats.date_of(day).isoformat(), "incidents": _by_class(by_day[day])} for day in sorted(by_day)]


def _brief(one: Brief) -> dict[str, Any]:
    more = {
        "urgency": answers.URGENCIES[one.urgency].value,
        "web_url": f"{world().settings.public_url}/incidents/{one.id}",
    }
    return {name: getattr(one, name) for name in BRIEF} | more


def _quiet(one: Silence, now: datetime) -> dict[str, Any]:
    starts, ends = one.spans[0]
    said = {"id": one.id, "kind": one.kind.value, "reason": one.reason, "author": one.author}
    matchers = [getattr(matcher, "text", "") for matcher in one.match]
    return said | {"matchers": matchers, "starts_at": starts, "ends_at": ends, "now": starts <= now < ends}


def _way(one: Way, here: Around, at: datetime) -> dict[str, Any]:
    """Minute by minute, if something of this class comes at that moment and nobody answers."""
    route = one.rule.route
    rungs = ladder(route, here.directory, at.astimezone(here.zone), timedelta(), notices)
    told = answers.without_addresses({"ladder": [rung_as_data(rung) for rung in rungs]})
    team = team_of(route, here.directory) or None
    return {"urgency": one.urgency.value, "rule": one.rule.name, "policy": route.policy, "team": team, **told}
