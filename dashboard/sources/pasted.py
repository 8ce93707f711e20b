"""Texts that carry what monitoring systems are to send, where that is for their administrators to say. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    where: str  # where it belongs
    text: str


Making = Callable[[str, str], list[Snippet]]  # from our address and a token

ZABBIX = (  # parameters of the media type
    ("event_id", "EVENT.ID"),
    ("event_source", "EVENT.SOURCE"),
    ("event_value", "EVENT.VALUE"),
    ("event_nseverity", "EVENT.NSEVERITY"),
    ("event_name", "EVENT.NAME"),
    ("event_opdata", "EVENT.OPDATA"),
    ("event_tags_json", "EVENT.TAGSJSON"),
    ("event_timestamp", "EVENT.TIMESTAMP"),
    ("event_recovery_timestamp", "EVENT.RECOVERY.TIMESTAMP"),
    ("event_update_status", "EVENT.UPDATE.STATUS"),
    ("event_update_action", "EVENT.UPDATE.ACTION"),
    ("event_update_message", "EVENT.UPDATE.MESSAGE"),
    ("event_update_date", "EVENT.UPDATE.DATE"),
    ("event_update_time", "EVENT.UPDATE.TIME"),
    ("event_update_user", "USER.FULLNAME"),
    ("trigger_id", "TRIGGER.ID"),
    ("host", "HOST.HOST"),
    ("host_ip", "HOST.IP"),
    ("hostgroups", "TRIGGER.HOSTGROUP.NAME"),
    ("description", "TRIGGER.DESCRIPTION"),
    ("zabbix_url", "$ZABBIX.URL"),
)


def webhook(url: str, key: str, body: object) -> str:
    return f"""POST {url}
Authorization: Bearer {key}
Content-Type: application/json

{json.dumps(body)}"""


def _zabbix(url: str, key: str) -> str:
    """A file to import. {EVENT.ID} stays the problem's own when it is over; a macro that is not known stays itself."""
    parameters = "\n".join(f"        - name: {name}\n          value: '{{{macro}}}'" for name, macro in ZABBIX)
    templates = "\n".join(
        f"        - event_source: {source}\n          operation_mode: {mode}\n"
        "          subject: '{EVENT.NAME}'\n          message: '{EVENT.NAME}'"
        for source in ("TRIGGERS", "INTERNAL", "SERVICE")
        for mode in ("PROBLEM", "RECOVERY", "UPDATE")
        if (source, mode) != ("INTERNAL", "UPDATE")
    )
    return f"""zabbix_export:
  version: '6.0'
  media_types:
    - name: Nabat
      type: WEBHOOK
      parameters:
{parameters}
      script: |
        var request = new HttpRequest();
        request.addHeader('Content-Type: application/json');
        request.addHeader('Authorization: Bearer {key}');
        var answer = request.post('{url}', value);
        if (request.getStatus() !== 202) {{
          throw 'Nabat answered ' + request.getStatus() + ': ' + answer;
        }}
        return 'OK';
      message_templates:
{templates}"""


def _headers(key: str) -> str:
    return json.dumps({"Authorization": f"Bearer {key}"})


def _uptime_kuma(url: str, key: str) -> str:
    return f"""Notification Type: Webhook
Post URL: {url}
Request Body: Preset - application/json
Additional Headers: {_headers(key)}"""


MADE: dict[str, Making] = {
    "uptime-kuma": lambda url, key: [Snippet("Uptime Kuma", "Settings, Notifications", _uptime_kuma(url, key))],
    "zabbix": lambda url, key: [Snippet("Zabbix", "a file for Alerts, Media types, Import", _zabbix(url, key))],
}
TRIED: dict[str, object] = {  # what curl sends
    "uptime-kuma": {"heartbeat": {"status": 0, "msg": "it is a test"}, "monitor": {"id": 1, "name": "Hello Nabat"}},
    "zabbix": {"trigger_id": "1", "event_value": "1", "event_nseverity": "1", "event_name": "Hello Nabat"},
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("a file for Alerts, Media types, Import"), _("Settings, Notifications"))
