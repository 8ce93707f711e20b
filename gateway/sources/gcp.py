"""Google Cloud Monitoring: the webhook of a notification channel. One body is one incident, known by its number.

Google writes the token of a channel of the kind "webhook with a token" into the address as ?auth_token=. A test from
the channel's page becomes an incident that is marked as a test.
"""

from typing import Any

from gateway.sources import BadPayload, Habits, Heard, Parsed, epoch
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, part_of

KIND_LABEL = "Google Cloud Monitoring"
HABITS = Habits(
    token_parameter="auth_token",  # noqa: S106 - its name
)
TEST = "NabatTest"  # the name by which an incident is marked as a test
UNSAID = ("no severity", "severity_unspecified")
MOST_LINKS = 5


def parse(body: Any, heard: Heard) -> Parsed:
    incident = part_of(body, "incident") if isinstance(body, dict) else {}
    if not incident:
        raise BadPayload("must be an object: what a notification channel sends", "incident")
    identity = as_text(incident.get("incident_id")).strip()
    if not identity:
        raise BadPayload("is missing: without it no later word finds this incident", "incident.incident_id")
    firing = as_text(incident.get("state")).strip().lower() != "closed"
    test = as_text(body.get("version")).strip().lower() == "test"
    title, written = _title(incident), part_of(incident, "documentation")
    return read_one(
        Only(
            firing=firing,
            identity=identity,
            title=title,
            labels=_labels(incident, title) | ({"alertname": TEST, "severity": "info"} if test else {}),
            texts={
                "description": _paragraphs(incident.get("summary"), written.get("content")),
                "subject": written.get("subject"),
                "observed": incident.get("observed_value"),
                "threshold": incident.get("threshold_value"),
                **_links(written.get("links")),
            },
            url=incident.get("url"),
            starts_at=epoch(incident.get("started_at"), heard.now),
            ends_at=None if firing else epoch(incident.get("ended_at"), heard.now),
        ),
        heard,
    )


def _title(incident: dict[str, Any]) -> str:
    """The policy and which of its conditions; a policy may be given as its path."""
    policy = as_text(incident.get("policy_name")).strip()
    policy = policy.rpartition("/")[2] if policy.startswith("projects/") else policy
    condition = as_text(incident.get("condition_name")).strip()
    both = [one for one in dict.fromkeys((policy, condition)) if one]
    return ": ".join(both) or as_text(incident.get("summary")).strip() or "Google Cloud Monitoring"


def _labels(incident: dict[str, Any], title: str) -> dict[str, Any]:
    """Of what is measured, then what people wrote to it, which wins, and last what is always called the same."""
    resource, metric, more = (part_of(incident, name) for name in ("resource", "metric", "metadata"))
    given: dict[str, Any] = {}
    for whole, name in (
        (more, "system_labels"), (metric, "labels"), (resource, "labels"), (more, "user_labels"),
        (incident, "policy_user_labels"),
    ):  # fmt: skip
        given |= part_of(whole, name)
    severity = as_text(incident.get("severity")).strip().lower()
    ours = {
        "alertname": title,
        "severity": "" if severity in UNSAID else severity,
        "instance": incident.get("resource_display_name") or incident.get("resource_name"),
        "project": incident.get("scoping_project_id"),
        "resource_type": resource.get("type"),
        "metric": metric.get("type"),
    }
    return given | {name: value for name, value in ours.items() if value}


def _paragraphs(*given: object) -> str:
    return "\n\n".join(text for one in given if (text := as_text(one).strip()))


def _links(given: object) -> dict[str, Any]:
    """Links of the policy's documentation, by the names that they have there; the first is what to do."""
    found = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    made = {as_text(one.get("display_name")).strip() or "link": one.get("url") for one in found[1:MOST_LINKS]}
    return made | ({"runbook_url": found[0].get("url")} if found else {})
