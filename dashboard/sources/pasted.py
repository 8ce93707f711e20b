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


DATADOG = (
    "AGGREG_KEY", "ALERT_ID", "ALERT_SCOPE", "ALERT_TRANSITION", "ALERT_PRIORITY", "ALERT_TYPE", "ALERT_TITLE",
    "EVENT_TITLE", "TEXT_ONLY_MSG", "ALERT_STATUS", "ALERT_METRIC", "HOSTNAME", "LINK", "TAGS", "DATE",
)  # fmt: skip


def _datadog(url: str, key: str) -> str:
    payload = json.dumps({name: f"${name}" for name in DATADOG}, indent=2)
    return f"URL: {url}\nCustom Headers: {_headers(key)}\nEncode as form: no\nPayload:\n\n{payload}"


def _healthchecks(url: str, key: str) -> str:
    """The same for down and up. A placeholder that an older server does not know would break the JSON: none is new."""
    body = """{
  "code": "$CODE",
  "status": "$STATUS",
  "name": $NAME_JSON,
  "tags": "$TAGS",
  "now": "$NOW"
}"""
    headers = f"Authorization: Bearer {key}\nContent-Type: application/json"
    return f"Method: POST\nURL: {url}\nRequest Headers:\n{headers}\nRequest Body:\n\n{body}"


def _headers(key: str) -> str:
    return json.dumps({"Authorization": f"Bearer {key}"})


def _uptime_kuma(url: str, key: str) -> str:
    return f"""Notification Type: Webhook
Post URL: {url}
Request Body: Preset - application/json
Additional Headers: {_headers(key)}"""


NAGIOS = (  # macros of both kinds of notification; * stands for HOST or SERVICE
    "NOTIFICATIONTYPE", "HOSTNAME", "*STATE", "*OUTPUT", "LAST*STATE", "LAST*STATECHANGE", "*ACKAUTHOR", "*ACKCOMMENT",
    "HOSTADDRESS", "TIMET",
)  # fmt: skip
ICINGA = (
    ("NOTIFICATIONTYPE", "notification.type"), ("NOTIFICATIONAUTHOR", "notification.author"),
    ("NOTIFICATIONCOMMENT", "notification.comment"), ("HOSTNAME", "host.name"), ("HOSTADDRESS", "host.address"),
    ("HOSTSTATE", "host.state"), ("HOSTOUTPUT", "host.output"), ("LASTHOSTSTATE", "host.last_state"),
    ("LASTHOSTSTATECHANGE", "host.last_state_change"), ("SERVICEDESC", "service.name"),
    ("SERVICESTATE", "service.state"), ("SERVICEOUTPUT", "service.output"), ("LASTSERVICESTATE", "service.last_state"),
    ("LASTSERVICESTATECHANGE", "service.last_state_change"), ("TIMET", "icinga.timet"),
)  # fmt: skip


def _nagios(url: str, key: str) -> str:
    """In single quotes stands nothing out of which Nagios itself does not strip them. It waits 30 s for a command."""
    return "\n\n".join(_nagios_command(about, url, key) for about in ("HOST", "SERVICE"))


def _nagios_command(about: str, url: str, key: str) -> str:
    macros = [name.replace("*", about) for name in NAGIOS] + (["SERVICEDESC"] if about == "SERVICE" else [])
    fields = " ".join(f"--data-urlencode '{name}=${name}$'" for name in macros)
    return f"""define command {{
  command_name  notify-{about.lower()}-by-nabat
  command_line  /usr/bin/curl -sS -f -m 8 --retry 2 -H 'Authorization: Bearer {key}' {fields} '{url}'
}}"""


def _icinga(url: str, key: str) -> str:
    """For hosts and services: an argument whose macro is not there is left out."""
    arguments = "\n".join(
        f'    "{name}" = {{ key = "--data-urlencode", value = "{name}=${macro}$" }}' for name, macro in ICINGA
    )
    return f"""object NotificationCommand "nabat" {{
  command = [ "/usr/bin/curl", "-sS", "-f", "-m", "8", "--retry", "2", "-H", "Authorization: Bearer {key}", "{url}" ]
  arguments = {{
{arguments}
  }}
}}"""


def _both_nagios(url: str, key: str) -> list[Snippet]:
    return [
        Snippet("Nagios", "commands.cfg", _nagios(url, key)),
        Snippet("Icinga 2", "commands.conf", _icinga(url, key)),
    ]


MADE: dict[str, Making] = {
    "datadog": lambda url, key: [Snippet("Datadog", "Integrations, Webhooks, New Webhook", _datadog(url, key))],
    "healthchecks": lambda url, key: [
        Snippet("Healthchecks", "Integrations, Webhook: for down and for up", _healthchecks(url, key))
    ],
    "nagios": _both_nagios,
    "statuscake": lambda url, key: [
        Snippet("StatusCake", "the contact group: Webhook URL", f"URL: {url}/{key}\nMethod: POST")
    ],
    "uptime-kuma": lambda url, key: [Snippet("Uptime Kuma", "Settings, Notifications", _uptime_kuma(url, key))],
    "zabbix": lambda url, key: [Snippet("Zabbix", "a file for Alerts, Media types, Import", _zabbix(url, key))],
}
TRIED: dict[str, object] = {  # what curl sends
    "datadog": {"ALERT_ID": "1", "ALERT_TRANSITION": "Triggered", "ALERT_PRIORITY": "P5", "ALERT_TITLE": "Hello Nabat"},
    "healthchecks": {"code": "hello-nabat", "status": "down", "name": "Hello Nabat"},
    "nagios": {"NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": "hello-nabat", "HOSTSTATE": "DOWN", "HOSTOUTPUT": "a test"},
    "statuscake": {"TestID": "1", "Status": "Down", "Name": "Hello Nabat"},
    "uptime-kuma": {"heartbeat": {"status": 0, "msg": "it is a test"}, "monitor": {"id": 1, "name": "Hello Nabat"}},
    "zabbix": {"trigger_id": "1", "event_value": "1", "event_nseverity": "1", "event_name": "Hello Nabat"},
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("a file for Alerts, Media types, Import"),
        _("Settings, Notifications"),
        _("the contact group: Webhook URL"),
        _("Integrations, Webhooks, New Webhook"),
        _("Integrations, Webhook: for down and for up"),
    )
