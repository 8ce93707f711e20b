"""Every module here reads one kind of sender. Adding a kind is adding a module (with its test).

A source has KIND_LABEL, and turns what the loader read into alerts in our words. More of it as need be:
* SIGNING if its senders sign in a way of their own,
* IS_DESK if they are service desks,
* TOKEN_PARAMETER if they write the token into the query of the address,
* TOKEN_HEADER if they write it, or their secret as it is, into a header of their own,
* SECRETS if they write it into the body, TOKEN_LENGTH if they count its characters,
* DELIVERY if they number what they send, in a header,
* MAY_BE_EMPTY if some requests have no body, READS_FORMS if some are forms.

It is pure: no database, no network, no clock. One bad item never costs its neighbours: it is set aside as Quarantined;
BadPayload is for a body of which nothing can be read. That somebody at the sender has an alert, or has written to it,
is no word about firing: told() makes it.
"""

import importlib
import json
import math
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol, cast

from gateway.loader import load, load_form
from rules.identity import fingerprint
from rules.said import Said
from rules.senders.mappings import BodyMap
from rules.senders.signatures import Signing
from rules.senders.topics import Asking
from rules.texts.text import clean_text, cut, cut_bytes, one_line
from rules.times.timestamps import AHEAD as AHEAD  # for every source
from rules.times.timestamps import EARLIEST as EARLIEST
from rules.times.timestamps import epoch as epoch
from rules.times.timestamps import read_time as read_time
from rules.words import Alert, Quarantined, Severity

MARK = " … [cut]"  # at the end of a text of which we keep only the beginning; the payload keeps all of it
LONGEST_TITLE = 1000
LONGEST_TEXT = 16_384  # bytes of one annotation, description or label value
LONGEST_NAME = 1024  # bytes of a label's name
LONGEST_EXCERPT = 500
LONGEST_WHO, LONGEST_NOTE = 100, 4000  # characters of who said something of an alert, and of what they said
LONGEST_FINGERPRINT = 64
LONGEST_LABEL = 100  # characters of a value that is a label, where the sender has no labels of its own
MOST_ALERTS = 65_536  # of one body: the smallest that Alertmanager sends has 256 bytes, and a body 16 MiB
MOST_LABELS = 64  # kept of one alert, and as many annotations
MOST_TRUNCATED = 2**31 - 1  # what a column holds
_FORM = re.compile(rb"\s*(?!--)[A-Za-z0-9_.%+-]{1,200}=")  # JSON begins otherwise, a form in parts with hyphens
_TAG = re.compile(r"([^:=]+)[:=](?!//)(.+)", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z_][\w.:/-]{0,63}", re.ASCII)  # a name that matchers can name without quotes, nearly


class BadPayload(ValueError):
    """Nothing of the body can be read as what it should be: why, and where."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


@dataclass(frozen=True, slots=True)
class Heard:
    """Where and when a body was heard, and what its source takes for unknown words."""

    source: str
    now: datetime
    default_severity: Severity = Severity.ERROR  # of a severity nobody knows: never the lowest
    default_priority: str = "high"
    own: frozenset[str] = frozenset()  # what the account is called that we write as there, in small letters
    mappings: Mapping[str, BodyMap] = field(default_factory=dict)  # of the rule book: how bodies of any shape are read


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a body says."""

    alerts: list[Alert]
    quarantined: list[Quarantined] = field(default_factory=list)
    truncated: int = 0  # how many alerts the sender says it cut off
    notes: list[str] = field(default_factory=list)  # what was changed or left out, for people
    asked: list[Asking] = field(default_factory=list)  # about a subscription of ours: a worker sees to it


class SourceModule(Protocol):
    KIND_LABEL: str

    def parse(self, body: Any, heard: Heard, /) -> Parsed:
        """The body in our words; raises BadPayload and nothing else."""


def find(kind: str) -> SourceModule:
    return cast(SourceModule, importlib.import_module(f"{__name__}.{kind.replace('-', '_')}"))


def names() -> list[str]:
    """The kinds there are: called as their modules, with hyphens for underscores (uptime_kuma: uptime-kuma)."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def read(kind: str, body: bytes, heard: Heard) -> Parsed:
    """What a sender of this kind says in this body. Raises BadJson, BadPayload."""
    return find(kind).parse(loaded(kind, body), heard)


def loaded(kind: str, body: bytes) -> Any:
    """The body as its kind is given it: JSON, or of kinds that read forms one's fields. Raises BadJson.

    What it is, it shows by itself: senders of forms are careless with the content type, and it is not kept.
    """
    return load_form(body) if kind in forms() and _FORM.match(body) else load(body)


@cache
def forms() -> frozenset[str]:
    """The kinds whose senders may send forms."""
    return frozenset(_having("READS_FORMS"))


@cache
def signings() -> Mapping[str, Signing]:
    """The kinds whose senders sign in a way of their own."""
    return _having("SIGNING")


@cache
def secrets_in() -> Mapping[str, re.Pattern[bytes]]:
    """The kinds whose senders write their token into the body, and where: it is not kept."""
    return _having("SECRETS")


@cache
def token_headers() -> Mapping[str, str]:
    """The kinds whose senders have a header of their own for a token, or for a secret as it is; and which."""
    return _having("TOKEN_HEADER")


@cache
def deliveries() -> Mapping[str, str]:
    """The kinds whose senders number what they send, and in which header: the same number is the same request."""
    return _having("DELIVERY")


@cache
def desks() -> frozenset[str]:
    """The kinds whose senders are service desks."""
    return frozenset(_having("IS_DESK"))


@cache
def token_parameters() -> Mapping[str, str]:
    """The kinds whose senders write the token into the query of the address, each with the parameter's name."""
    return _having("TOKEN_PARAMETER")


@cache
def token_lengths() -> Mapping[str, int]:
    """The kinds whose senders count the characters of a token, and how many they want."""
    return _having("TOKEN_LENGTH")


@cache
def may_be_empty() -> frozenset[str]:
    """The kinds whose senders also send requests without a body, which say nothing."""
    return frozenset(_having("MAY_BE_EMPTY"))


def _having(what: str) -> dict[str, Any]:
    modules = {name: find(name) for name in names()}
    return {name: getattr(module, what) for name, module in modules.items() if hasattr(module, what)}


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


def told(heard: Heard, fingerprint: str, said: Said, title: str = "") -> Alert:
    """What somebody at the sender said of an alert, as it came: cleaned here, and cut."""
    who, of = (cut(one_line(clean_text(text)), LONGEST_WHO) for text in (said.who, said.id))
    clean = Said(said.what, who, cut(clean_text(said.text).strip(), LONGEST_NOTE), of)
    return Alert(heard.source, fingerprint, False, title_of(title), Severity.INFO, heard.now, said=clean)  # noqa: FBT003


def identity(key: str) -> str:
    """A sender's own name for an alert, hashed if it is too long, or has what is no character."""
    fits = 0 < len(key) <= LONGEST_FINGERPRINT and key.isprintable()
    return key if fits else fingerprint({"fingerprint": clean_text(key)})


def of_this_moment(body: object, heard: Heard) -> str:
    """The identity of what its sender will never name again: the same whenever the same request is read."""
    return fingerprint({"body": as_text(body), "at": heard.now.isoformat()})


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
