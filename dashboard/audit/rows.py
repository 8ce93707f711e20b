"""One row of the audit log as a person reads it, and as a spreadsheet does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.audit import words
from dashboard.reader import Moment, Reader
from gateway.lists.sheet import safe
from gateway.store.tables import Audit
from rules.texts.text import cut, one_line

LONGEST = 600  # characters of one value
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
    raw: bool = False  # the name is a key of the rule book


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
        target=words.target(row.target, reader),
        way=reader.say(WAYS.get(how, how)) if how else "",
        address=_text(detail.get("address", "")),
        request=_text(detail.get("request", "")),
        differences=_differences(detail, reader, raw=row.action.startswith("rule")),
        more=[
            (words.name(str(name), reader, alone="from" not in detail), _said(str(name), value, reader))
            for name, value in detail.items()
            if name not in SHOWN_APART and value != ""
        ],
    )


def _differences(detail: Mapping[str, Any], reader: Reader, *, raw: bool) -> list[Difference]:
    """Key by key, where both sides have keys."""
    if "before" not in detail and "after" not in detail:
        return []
    before, after = detail.get("before", {}), detail.get("after", {})
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [Difference("", _text(before), _text(after))]
    names = (*before, *(name for name in after if name not in before))
    return [_difference(str(name), before.get(name, ""), after.get(name, ""), reader, raw=raw) for name in names]


def _difference(name: str, before: object, after: object, reader: Reader, *, raw: bool) -> Difference:
    if raw:
        return Difference(name, _text(before), _text(after), raw=True)
    return Difference(words.name(name, reader), _said(name, before, reader), _said(name, after, reader))


def _said(name: str, value: object, reader: Reader) -> str:
    word = words.value(name, value, reader)
    return _text(value) if word is None else word


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
    return [safe(one) for one in plain]
