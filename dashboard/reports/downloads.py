"""Every table of the reports as a file: CSV for anybody, XLSX with real numbers for spreadsheets."""

import csv
import io
from collections.abc import Sequence

from flask import Response, abort
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import reader_of
from dashboard.reader import Reader
from dashboard.reports import cards, noisy, queries, sheet, views
from dashboard.reports.asked import Asked
from dashboard.reports.say import Say
from gateway.access.auth import READERS, Visit, require
from gateway.lists.sheet import safe
from gateway.store.figures import reports as store
from gateway.store.figures.stats import date_of
from rules.duty.duty_load import Cover
from rules.reports import figures
from rules.reports.noise import Noise
from rules.reports.report import Figures, flat

Cell = str | int | float | None
Table = list[list[Cell]]
KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FIGURES = {"figures", "days", "classes", "people", "hours", "channels"}


@bp.get("/reports/table/<name>.<any(csv, xlsx):form>")
@require(*READERS)
def report_table(visit: Visit, name: str, form: str) -> ResponseReturnValue:
    asked, reader = views.wanted(visit), reader_of(visit)
    if name in FIGURES:
        answer = queries.answer(asked.scope, visit.now)
        rows = of_figures(name, answer.figures, asked, reader)
    elif name in ("noise", "services"):
        found, _ = queries.alert_rows(asked.scope, visit.now)
        rows = of_alerts(name, noisy.judged(store.noise(found), asked.scope), store.services(found), reader)
    elif name == "cover":
        rows = _cover(queries.covers_of(asked.scope, visit.now), reader)
    else:
        abort(404)
    scope = asked.scope
    called = f"nabat-{name}-{scope.start.isoformat()}-{date_of(scope.after - 1).isoformat()}.{form}"
    body = sheet.workbook(name, rows) if form == "xlsx" else as_csv(rows, reader)
    headers = {"Content-Disposition": f'attachment; filename="{called}"', "Cache-Control": "no-store"}
    return Response(body, content_type=KINDS[form], headers=headers)


def as_csv(rows: Table, reader: Reader) -> bytes:
    """As the reader's spreadsheet expects it: in Russian with semicolons and decimal commas."""
    text = io.StringIO()
    russian = reader.language == "ru"
    writer = csv.writer(text, delimiter=";" if russian else ",")
    for row in rows:
        writer.writerow([_cell(value, russian=russian) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Cell, *, russian: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        text = f"{value:.3f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if russian else text
    return safe(value) if isinstance(value, str) else str(value)


def of_figures(name: str, found: Figures, asked: Asked, reader: Reader) -> Table:
    makers = {
        "figures": lambda: _figures(found, reader),
        "days": lambda: _days(found, asked, reader),
        "classes": lambda: _classes(found, reader),
        "people": lambda: _people(found, asked, reader),
        "hours": lambda: _hours(found, reader),
        "channels": lambda: _channels(found, reader),
    }
    return makers[name]()


def _figures(found: Figures, reader: Reader) -> Table:
    _ = reader.say
    rows: Table = [[_("Figure"), _("Value")]]
    rows += [[name, value] for name, value in flat(found).items()]
    return rows


def _days(found: Figures, asked: Asked, reader: Reader) -> Table:
    """A row a day, the date as it stands on the wall there."""
    rows: Table = [[reader.say("Day"), *(reader.say(word) for word in words.URGENCIES.values())]]
    for day in range(asked.scope.first, asked.scope.after):
        rows.append([date_of(day).isoformat(), *(found.by_day.get((day, rank), 0) for rank in range(4))])
    return rows


def _classes(found: Figures, reader: Reader) -> Table:
    _ = reader.say
    targets = views.targets()
    rows: Table = [[_("Class"), _("Target, s"), _("In time"), _("Judged"), _("In time, %"), _("Median, s")]]
    for rank, word in words.URGENCIES.items():
        sums = found.by_urgency[rank]
        spread = found.ack_of.get(rank, figures.Spread())
        share = figures.share(sums.in_time, sums.eligible)
        rows.append([_(word), targets.get(rank), sums.in_time, sums.eligible, share, cards.enough(spread)])
    return rows


def _people(found: Figures, asked: Asked, reader: Reader) -> Table:
    _ = reader.say
    names = queries.names(one.person_id for one in found.loads)
    rows: Table = [[_("Person"), _("Pages"), _("work hours"), _("off-hours"), _("Sleep"), _("Nights")]]
    for one in found.loads:
        name = cards.shown_name(names.get(one.person_id, "?"), asked)
        rows.append([name, one.pages, one.work, one.off, one.sleep, one.nights])
    return rows


def _cover(found: Sequence[Cover], reader: Reader) -> Table:
    _ = reader.say
    rows: Table = [[_("Schedule"), _("Team"), _("Hand-overs"), _("Hours with nobody")]]
    rows += [[one.schedule, one.team, one.handovers, one.uncovered.total_seconds() / 3600] for one in found]
    return rows


def _hours(found: Figures, reader: Reader) -> Table:
    rows: Table = [[reader.say("Day"), *(f"{hour:02}" for hour in range(24))]]
    for row, name in enumerate(reader.say("Mon Tue Wed Thu Fri Sat Sun").split()):
        rows.append([name, *found.heat[row * 24 : row * 24 + 24]])
    return rows


def _channels(found: Figures, reader: Reader) -> Table:
    _ = reader.say
    head: list[Cell] = [_("Channel"), _("Sent"), _("Delivered"), _("Receipts"), _("Failed"), _("Delivered, %")]
    rows: Table = [[*head, _("Median, ms"), _("p95, ms")]]
    for one in found.channels:
        p95 = one.latency.p95 if one.latency.n >= figures.FEWEST else None
        counts = (one.sent, one.reached, one.confirmed, one.failed)
        rows.append([one.name, *counts, one.share, cards.enough(one.latency), p95])
    return rows


def of_alerts(name: str, noise: Sequence[Noise], services: Sequence[store.Service], reader: Reader) -> Table:
    return _services(services, reader) if name == "services" else _noise(noise, reader)


def _services(services: Sequence[store.Service], reader: Reader) -> Table:
    _ = reader.say
    classes = [_(word) for word in words.URGENCIES.values()]
    rows: Table = [[_("Service"), _("Incidents"), *classes, _("Alerts"), _("Pages"), _("In time"), _("Judged")]]
    for one in services:
        rows.append([one.name, one.incidents, *one.urgencies, one.alerts, one.pages, one.in_time, one.eligible])
    return rows


def _noise(noise: Sequence[Noise], reader: Reader) -> Table:
    _, say = reader.say, Say(reader)
    head: list[Cell] = [_("Alert"), _("Service"), _("Incidents"), _("Alerts"), _("Pages")]
    head += [_("Cleared alone < 5 min, %"), _("Someone acted, %"), _("Right to call"), _("Judged"), _("Proposal")]
    rows: Table = [head]
    for one in noise:
        counts = (one.incidents, one.alerts, one.pages, one.cleared_alone, one.acted_on)
        proposal = " ".join(noisy.proposal(one, say)).strip()
        rows.append([one.name, one.service, *counts, one.judged - one.wrong, one.judged, proposal])
    return rows
