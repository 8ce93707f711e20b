"""Matchers as programs say them: as text, or as Alertmanager's API has them."""

from typing import Any

from gateway.doors.ingest import problem
from gateway.doors.machine.door import Refused
from rules.texts.text import clean_text

_MATCHERS = 'matchers: a list like ["alertname=\\"Disk\\"", "env=~\\"dev|test\\""]'
_OPERATORS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}


def matchers_in(said: dict[str, Any]) -> list[str]:
    """As text, or as Alertmanager's API has them."""
    given = said.get("matchers", [])
    if not isinstance(given, list):
        raise Refused(problem(400, _MATCHERS))
    return [_matcher(one) for one in given]


def _matcher(one: Any) -> str:
    if isinstance(one, str):
        return clean_text(one)
    said = one if isinstance(one, dict) else {}
    flags = said.get("isEqual", True), said.get("isRegex", False)
    texts = isinstance(said.get("name"), str) and isinstance(said.get("value"), str)
    if not texts or not all(isinstance(flag, bool) for flag in flags):
        raise Refused(problem(400, _MATCHERS))
    name, value = (clean_text(one[key]).replace("\\", "\\\\").replace('"', '\\"') for key in ("name", "value"))
    return f'"{name}"{_OPERATORS[flags]}"{value}"'
