"""The pages of services: all of them, the worst first, and one with what it does and who is told of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlencode
from zoneinfo import ZoneInfo

from flask import abort, request
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.reports.say import Say
from dashboard.rows import Tab
from dashboard.rulebook.rows import from_input, local_input, policy_url, rule_url, step_rows
from dashboard.service_address import name_of, service_url, slug
from dashboard.services import queries, rows
from gateway.access.auth import READERS, Visit, require
from gateway.lists import filters
from gateway.lists.filters import Filter
from gateway.store.service_days import Day
from gateway.world import world
from rules.audience import notices
from rules.explain import ladder
from rules.services import named
from rules.text import clean_text
from rules.whose import team_of
from rules.words import Urgency

PAGE = 50
TRIED = 1_000  # services looked through for those of a team, for one page
NOISY, PAST = 8, 12
SORTS = ("-urgency", "name", "-incidents")
_CURSOR = re.compile(r"(\d{1,6})\.(\d{1,12})\.(.+)", re.DOTALL)


@bp.get("/services")
@require(*READERS)
def services(visit: Visit) -> ResponseReturnValue:
    reader, around = reader_of(visit), _around(visit)
    wanted = filters.read(request.args, visit.now, reader.zone)
    sort = order if (order := request.args.get("sort", "")) in SORTS else SORTS[0]
    open_now = queries.open_now()
    seen = {one.name: one.incidents for one in queries.seen()}
    names = {*seen, *open_now, *around.named}
    keys = {name: _key(sort, name, open_now.get(name), seen.get(name, 0)) for name in names}
    shown = sorted((name for name in names if _fits(name, wanted, open_now)), key=lambda name: keys[name])
    if after := _after():
        shown = [name for name in shown if keys[name] > after]
    page, last_name = _page(shown, wanted.team, around, reader)
    asked = {name: text for name, text in wanted.pairs(page=False) if name in ("q", "team", "urgency", "status")}
    asked |= {} if sort == SORTS[0] else {"sort": sort}
    last = keys[last_name] if last_name else None
    more = {**asked, "after": f"{last[0]}.{last[1]}.{slug(last[2])}"} if last else {}
    counted = queries.counted_at()
    values = {
        "page": "services",
        "rows": rows.Table(page, around, reader).rows(open_now),
        "tried": TRIED if last_name and len(page) < PAGE else 0,
        "asked": asked,
        "typed": wanted.typed,
        "sort": sort,
        "problems": [f"{one.word}:{one.value}" for one in _problems(wanted)],
        "urgencies": words.urgencies(reader),
        "teams": sorted(around.directory.teams),
        "all": len(names),
        "more": f"/services?{urlencode(more)}" if more else "",
        "counted": reader.moment(counted) if counted else None,
    }
    return draw(visit, "pages/services.html", values)


def _page(shown: Sequence[str], team: str, around: rows.Around, reader: Reader) -> tuple[list[str], str]:
    """The names of one page, and the last that was looked at if there are more."""
    if not team:
        return list(shown[:PAGE]), shown[PAGE - 1] if len(shown) > PAGE else ""
    page: list[str] = []  # whose a service is takes longer to say: a portion at a time
    for begin in range(0, min(len(shown), TRIED), PAGE):
        portion = shown[begin : begin + PAGE]
        for row in rows.Table(portion, around, reader).rows({}):
            if row.team == team:
                page.append(row.name)
            if len(page) == PAGE:
                return page, row.name if row.name != shown[-1] else ""
    return page, shown[TRIED - 1] if len(shown) > TRIED else ""


def _around(visit: Visit) -> rows.Around:
    book = world().shelf.book
    return rows.Around(book, queries.directory(), named(book), queries.today(ZoneInfo(book.timezone), visit.now))


def _problems(wanted: Filter) -> list[filters.Problem]:
    """Words of the incident list mean nothing here."""
    given = [filters.Problem(word, value, "no such value") for word, value in wanted.pairs(page=False)
             if word in ("service", "assignee", "source", "from", "to", "label")]  # fmt: skip
    return [one for one in (*wanted.problems, *given) if one.word != "sort"]


def _fits(name: str, wanted: Filter, open_now: dict[str, list[int]]) -> bool:
    counts = open_now.get(name, [0, 0, 0, 0])
    if wanted.q and wanted.q.casefold() not in name.casefold():
        return False
    if wanted.status == "open" and not any(counts):
        return False
    return not wanted.urgencies or any(counts[one.rank] for one in Urgency if one.value in wanted.urgencies)


def _key(sort: str, name: str, counts: list[int] | None, seen: int) -> tuple[int, int, str]:
    """What comes first: the worst, and of these those with most open; or the busiest; or by name."""
    if sort == "name":
        return 0, 0, name
    if sort == "-incidents":
        return 0, 10**9 - seen, name
    worst = next((rank for rank, count in enumerate(counts) if count), 4) if counts else 4
    return worst, 10**9 - (sum(counts) if counts else seen), name


def _after() -> tuple[int, int, str] | None:
    found = _CURSOR.fullmatch(request.args.get("after", ""))
    return (int(found[1]), int(found[2]), name_of(unquote(found[3]))) if found else None


@bp.get("/services/<path:name>")
@require(*READERS)
def service(visit: Visit, name: str) -> ResponseReturnValue:
    reader, around, name = reader_of(visit), _around(visit), name_of(name)
    if not name or clean_text(name) != name:  # no sender's name is like that: they are cleaned at the door
        abort(404)
    days, (counts, oldest) = queries.days([name]), queries.open_of(name)
    if not days and not any(counts) and name not in around.named:
        abort(404)
    (row,) = rows.Table([name], around, reader).rows({name: counts})
    open_, past = queries.open_incidents(name), _past(days)
    numbers = [one.id for one in open_] + [one.id for one in past]
    samples = queries.samples(numbers[: queries.SHOWN])
    noisy, scope = queries.noisiest(name, ZoneInfo(around.book.timezone), visit.now)
    values = {
        "page": "services",
        "row": row,
        "since": reader.moment(oldest) if oldest else None,
        "open": rows.lines(open_, reader),
        "past": rows.lines(past, reader),
        "all_url": rows.incidents_url(name, status="all"),
        "quiet": rows.quiet(around.directory.silences, name, samples, reader),
        "noisy": [
            (one, rows.incidents_url(name, status="all", label=f"alertname={one.name}")) for one in noisy[:NOISY]
        ],
        "noisy_since": Say(reader).day(scope.start),
        **_told(visit, name, days, around, reader),
    }
    return draw(visit, "pages/service.html", values)


def _past(days: list[Day]) -> list[queries.Brief]:
    """The newest that are over."""
    numbers = sorted((number for one in days for number in one.newest), reverse=True)[: 2 * queries.SHOWN]
    found = queries.incidents(numbers)
    over = [found[number] for number in numbers if number in found and found[number].status == "resolved"]
    return over[:PAST]


@dataclass(frozen=True, slots=True)
class Told:
    """By which rule, and by which policy."""

    rule: str
    rule_url: str
    policy: str
    policy_url: str


def _told(visit: Visit, name: str, days: list[Day], around: rows.Around, reader: Reader) -> dict[str, object]:
    """Minute by minute, for the class that was chosen, at the moment that was."""
    briefs = queries.incidents(one.newest[0] for one in days if one.newest)
    ways = rows.ways(days, briefs, around.named.get(name), around.book)
    if not ways:
        return {"told": None}
    way = next((one for one in ways if one.urgency.value == request.args.get("class")), ways[0])
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
                words.urgency(one.urgency.rank, reader).word,
                f"{service_url(name)}?{urlencode({'class': one.urgency.value, 'at': request.args.get('at', '')})}",
                one is way,
            )
            for one in ways
        ],
        "team": team_of(route, around.directory),
    }
