"""One incident on paper: its whole course, its alerts, who was told and how that went, why; nothing to press."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from flask.typing import ResponseReturnValue

from dashboard import queries as list_queries
from dashboard import rows
from dashboard.blueprint import bp
from dashboard.deliveries import cards as messages
from dashboard.deliveries import queries as message_queries
from dashboard.incident import queries, timeline
from dashboard.incident.cards import alerts_card, details, what
from dashboard.incident.hero import hero
from dashboard.incident.ladder import coming
from dashboard.incident.past import near, seen
from dashboard.incident.views import INCIDENT, found_or_404
from dashboard.incident.why import why
from dashboard.page import draw_part, reader_of
from dashboard.reader import Moment, Reader
from dashboard.status import queries as public
from dashboard.status.rows import stage
from dashboard.tickets import one as tickets
from gateway.access.auth import READERS, Visit, require
from gateway.store.incidents.routes import route_of
from gateway.store.tables import Entry, Incident
from rules.reports.public import Notice, in_language

LONG_AGO = datetime(
    2000, 1, 1, tzinfo=UTC
)  # as seen from there no time is of today: each has its date, on paper as well
LINES = 2_000  # of a timeline; 40 sheets. Of messages and alerts as many as a page asks for (queries.MOST)


@bp.get(f"{INCIDENT}/print")
@require(*READERS)
def print_incident(visit: Visit, number: int) -> ResponseReturnValue:
    return draw_part(visit, "pages/incident_print.html", printed(visit, found_or_404(number)))


def printed(visit: Visit, found: Incident) -> dict[str, object]:
    reader, directory = reader_of(visit), list_queries.directory()
    dated = replace(reader, now=LONG_AGO)
    sent, alerts = queries.deliveries(found.id), queries.alerts_page(found.id, None)[: queries.MOST]
    total, firing = queries.count_alerts(found.id)
    entries = queries.entries(found.id, (), None, LINES)
    course, source = entries[:LINES], queries.source_of(found)
    instead = message_queries.replaced(sent)
    return {
        "row": rows.row(found, None, directory, reader),
        "hero": hero(found, source.name, firing, sent, directory, reader),
        "what": what(alerts),
        "lines": _course(course, dated),
        "cut_lines": LINES if len(entries) > LINES else 0,
        "messages": [messages.sent(one, "", instead, visit, dated) for one in sent],
        "cut_messages": queries.MOST if len(sent) == queries.MOST else 0,
        "steps": coming(found, route_of(found.route), directory, dated),
        "alerts": alerts_card(alerts, dated),
        "alerts_total": total,
        **_ticket(visit, found, course, dated),
        "notices": [_notice(one, dated) for one in public.of_incident(found.id)],
        "why": why(found, directory, dated),
        "seen": seen(found, reader),
        "near": near(found, reader),
        "details": details(found, source, sent, reader),
        "outside": queries.outside(found.id),
        "now": reader.moment(visit.now),
    }


def _course(entries: Sequence[Entry], reader: Reader) -> list[timeline.Line]:
    """The oldest first, as a report is read, and each line by itself."""
    people = list_queries.directory().people.items()
    names = {email: person.name or email for email, person in people}
    return timeline.lines(entries, reader, names, folds=())[::-1]


def _notice(one: Notice, reader: Reader) -> tuple[str, list[tuple[Moment, str, str]]]:
    """What the world was told: its title, and each word with its time and stage."""
    language = reader.language
    words = [(reader.moment(word.at), stage(word.stage, reader), in_language(word.texts, language)[0])
             for word in one.updates]  # fmt: skip
    return in_language(one.titles, language)[0], words


def _ticket(visit: Visit, found: Incident, entries: Sequence[Entry], reader: Reader) -> dict[str, object]:
    """Of a ticket: the client, and what was said to and by them."""
    said = found.ticket
    if not said:
        return {"client": None, "conversation": []}
    text = str(said.get("description", ""))
    conversation = tickets.conversation(text, entries, found.opened_at, reader)
    return {"client": tickets.client(said.get("requester"), visit), "conversation": conversation}
