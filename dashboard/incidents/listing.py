"""Everything the list shows, every word ready: rows and storms, tabs, chips, and what it says when there is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import request

from dashboard import queries, rows, words
from dashboard.alarms import marked
from dashboard.glance import Count, Counts, whole
from dashboard.incidents import chips, saved, storms
from dashboard.incidents.details import Details, details
from dashboard.incidents.filters import Filter
from dashboard.incidents.meaning import meaning
from dashboard.incidents.nothing import blamed
from dashboard.incidents.silent import silent
from dashboard.incidents.storms import Fold
from dashboard.page import reader_of
from dashboard.reader import Moment, Reader, grouped
from dashboard.rows import Row, Tab
from dashboard.words import Badge
from gateway.access.auth import Visit
from gateway.lists.filters import DENSITIES, MOST_ROWS, PAGE, SORTS
from gateway.lists.matching import SEARCHED, Light, is_loose, walk
from gateway.lists.meaning import Meant
from gateway.store.types import micros
from rules.words import Status

DENSITY = "density"  # the cookie that remembers it
SILENT = 3  # sources that are named as silent


@dataclass(frozen=True, slots=True)
class StormRow:
    """Many incidents in one line."""

    words: str
    urgency: Badge
    status: Badge
    opened: Moment
    expand: str
    query: str  # all of them, for an act on all …
    standing: str  # … of this status: what else opened meanwhile is not meant
    may_acknowledge: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing is open: since when, and the proof that we would have heard."""

    since: Moment | None
    heard: Moment | None
    source: str


@dataclass(frozen=True, slots=True)
class Page:
    shown: list[Row | StormRow]
    more: str  # the address of the next page
    count: str


def listing(visit: Visit, wanted: Filter) -> dict[str, object]:
    """The mark is read first: what changes meanwhile is drawn once more, never missed."""
    beat, around = whole(visit.now)
    mark, counts = marked(beat.mark, visit.now), around.counts
    reader, meant, teams = reader_of(visit), meaning(wanted, visit), saved.teams_of(visit)
    folded, after = _folded(wanted, meant)
    ids = [one.id for one in folded if not isinstance(one, Fold)]
    found = details(ids, micros(visit.now), visit.person.person_id, teams, SILENT)
    page = _page(wanted, folded, after, found, reader)
    quiet = not page.shown and not wanted.narrows and wanted.status == "unresolved"
    return {
        "page": "incidents",
        "mark": mark,
        "rows": page.shown,
        "wanted": wanted,
        "more": page.more,
        "grows": wanted.rows < MOST_ROWS,
        "shown": page.count,
        "order": order_words(wanted.order, reader),
        "tabs": tabs(wanted, counts, found.resolved, reader),
        "chips": chips.chips(wanted, meant.problems, reader),
        "kept": chips.kept(wanted),
        "counts": counts,
        "aside": around.aside,
        "blamed": blamed(wanted, visit) if wanted.narrows and not page.shown else None,
        "matching": reader.say("%(n)s unresolved without the filter.", n=str(counts.unresolved)),
        "quiet": _quiet(visit) if quiet else None,
        "silent": [silent(*one, reader) for one in found.silent],
        "searched": grouped(SEARCHED) if is_loose(wanted, meant) else "",
        "density": density_of(wanted),
        "views": saved.menu(visit, wanted, found.views, teams, found.watched),
        "lengths": snoozes(reader),
        "people": people(visit),
        "facets": facets(wanted, reader),
        "periods": periods(wanted, reader),
        "sorts": sorts(wanted, reader),
        "form": False,
    }


def _folded(wanted: Filter, meant: Meant) -> tuple[list[Light | Fold], tuple[int, int] | None]:
    """The lines of a page, storms in one, and where the next begins, if there is one."""
    size = wanted.rows
    found = walk(wanted, meant, size + 1)
    folded = storms.fold(found.rows[:size], wanted)
    if len(found.rows) > size and any(isinstance(one, Fold) for one in folded):
        found = walk(wanted, meant, storms.LOOKED_AT)
        folded = storms.fold(found.rows, wanted)
        over = len(found.rows) == storms.LOOKED_AT
        last = found.rows[-1] if over else None
    else:
        last = found.rows[size - 1] if len(found.rows) > size else None
        folded = storms.fold(found.rows[:size], wanted)
    if len(folded) > size:
        folded, end = folded[:size], folded[size]
        number = end.ids[0] if isinstance(end, Fold) else end.id
        places = [one.id for one in found.rows]
        last = found.rows[max(0, places.index(number) - 1)]
    return folded, last.cursor(wanted.order) if last is not None else found.stopped


def _page(
    wanted: Filter,
    folded: Sequence[Light | Fold],
    after: tuple[int, int] | None,
    found: Details,
    reader: Reader,
) -> Page:
    shown = _rows(folded, found, wanted, reader)
    return Page(shown, _more(wanted, after), reader.count("%(n)s shown", "%(n)s shown", len(shown)))


def _more(wanted: Filter, after: tuple[int, int] | None) -> str:
    """First the page grows, so that what is on it stays and lives; then comes the next one."""
    if after is None:
        return ""
    longer = wanted.rows < MOST_ROWS
    return wanted.url(rows=wanted.rows + PAGE, after=wanted.after) if longer else wanted.url(after=after)


def _rows(folded: Sequence[Light | Fold], found: Details, wanted: Filter, reader: Reader) -> list[Row | StormRow]:
    known = [found.rows[one.id] for one in folded if not isinstance(one, Fold) and one.id in found.rows]
    drawn = {row.number: row for row in rows.rows(known, found.messages, reader, found.fired)}
    drawn |= {number: replace(drawn[number], outside=url) for number, url in found.outside.items() if number in drawn}
    shown: list[Row | StormRow] = []
    for one in folded:
        if isinstance(one, Fold):
            shown.append(_storm(one, found.sources.get(one.source_id, "?"), wanted, reader))
        elif one.id in drawn:
            shown.append(drawn[one.id])
    return shown


def _storm(one: Fold, source: str, wanted: Filter, reader: Reader) -> StormRow:
    opened, expanded = reader.moment(one.first), one.expanded(wanted, source)
    said = reader.count(
        "Storm: %(n)s incident of %(source)s since %(time)s", "Storm: %(n)s incidents of %(source)s since %(time)s",
        len(one.ids), source=source, time=opened.short,
    )  # fmt: skip
    status = words.status(one.status, reader, snoozed=wanted.status == "snoozed")
    can = one.status is Status.TRIGGERED
    urgency = words.urgency(one.urgency.rank, reader)
    return StormRow(said, urgency, status, opened, expanded.url(), expanded.query, one.status.value, can)


def density_of(wanted: Filter) -> str:
    kept = request.cookies.get(DENSITY, "")
    return wanted.density or (kept if kept in DENSITIES else DENSITIES[0])


def snoozes(reader: Reader) -> list[tuple[str, str]]:
    _ = reader.say
    return [
        ("30m", _("30 minutes")), ("2h", _("2 hours")), ("4h", _("4 hours")), ("1d", _("1 day")),
        ("until 09:00 tomorrow", _("until 09:00 tomorrow")), ("until 09:00 monday", _("until 09:00 Monday")),
    ]  # fmt: skip


def people(visit: Visit) -> list[tuple[str, str]]:
    """Who may be given it, whoever looks first."""
    if not visit.may_act:
        return []
    found = [one for one in queries.directory().people.values() if one.role != "viewer"]
    found.sort(key=lambda one: (one.email != visit.person.email, one.name.lower()))
    return [(one.email, one.name or one.email) for one in found]


@dataclass(frozen=True, slots=True)
class Facet:
    """A menu of values; they are asked for when it is opened."""

    name: str
    word: str
    url: str
    on: bool


def facets(wanted: Filter, reader: Reader) -> list[Facet]:
    _ = reader.say
    known = (("urgency", _("Urgency")), ("service", _("Service")), ("team", _("Team")), ("assignee", _("Assignee")),
             ("source", _("Source")))  # fmt: skip
    place = wanted.url("facet")
    sign = "&" if "?" in place else "?"
    return [
        Facet(
            name, word, f"{place}{sign}name={name}", bool(wanted.urgencies if name == "urgency" else wanted.value(name))
        )
        for name, word in known
    ]


def periods(wanted: Filter, reader: Reader) -> list[tuple[str, str, bool]]:
    """Words, address, and whether it is this one."""
    _ = reader.say
    known = (("", "", _("Any time")), ("-1h", "", _("Last hour")), ("-24h", "", _("Last 24 hours")),
             ("yesterday-22:00", "today-09:00", _("Last night")), ("-7d", "", _("Last 7 days")))  # fmt: skip
    return [
        (word, wanted.url(since=since, until=until), (wanted.since, wanted.until) == (since, until))
        for since, until, word in known
    ]


def sorts(wanted: Filter, reader: Reader) -> list[tuple[str, str, bool]]:
    """The orders that this list can be walked in."""
    known = SORTS if wanted.unresolved else ("age", "-age")
    return [(order_words(one, reader), wanted.url(sort=one), one == wanted.order) for one in known]


def order_words(order: str, reader: Reader) -> str:
    _ = reader.say
    return {
        "-urgency": _("Open first, then by urgency, newest first."), "age": _("Newest first."),
        "-age": _("Oldest first."), "-alerts": _("Most alerts first."),
    }[order]  # fmt: skip


def tabs(wanted: Filter, counts: Counts, resolved: int, reader: Reader) -> list[Tab]:
    """Lists that never end tell their number only to who points at them: it says little, and is soon 1,000+."""
    _ = reader.say
    known = [
        ("unresolved", _("Unresolved"), str(counts.unresolved)),
        ("open", reader.say_as("list", "Open"), str(counts.open)),
        ("ack", reader.say_as("list", "Acknowledged"), str(counts.ack)),
        ("snoozed", reader.say_as("list", "Snoozed"), str(counts.snoozed)),
        ("suppressed", reader.say_as("list", "Suppressed"), str(counts.hidden)),
        ("resolved", reader.say_as("list", "Resolved"), ""),
        ("all", _("All"), ""),
    ]
    ends = {"resolved": Count(resolved), "all": Count(resolved + counts.unresolved)}
    return [
        Tab(word, wanted.url(status=name, view=""), wanted.status == name, count, str(ends.get(name, "")))
        for name, word, count in known
    ]


def _quiet(visit: Visit) -> Quiet:
    reader = reader_of(visit)
    since = queries.last_resolved_at()
    heard = next((one for one in queries.sources() if one.last_seen_at), None)
    return Quiet(
        since=reader.moment(since) if since else None,
        heard=reader.moment(heard.last_seen_at) if heard and heard.last_seen_at else None,
        source=heard.name if heard else "",
    )
