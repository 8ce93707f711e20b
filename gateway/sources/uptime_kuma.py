"""Uptime Kuma's webhook: a heartbeat of a monitor, whose status says whether it is up; the kind is `uptime-kuma`.

A monitor that stays down is told again with the time of its newest beat, which begins nothing: only an important beat
has changed something. Without a heartbeat it is a test, or that a certificate or a domain expires soon: that is a
warning, which ends by hand. A status that nobody knows is as bad as down.
"""

import re
from datetime import datetime
from typing import Any

from gateway.sources import BadPayload, Heard, Parsed, read_time
from gateway.sources.alertmanager import Only, read_one
from rules.senders.fields import as_text, excerpt, labelled, part_of
from rules.words import Severity

KIND_LABEL = "Uptime Kuma"
UP = "1"
SILENT = {"2": "pending", "3": "under maintenance"}
NO_ADDRESS = ("", "https://", "http://")  # of monitors that have none
_EXPIRES = re.compile(r"(\[.{1,2000}) will (?:be expired|expire) in -?[0-9]{1,6} days?\.?", re.DOTALL)


def parse(body: Any, heard: Heard) -> Parsed:
    if not isinstance(body, dict):
        raise BadPayload("must be an object: a webhook of Uptime Kuma, as JSON")
    beat, monitor = part_of(body, "heartbeat"), part_of(body, "monitor")
    if not beat:
        return _without_beat(as_text(body.get("msg")).strip(), heard)
    number = as_text(monitor.get("id") or beat.get("monitorID") or beat.get("monitor_id")).strip()
    if not number:
        raise BadPayload("is missing: without it no later word finds this monitor", "monitor.id")
    status = as_text(beat.get("status")).strip()
    if status in SILENT:
        name = excerpt(monitor.get("name") or number)
        return Parsed([], notes=[f"{name} is {SILENT[status]}: neither up nor down"])
    return read_one(_only(number, beat, monitor, body, heard), heard)


def _only(number: str, beat: dict[str, Any], monitor: dict[str, Any], body: dict[str, Any], heard: Heard) -> Only:
    firing = as_text(beat.get("status")).strip() != UP
    name = as_text(monitor.get("name")) or f"monitor {number}"
    began = None if firing and beat.get("important") in (False, 0) else _moment(beat, heard)
    url, port = as_text(monitor.get("url")).strip(), as_text(monitor.get("port"))
    host = as_text(monitor.get("hostname"))
    told = as_text(beat.get("msg"))
    return Only(
        firing=firing,
        identity=number,
        title=name,
        labels=labelled(monitor.get("tags")) | {"alertname": name, "monitor": number, "type": monitor.get("type")},
        texts={"description": told or body.get("msg"), "host": f"{host}:{port}" if host and port else host},
        url=None if url in NO_ADDRESS else url,
        starts_at=began,
        ends_at=None if firing else began,
    )


def _moment(beat: dict[str, Any], heard: Heard) -> datetime | None:
    """`time` is in UTC; else the wall clock there with its offset."""
    local = as_text(beat.get("localDateTime")) + as_text(beat.get("timezoneOffset"))
    return read_time(beat.get("time"), heard.now) or read_time(local, heard.now)


def _without_beat(message: str, heard: Heard) -> Parsed:
    expires = _EXPIRES.fullmatch(message)
    if expires is None:
        return Parsed(
            [], notes=[f"no monitor is up or down by it, as in a test: {excerpt(message) or 'it says nothing'}"]
        )
    labels = {"alertname": "Expiry", "severity": Severity.WARNING}
    return read_one(Only(firing=True, identity=f"expiry:{expires[1]}", title=message, labels=labels), heard)
