"""What to paste at the sender, ready to use: with the token if it was made just now, else with a place for it. Pure."""

import json
from dataclasses import dataclass

PLACE = "YOUR-TOKEN"
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
    },
}
TRIED = {"ticket": TICKET, "jira": JIRA, "zendesk": {"event_type": "create", "id": "1", "title": "Hello Nabat"}}


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    where: str  # where it belongs
    text: str


def snippets(kind: str, public_url: str, token: str) -> list[Snippet]:
    """Those of one kind, for every sender whose words that kind understands; every kind can be tried with curl."""
    url, key = f"{public_url}/ingest/{kind}", token or PLACE
    found = []
    if kind == "alertmanager":
        found += [
            Snippet("Alertmanager", "alertmanager.yml", _alertmanager(url, key)),
            Snippet("Zabbix", "a media type of the kind Webhook: its script", _zabbix(url, key)),
        ]
    elif kind == "grafana":
        found.append(Snippet("Grafana", "Alerting, Contact points, Webhook", _grafana(url, key)))
    elif kind == "jira":
        found.append(Snippet("Jira", "the service desk's webhook", f"URL: {url}/{key}"))
    elif kind == "zendesk":
        found.append(Snippet("Zendesk", "the service desk's webhook", _webhook(url, key, ZENDESK)))
    elif kind == "ticket":
        found.append(Snippet("Ticket webhook", "the service desk's webhook", _webhook(url, key, TICKET)))
    else:
        found.append(Snippet("Webhook", "the sender's webhook", _webhook(url, key, ALERT)))
    return [*found, Snippet("curl", "a shell, to try it", _curl(url, key, TRIED.get(kind, ALERT)))]


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


def _zabbix(url: str, key: str) -> str:
    """{EVENT.ID} stays the problem's own when it is over, so both messages are about the same alert."""
    return f"""// Parameters of the media type, name and value:
//   id        {{EVENT.ID}}
//   status    {{EVENT.VALUE}}
//   severity  {{EVENT.NSEVERITY}}
//   name      {{EVENT.NAME}}
//   host      {{HOST.HOST}}
//   details   {{EVENT.OPDATA}}
var p = JSON.parse(value);
var status = p.status === '0' ? 'resolved' : 'firing';
var words = ['info', 'info', 'warning', 'minor', 'major', 'critical'];
var request = new HttpRequest();
request.addHeader('Content-Type: application/json');
request.addHeader('Authorization: Bearer {key}');
var answer = request.post('{url}', JSON.stringify({{
  version: '4',
  status: status,
  alerts: [{{
    status: status,
    fingerprint: 'zabbix-' + p.id,
    labels: {{alertname: p.name, host: p.host, service: p.host, severity: words[p.severity] || 'warning'}},
    annotations: {{summary: p.name, description: p.details || ''}}
  }}]
}}));
if (request.getStatus() !== 202) {{
  throw 'Nabat answered ' + request.getStatus() + ': ' + answer;
}}
return 'OK';"""


def _webhook(url: str, key: str, body: object) -> str:
    return f"""POST {url}
Authorization: Bearer {key}
Content-Type: application/json

{json.dumps(body)}"""


def _curl(url: str, key: str, body: object) -> str:
    return f"""curl -sS {url} \\
  -H 'Authorization: Bearer {key}' \\
  -H 'Content-Type: application/json' \\
  -d '{json.dumps(body)}'"""


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Ticket webhook"), _("Webhook"), _("the service desk's webhook"), _("Alerting, Contact points, Webhook"),
        _("the sender's webhook"), _("a shell, to try it"),
        _("a media type of the kind Webhook: its script"),
    )  # fmt: skip
