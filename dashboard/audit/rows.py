"""One row of the audit log as a person reads it, and as a spreadsheet does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.reader import Moment, Reader
from gateway.store.tables import Audit
from rules.text import cut, one_line

LONGEST = 600  # characters of one value
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula
SHOWN_APART = ("how", "address", "request", "before", "after")
WAYS = {
    "dashboard": "dashboard", "link": "link in a message", "api": "API", "pagerduty": "PagerDuty", "command": "./nabat",
    "file": "files",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    at: Moment
    actor: str
    action: str
    target: str
    way: str
    address: str
    request: str
    differences: list[Difference]
    more: list[tuple[str, str]]


def line(row: Audit, reader: Reader) -> Line:
    detail = row.detail
    how = str(detail.get("how", ""))
    return Line(
        id=row.id,
        at=reader.moment(row.at),
        actor=row.actor,
        action=reader.say(row.action),
        target=row.target,
        way=reader.say(WAYS.get(how, how)) if how else "",
        address=_text(detail.get("address", "")),
        request=_text(detail.get("request", "")),
        differences=_differences(detail),
        more=[(str(name), _text(value)) for name, value in detail.items() if name not in SHOWN_APART and value != ""],
    )


def _differences(detail: Mapping[str, Any]) -> list[Difference]:
    """Key by key, where both sides have keys."""
    if "before" not in detail and "after" not in detail:
        return []
    before, after = detail.get("before", {}), detail.get("after", {})
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [Difference("", _text(before), _text(after))]
    names = (*before, *(name for name in after if name not in before))
    return [Difference(str(name), _text(before.get(name, "")), _text(after.get(name, ""))) for name in names]


def _text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        plain = ", ".join(value)
    else:
        plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(one_line(plain), LONGEST)


def cells(row: Audit) -> list[str]:
    """A line of the CSV file; no cell of it is a formula, whoever wrote it."""
    detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True)
    apart = [str(row.detail.get(name, "")) for name in ("how", "address", "request")]
    plain = [str(row.id), row.at.isoformat(), row.actor, row.action, row.target, *apart, detail, row.hash]
    return [f"'{one}" if one.startswith(FORMULA) else one for one in plain]


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("dashboard"), _("link in a message"), _("API"), _("PagerDuty"), _("./nabat"), _("files"),
        _("acknowledge"), _("resolve"), _("snooze"), _("assign"), _("note"), _("decline"), _("taste"), _("sign in"),
        _("sign out"), _("password changed"), _("first administrator"), _("browser subscribed"), _("browser removed"),
        _("browser tested"), _("silence add"), _("silence end"), _("maintenance add"), _("maintenance end"),
        _("source add"), _("source set"), _("source test"), _("token create"), _("token rotate"), _("token revoke"),
        _("payload replay"), _("user create"), _("people import"), _("people export"), _("heartbeat add"),
        _("heartbeat remove"), _("rule book changed"), _("rule changed"), _("rule added"), _("rule removed"),
        _("rule book part changed"), _("rule book part added"), _("rule book part removed"),
        _("delivery resend"), _("channel test"),
        _("first run"), _("first schedule"), _("guest link made"), _("guest link revoked"), _("home view"),
        _("incident opened"), _("notification rules"), _("other sessions ended"), _("override add"),
        _("override remove"), _("password link"), _("password set"), _("person add"), _("person back"),
        _("person edit"), _("person left"), _("person signed out"), _("reading"), _("session ended"),
        _("silence extend"), _("team add"), _("team edit"), _("view saved"), _("view save"), _("view rename"),
        _("view delete"), _("view undo"), _("weekly report"), _("calendar address end"), _("calendar address new"),
        _("calendar import"), _("calendar remove"), _("contact add"), _("contact remove"), _("contact verified"),
        _("contact arrived"), _("contact test"), _("swap ask"), _("swap decline"), _("swap accept"),
        _("swap withdraw"), _("undo acknowledge"), _("undo resolve"), _("undo snooze"), _("undo assign"), _("merge"),
        _("split"), _("urgency"), _("retitle"), _("fixed"), _("verdict"), _("escalate"),
    )  # fmt: skip
