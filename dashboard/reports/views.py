"""The report pages: response, load on people, noise, services, delivery, and how all of it is computed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.incidents.saved import teams_of
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.reports import answers, cards, charts, noisy, queries, subscribed
from dashboard.reports import asked as asking
from dashboard.reports.asked import Asked
from dashboard.reports.definitions import definitions
from dashboard.reports.held import held
from dashboard.reports.say import Say
from dashboard.reports.sentences import sentences
from gateway.access.auth import READERS, Visit, require
from gateway.store.figures import reports as store
from gateway.store.figures import stats
from gateway.world import world
from rules.reports.figures import GOAL_DELIVERED, GOAL_IN_TIME, NORM_OF_NIGHTS
from rules.times.walltime import zone_of
from rules.words import Role, Urgency

TITLES = {
    "response": "Response report",
    "load": "Load on people",
    "noise": "Noise",
    "services": "Services",
    "delivery": "Delivery",
}
TABLES = {  # what of each page there is as a file
    "response": (("figures", "Figures"), ("days", "Incidents per day"), ("classes", "Acknowledged within target")),
    "load": (("people", "Load per person"), ("hours", "When people were paged"), ("cover", "How schedules were held")),
    "noise": (("noise", "Noisiest alerts"),),
    "services": (("services", "Services"),),
    "delivery": (("channels", "Delivery by channel"),),
}


def zone() -> ZoneInfo:
    """Reports count days of the house, not of who reads: all readers see the same numbers."""
    return zone_of(world().shelf.book.timezone)


def wanted(visit: Visit) -> Asked:
    return asking.read(request.args, visit.now, zone(), own_team(visit))


def own_team(visit: Visit) -> str:
    """Responders look at their own team first; whoever is in none, or plans for all, at everybody."""
    mine = teams_of(visit) if visit.person.role is Role.RESPONDER else []
    return min(mine, default="")


@bp.get("/reports")
@require(*READERS)
def reports(visit: Visit) -> ResponseReturnValue:
    return _page(visit, "response")


@bp.get("/reports/load")
@require(*READERS)
def reports_load(visit: Visit) -> ResponseReturnValue:
    return _page(visit, "load")


@bp.get("/reports/noise")
@require(*READERS)
def reports_noise(visit: Visit) -> ResponseReturnValue:
    return _page(visit, "noise")


@bp.get("/reports/services")
@require(*READERS)
def reports_services(visit: Visit) -> ResponseReturnValue:
    return _page(visit, "services")


@bp.get("/reports/delivery")
@require(*READERS)
def reports_delivery(visit: Visit) -> ResponseReturnValue:
    return _page(visit, "delivery")


@bp.get("/reports/definitions")
@require(*READERS)
def reports_definitions(visit: Visit) -> ResponseReturnValue:
    reader = reader_of(visit)
    values = {"page": "reports", "definitions": definitions(reader), "exact_most": store.EXACT_MOST}
    return draw(visit, "pages/report_definitions.html", values)


def _page(visit: Visit, kind: str) -> Response:
    reader, asked = reader_of(visit), wanted(visit)
    values = report_values(kind, asked, reader, visit.now)
    last = asked.scope.end - timedelta(days=1)
    own = {
        "last_day": last.isoformat(),
        "tables": [(name, reader.say(word)) for name, word in TABLES[kind]],
        "page": "reports",
        "choices": _choices(asked, kind, reader),
        "weekly": subscribed.wants(visit),
    }
    return draw(visit, f"pages/report_{kind}.html", {**values, **own})


def report_values(kind: str, asked: Asked, reader: Reader, now: datetime) -> dict[str, object]:
    """Everything a report shows but for the frame: for guests as well."""
    say, scope = Say(reader), asked.scope
    answer = queries.answer(scope, now)
    figures, then = answer.figures, queries.answer(store.before(scope), now).figures
    names = queries.names(one.person_id for one in figures.loads)
    shown = {number: cards.shown_name(name, asked) for number, name in names.items()}
    found, weeks = queries.alert_rows(scope, now)
    noise = noisy.judged(store.noise(found), scope)
    said = noisy.sentence(noise, say)
    return {
        "kind": kind, "title": reader.say(TITLES[kind]), "asked": asked, "say": say, "answer": answer,
        "span": say.days(scope.start, scope.end), "before": _before(asked, say), "zone_name": scope.zone.key,
        "made": reader.moment(now), "sentences": sentences(figures, then, said, shown, scope.days, say),
        "kpis": cards.kpis(figures, then, asked, say), "classes": cards.classes(figures, targets(), asked, say),
        "chart": charts.by_day(figures, asked, say), "heat": charts.heat(figures, reader),
        "legend": [(rank + 1, reader.say(words.URGENCIES[rank]), say.number(figures.by_urgency[rank].incidents))
                   for rank in range(4)],
        "loads": cards.loads(figures, names, asked), "channels": cards.channels(figures, say),
        "funnel": cards.funnel(figures, scope, say), "noise": noisy.rows(noise, asked, say),
        "rules": noisy.rules(scope, say), "noise_count": len(noise), "weeks": weeks,
        "services": cards.services(store.services(found), asked, say) if kind == "services" else [],
        "held": held(queries.covers_of(scope, now), asked, say) if kind == "load" else [],
        "further": answers.further(figures, then, say), "hours": answers.by_hours(figures, say),
        "missed": answers.missed(asked, now, say) if kind == "response" and figures.missed else [],
        "missed_all": figures.missed, "total": figures.total, "definitions": definitions(reader),
        "goals": (f"{GOAL_IN_TIME:.0f}\u00a0%", f"{GOAL_DELIVERED:.0f}\u00a0%", NORM_OF_NIGHTS),
        "since": say.day(stats.date_of(answer.since)) if answer.since is not None else "",
        "until": reader.moment(answer.until) if answer.until else None,
    }  # fmt: skip


def _before(asked: Asked, say: Say) -> str:
    scope = store.before(asked.scope)
    return say.days(scope.start, scope.end)


def targets() -> Mapping[int, float]:
    """Of each class as the rule book has it now."""
    classes = world().shelf.book.classes
    return {one.rank: classes[one].acknowledge_within.total_seconds() for one in Urgency if one in classes}


def _choices(asked: Asked, kind: str, reader: Reader) -> dict[str, object]:
    periods = [("7d", reader.say("7 days")), ("30d", reader.say("30 days")), ("90d", reader.say("90 days"))]
    bare = {"from": "", "to": ""}
    kinds = [(asked.url(one), reader.say(title), one == kind) for one, title in TITLES.items()]
    return {
        "periods": [(asked.url(kind, p="" if key == "30d" else key, **bare), word, key == asked.period)
                    for key, word in periods],
        "calendar": [(asked.url(kind, p=key, **bare), word, key == asked.period) for key, word in (
            ("month", reader.say("This month")), ("last-month", reader.say("Last month")),
            ("quarter", reader.say("This quarter")), ("last-quarter", reader.say("Last quarter")))],
        "kinds": kinds,
        "teams": queries.teams(),
        "services": queries.services(),
        "urgencies": words.urgencies(reader),
        "query": asked.query(),
    }  # fmt: skip


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("How schedules were held"),
        _("Figures"),
        _("Response report"),
        _("Load on people"),
        _("Noise"),
        _("Services"),
        _("Delivery"),
    )
