"""One incident: its page, all of its alerts, and what was received about it."""

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import filters
from dashboard.blueprint import bp
from dashboard.incident import queries
from dashboard.incident.cards import alerts_card
from dashboard.incident.received import received
from dashboard.incident.values import incident_values, shown_of
from dashboard.page import draw, reader_of
from gateway.access.auth import ACTORS, READERS, Visit, require
from gateway.store.tables import Incident

INCIDENT = "/incidents/<int(max=9223372036854775807):number>"


@bp.get(INCIDENT)
@require(*READERS)
def incident(visit: Visit, number: int) -> ResponseReturnValue:
    return draw(visit, "pages/incident.html", incident_values(visit, found_or_404(number), shown_of(request.args)))


@bp.get(f"{INCIDENT}/alerts")
@require(*READERS)
def incident_alerts(visit: Visit, number: int) -> ResponseReturnValue:
    """All of them, a page at a time."""
    found, reader = found_or_404(number), reader_of(visit)
    alerts = queries.alerts_page(number, filters.before(request.args))
    shown_ = alerts[: queries.MOST]
    more = url_for("dashboard.incident_alerts", number=number, after=shown_[-1].id) if len(alerts) > len(shown_) else ""
    values = {"page": "incident", "found": found, "alerts": alerts_card(shown_, reader), "more": more}
    return draw(visit, "pages/incident_alerts.html", {**values, "total": queries.count_alerts(number)[0]})


@bp.get(f"{INCIDENT}/payloads")
@require(*ACTORS)
def incident_payloads(visit: Visit, number: int) -> ResponseReturnValue:
    """What its senders sent, as it came: for whoever may act, since it may say more than a page does."""
    found = found_or_404(number)
    values = {"page": "incident", "found": found, "received": received(found, reader_of(visit))}
    return draw(visit, "pages/incident_payloads.html", values)


def found_or_404(number: int) -> Incident:
    found = queries.incident(number)
    if found is None:
        abort(404)
    return found
