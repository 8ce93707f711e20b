"""What to paste at the sender, ready to use: with the token if it was made just now, else with a place for it. Pure."""

import json

from dashboard.sources import hosted, instead, pasted, pasted_desks, trackers
from dashboard.sources.pasted import Making, Snippet, webhook
from rules.senders.mappings import BodyMap

PLACE = "YOUR-TOKEN"
ANY_SHAPE = PLAIN = "generic"  # the kind; and the mapping for what can send JSON of its own making
ALERT = {
    "version": "4",
    "status": "firing",
    "alerts": [{"status": "firing", "labels": {"alertname": "HelloNabat", "severity": "info", "service": "test"}}],
}
TICKET = {"event": "created", "id": "T-1", "subject": "Hello Nabat", "priority": "low", "service": "test"}
JIRA = {
    "webhookEvent": "jira:issue_created",
    "issue": {"id": "1", "key": "T-1", "fields": {"summary": "Hello Nabat", "priority": {"name": "Low"}}},
}
ZENDESK = {
    "ticket": {
        "id": "{{ticket.id}}",
        "title": "{{ticket.title}}",
        "description": "{{ticket.description}}",
        "priority": "{{ticket.priority}}",
        "status": "{{ticket.status}}",
        "url": "{{ticket.link}}",
        "by": "{{current_user.email}}",
    },
}
TRIED: dict[str, object] = {
    "ticket": TICKET,
    "jira": JIRA,
    "zendesk": {"event_type": "create", "id": "1", "title": "Hello Nabat"},
}


def snippets(kind: str, public_url: str, token: str) -> list[Snippet]:
    """Those of one kind, for every sender whose words that kind understands; every kind can be tried with curl."""
    url, key = f"{public_url}/ingest/{kind}", token or PLACE
    made = (MADE | pasted.MADE | hosted.MADE | pasted_desks.MADE | instead.MADE | trackers.MADE).get(kind)
    found = made(url, key) if made else [Snippet("Webhook", "the sender's webhook", webhook(url, key, ALERT))]
    tried = (TRIED | pasted.TRIED | hosted.TRIED | pasted_desks.TRIED | instead.TRIED | trackers.TRIED).get(kind, ALERT)
    return [*found, Snippet("curl", "a shell, to try it", _curl(url, key, tried))]


def _alertmanager(url: str, key: str) -> str:
    return f"""route:
  receiver: nabat
receivers:
  - name: nabat
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          authorization:
            credentials: {key}"""


def _grafana(url: str, key: str) -> str:
    return f"""URL: {url}
HTTP method: POST
Authorization header, scheme: Bearer
Authorization header, credentials: {key}"""


def mapped(how: BodyMap, public_url: str, token: str) -> list[Snippet]:
    """For a sender that a mapping reads: the address, and the body where people there write that themselves."""
    url, key = f"{public_url}/ingest/{ANY_SHAPE}", token or PLACE
    found = [Snippet(how.sender or how.name, "the sender's webhook", f"URL: {url}/{key}")]
    if how.body:
        found.append(Snippet("Body", "the sender's webhook", f"POST {url}/{key}\n\n{how.body}"))
    if how.name == PLAIN:
        found.append(Snippet("curl", "a shell, to try it", _curl(url, key, json.loads(how.body))))
    return found


def _curl(url: str, key: str, body: object) -> str:
    return f"""curl -sS {url} \\
  -H 'Authorization: Bearer {key}' \\
  -H 'Content-Type: application/json' \\
  -d '{json.dumps(body)}'"""


MADE: dict[str, Making] = {
    "alertmanager": lambda url, key: [Snippet("Alertmanager", "alertmanager.yml", _alertmanager(url, key))],
    "grafana": lambda url, key: [Snippet("Grafana", "Alerting, Contact points, Webhook", _grafana(url, key))],
    "jira": lambda url, key: [Snippet("Jira", "the service desk's webhook", f"URL: {url}/{key}")],
    "zendesk": lambda url, key: [Snippet("Zendesk", "the service desk's webhook", webhook(url, key, ZENDESK))],
    "ticket": lambda url, key: [Snippet("Ticket webhook", "the service desk's webhook", webhook(url, key, TICKET))],
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Ticket webhook"), _("Webhook"), _("the service desk's webhook"), _("Alerting, Contact points, Webhook"),
        _("the sender's webhook"), _("a shell, to try it"), _("Body"),
    )  # fmt: skip
