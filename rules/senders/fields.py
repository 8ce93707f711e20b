"""The fields of a sender's JSON, whatever stands in them, as clean texts that are not too long; labels among them.

Pure; nothing here fails, whatever it is given.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rules.texts.text import clean_text, cut, cut_bytes, one_line

MARK = " … [cut]"  # at the end of a text of which we keep only the beginning; the payload keeps all of it
LONGEST_TITLE = 1000
LONGEST_TEXT = 16_384  # bytes of one annotation, description or label value
LONGEST_NAME = 1024  # bytes of a label's name
LONGEST_EXCERPT = 500
LONGEST_LABEL = 100  # characters of a value that is a label, where the sender has no labels of its own
MOST_LABELS = 64  # kept of one alert, and as many annotations
_TAG = re.compile(r"([^:=]+)[:=](?!//)(.+)", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z_][\w.:/-]{0,63}", re.ASCII)  # a name that matchers can name without quotes, nearly


def labelled(tags: object, between: str = ",") -> dict[str, Any]:
    """Tags as labels: `name:value`, `name=value`, or objects of name and value; "tags" has those without a value."""
    named: dict[str, Any] = {}
    bare = []
    for one in _tags(tags, between):
        if isinstance(one, dict):
            name, value = as_text(one.get("tag") or one.get("name")).strip(), one.get("value")
        else:
            name, value = _halves(as_text(one).strip())
        if name and value not in (None, ""):
            named.setdefault(name, value)
        elif name:
            bare.append(name)
    return named | ({"tags": ", ".join(bare)} if bare and "tags" not in named else {})


def _tags(given: object, between: str) -> list[Any]:
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return []
    if isinstance(given, dict):
        return [{"name": name, "value": value} for name, value in given.items()]
    if isinstance(given, str):
        return given.split() if between == " " else given.split(between)
    return given if isinstance(given, list) else []


def _halves(tag: str) -> tuple[str, str]:
    """Name and value; an address has a colon and no name."""
    found = _TAG.fullmatch(tag)
    return (found[1].strip(), found[2].strip()) if found else (tag, "")


def as_text(value: object) -> str:
    """Any JSON value as clean text: scalars as they are written, nothing for null, lists and objects as JSON."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        # Sorted: what is equal gives equal text, and so an equal fingerprint.
        return clean_text(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
    except (ValueError, TypeError, RecursionError):
        return "[unreadable]"


def texts(value: object) -> tuple[dict[str, str], int]:
    """Names and values of an object as clean texts, cut to what we keep, and how many did not fit."""
    if not isinstance(value, Mapping):
        return {}, 0
    kept: dict[str, str] = {}
    for name in _most_telling(value):
        short = cut_bytes(clean_text(str(name)), LONGEST_NAME, MARK)
        kept[short] = cut_bytes(as_text(value[name]), LONGEST_TEXT, MARK)
    return kept, max(len(value) - MOST_LABELS, 0)


_TELLING = (
    "alertname", "severity", "instance", "job", "service", "team", "cluster", "namespace", "env", "environment", "site",
    "region", "host", "priority", "summary", "description", "message", "title", "runbook_url",
)  # fmt: skip


def _most_telling(value: Mapping[str, object]) -> Sequence[str]:
    """The names that are kept: all, or of too many those that rules usually ask for and then the first ones."""
    if len(value) <= MOST_LABELS:
        return list(value)
    chosen = [name for name in _TELLING if name in value]
    others = [name for name in value if name not in _TELLING]
    kept = set(chosen + others[: MOST_LABELS - len(chosen)])
    return [name for name in value if name in kept]


def title_of(*candidates: str) -> str:
    """The first that is not blank, on one line, cut."""
    for candidate in candidates:
        if line := one_line(clean_text(candidate[: LONGEST_TITLE * 20])):
            return cut(line, LONGEST_TITLE)
    return "an alert without a name"


def part_of(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object within an object; empty if it is anything else."""
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def labels_and_texts(given: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a sender says beside its own fields: short values are labels, by which rules can go, all else is text."""
    if not isinstance(given, Mapping):
        return {}, {"description": given} if given else {}
    filled = {name: value for name, value in given.items() if value not in ("", None)}
    labels = {name: value for name, value in filled.items() if _LABEL.fullmatch(str(name)) and _is_short(value)}
    return labels, {name: value for name, value in filled.items() if name not in labels}


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float) and len(text := as_text(value)) <= LONGEST_LABEL and text.isprintable()


def excerpt(value: object) -> str:
    return cut(as_text(value), LONGEST_EXCERPT)
