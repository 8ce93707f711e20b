"""Azure Monitor's action groups: the common alert schema, and the older form of metric alerts.

Known by what its own service calls the alert, which is the same when it is over. The health of services and resources
comes as a new alert for each word about it: those are known by what they are about. The older forms of logs and
activities never say that something is over: they are set aside with the way out, the common schema.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from gateway.sources import BadPayload, Heard, Parsed, read_time
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, excerpt, part_of
from rules.words import Quarantined, Severity

KIND_LABEL = "Azure Monitor"
COMMON, METRIC = "azuremonitorcommonalertschema", "azuremonitormetricalert"
SEVERITIES = {
    "0": Severity.CRITICAL, "1": Severity.ERROR, "2": Severity.WARNING, "3": Severity.INFO, "4": Severity.INFO,
}  # fmt: skip
HEALTH = {"servicehealth", "resourcehealth"}  # as their name is without spaces
MOST_MEASURED = 10
LINKS = ("LinkToFilteredSearchResultsUI", "linkToFilteredSearchResultsUI", "LinkToSearchResults", "linkToSearchResults")
_PLACES = {"subscriptions": "subscription", "resourcegroups": "resource_group"}


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: what an action group sends to a webhook")
    data, schema = part_of(body, "data"), as_text(body.get("schemaId")).strip().lower()
    if schema == COMMON or part_of(data, "essentials"):
        return read_one(_common(data, heard), heard)
    older = data or body  # the oldest have it outermost
    if schema in (METRIC, "") and part_of(older, "context"):
        return read_one(_metric(older, heard), heard)
    if schema:
        advice = "is an older form that is not read: switch the common alert schema on in the action group"
        return Parsed([], [Quarantined("schemaId", advice, excerpt(body))])
    raise BadPayload("is missing: neither the common alert schema nor a metric alert", "schemaId")


def _common(data: dict[str, Any], heard: Heard) -> Only:
    said, context = part_of(data, "essentials"), part_of(data, "alertContext")
    told = _health(said, context)
    identity = told or as_text(said.get("originAlertId")) or as_text(said.get("alertId"))
    if not identity:
        raise BadPayload("is missing: without it no later word finds this alert", "data.essentials.originAlertId")
    state = as_text(context.get("status") if told else said.get("monitorCondition")).strip().lower()
    rule, firing = as_text(said.get("alertRule")).strip() or "Azure Monitor", state != "resolved"
    ours = {
        "alertname": rule,
        "severity": _severity(said.get("severity")),
        "instance": _first(said.get("configurationItems")) or _last(_first(said.get("alertTargetIDs"))),
        "signal": said.get("signalType"),
        "monitoring_service": said.get("monitoringService"),
    }
    about = part_of(context, "properties") if told else {}
    summary = part_of(context, "annotations").get("summary") or about.get("title")
    return Only(
        firing=firing,
        identity=identity,
        title=as_text(summary).strip() or _title(ours),
        labels=_given(data, context) | _place(_first(said.get("alertTargetIDs"))) | _filled(ours),
        texts={
            "description": as_text(said.get("description")).strip() or about.get("communication"),
            "measured": _measured(context),
        },
        url=said.get("investigationLink") or _link(context),
        starts_at=read_time(said.get("firedDateTime"), heard.now) if firing or not told else None,
        ends_at=None if firing else read_time(said.get("resolvedDateTime"), heard.now),
    )


def _health(said: dict[str, Any], context: dict[str, Any]) -> str:
    """What the health of a service or a resource is about; empty: it is an alert of another kind."""
    what = as_text(said.get("monitoringService")).replace(" ", "").lower()
    if what not in HEALTH or not as_text(context.get("status")).strip():
        return ""
    about = part_of(context, "properties").get("trackingId") or _first(said.get("alertTargetIDs"))
    return f"{what}:{as_text(about).lower()}" if about else ""


def _metric(data: dict[str, Any], heard: Heard) -> Only:
    context = part_of(data, "context")
    rule, target = as_text(context.get("id")), as_text(context.get("resourceId"))
    if not (rule or target):
        raise BadPayload("is missing: without it no later word finds this alert", "data.context.id")
    firing = as_text(data.get("status")).strip().lower() not in ("deactivated", "resolved")
    ours = {
        "alertname": as_text(context.get("name")).strip() or _last(rule) or "Azure Monitor",
        "severity": _severity(context.get("severity")),
        "instance": as_text(context.get("resourceName")).strip() or _last(target),
        "signal": "Metric",
    }
    at = read_time(context.get("timestamp"), heard.now)
    of = [f"{name}={value}" for one in _criteria(context) for name, value in _dimensions(one)]
    return Only(
        firing=firing,
        identity="|".join((rule, target, *sorted(of))).lower(),
        title=_title(ours),
        labels=part_of(data, "properties") | _place(target) | _filled(ours),
        texts={"description": as_text(context.get("description")).strip(), "measured": _measured(context)},
        url=context.get("portalLink"),
        starts_at=at,  # that it is over is about whatever began until then
        ends_at=None if firing else at,
    )


def _severity(given: object) -> Severity | None:
    """Of Sev0 to Sev4, or the digit alone."""
    return SEVERITIES.get(as_text(given).strip().lower().removeprefix("sev"))


def _title(ours: dict[str, Any]) -> str:
    name, place = ours["alertname"], ours["instance"]
    return f"{name}: {place}" if place and as_text(place).lower() != name.lower() else name


def _filled(ours: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ours.items() if value}


def _given(data: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """What its rule's author wrote to it, and the labels of one that Prometheus evaluates."""
    about = context.get("conditionType") or context.get("condition")
    own = part_of(context, "properties") if about else {}
    return own | part_of(context, "labels") | part_of(data, "customProperties")


def _place(target: str) -> dict[str, str]:
    """Where the resource is, of its path /subscriptions/…/resourceGroups/…/providers/…"""
    parts = [part for part in target.split("/") if part]
    found = {_PLACES.get(name.lower(), ""): value for name, value in pairwise(parts)}
    return {name: value for name, value in found.items() if name}


def _first(given: object) -> str:
    """The first of a list; some send the one as a text."""
    if isinstance(given, list):
        given = given[0] if given else ""
    return as_text(given).strip()


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _criteria(context: dict[str, Any]) -> Iterator[dict[str, Any]]:
    condition = part_of(context, "condition")
    every = condition.get("allOf")
    for one in every[:MOST_MEASURED] if isinstance(every, list) else [condition]:
        if isinstance(one, dict):
            yield one


def _dimensions(criterion: dict[str, Any]) -> Iterator[tuple[str, str]]:
    given = criterion.get("dimensions")
    for one in given[:MOST_MEASURED] if isinstance(given, list) else []:
        if isinstance(one, dict):
            yield excerpt(one.get("name")), excerpt(one.get("value"))


def _measured(context: dict[str, Any]) -> str:
    """What was compared with what: "Percentage CPU 97.5 (GreaterThan 90)"."""
    found = []
    for one in _criteria(context):
        name = one.get("metricName") or one.get("searchQuery")
        value = one.get("metricValue")
        if name or value is not None:
            found.append(
                f"{excerpt(name)} {excerpt(value)} ({excerpt(one.get('operator'))} {excerpt(one.get('threshold'))})"
            )
    return ", ".join(found)


def _link(context: dict[str, Any]) -> object:
    places = [context, *_criteria(context)]
    return next((place[name] for place in places for name in LINKS if place.get(name)), None)
