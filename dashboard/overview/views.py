"""The page Overview and its live part."""

from dataclasses import replace
from datetime import timedelta

from flask.typing import ResponseReturnValue

from dashboard.alarms import marked
from dashboard.blueprint import bp
from dashboard.glance import frame, pulse
from dashboard.overview import cards, queries
from dashboard.overview.checklist import checklist
from dashboard.page import draw, reader_of
from gateway.access.auth import READERS, Visit, require
from gateway.acts.service_address import service_url
from gateway.store.figures.stats import Scope
from gateway.world import world
from rules.times.walltime import zone_of

WEEK = 7


@bp.get("/overview")
@require(*READERS)
def overview(visit: Visit) -> ResponseReturnValue:
    todo = checklist(visit, queries.directory())
    return draw(visit, "pages/overview.html", {**overview_values(visit), "todo": todo})


def overview_values(visit: Visit) -> dict[str, object]:
    """The mark is read first: what changes meanwhile is drawn once more, never missed."""
    mark = marked(pulse(visit.now).mark, visit.now)
    reader, directory, services = reader_of(visit), queries.directory(), queries.services()
    tiles = cards.tiles(visit.now, reader)
    tones, around = cards.pipeline(visit.now, reader), frame(visit.now)
    return {
        "page": "overview", "mark": mark, "tiles": tiles, "quiet": not any(one.open or one.acked for one in tiles),
        "duties": cards.duties(directory, reader), "gaps": cards.coming_gaps(directory, reader),
        "services": [(*one, service_url(one[0])) for one in services[: queries.GRID]],
        "more": len(services) > queries.GRID, "last": cards.last(reader),
        "calm": len(queries.known_services() - {one[0] for one in services}),
        "strip": cards.strip(visit.now, reader), "tones": tones, "healthy": not any(one.bad for one in tones),
        "counts": around.counts, "aside": around.aside, "latest": cards.latest(reader), "nights": _nights(visit),
    }  # fmt: skip


def _nights(visit: Visit) -> tuple[int, int] | None:
    """Pages in sleep hours, this week so far and last week; none before anything was counted."""
    if queries.counted_until() is None:
        return None
    zone = zone_of(world().shelf.book.timezone)
    today = visit.now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    this = Scope(monday, monday + timedelta(days=WEEK), zone)
    last = replace(this, start=monday - timedelta(days=WEEK), end=monday)
    return queries.sleep_pages(this), queries.sleep_pages(last)
