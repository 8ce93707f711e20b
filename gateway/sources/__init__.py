"""Every module here reads one kind of sender. Adding a kind is adding a module (with its test).

A source has KIND_LABEL, and turns what the loader read into alerts in our words; HABITS say what its senders do in
their own way. What the fields of a body hold is read by rules/senders/fields.py.

It is pure: no database, no network, no clock. One bad item never costs its neighbours: it is set aside as Quarantined;
BadPayload is for a body of which nothing can be read. That somebody at the sender has an alert, or has written to it,
is no word about firing: told() makes it.
"""

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol, cast

from gateway.loader import load, load_form
from rules.identity import fingerprint
from rules.said import Said
from rules.senders.fields import as_text, title_of
from rules.senders.mappings import BodyMap
from rules.senders.signatures import Signing
from rules.senders.topics import Asking
from rules.texts.text import clean_text, cut, one_line
from rules.times.timestamps import AHEAD as AHEAD  # for every source
from rules.times.timestamps import EARLIEST as EARLIEST
from rules.times.timestamps import epoch as epoch
from rules.times.timestamps import read_time as read_time
from rules.words import Alert, Quarantined, Severity

LONGEST_WHO, LONGEST_NOTE = 100, 4000  # characters of who said something of an alert, and of what they said
LONGEST_FINGERPRINT = 64
MOST_ALERTS = 65_536  # of one body: the smallest that Alertmanager sends has 256 bytes, and a body 16 MiB
MOST_TRUNCATED = 2**31 - 1  # what a column holds
_FORM = re.compile(rb"\s*(?!--)[A-Za-z0-9_.%+-]{1,200}=")  # JSON begins otherwise, a form in parts with hyphens


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


@dataclass(frozen=True, slots=True)
class Habits:
    """What senders of one kind do in a way of their own."""

    signing: Signing | None = None  # how they sign
    is_desk: bool = False  # they are service desks: what they say are tickets
    token_parameter: str = ""  # in the query of the address they write the token under this name
    token_header: str = ""  # they write it, or their secret as it is, into this header
    secrets: re.Pattern[bytes] | None = None  # where in the body they write it: that is not kept
    token_length: int = 0  # they count its characters, and want so many
    delivery: str = ""  # in this header they number what they send: the same number is the same request
    may_be_empty: bool = False  # some of their requests have no body, and say nothing
    reads_forms: bool = False  # some of their bodies are forms


_NONE = Habits()


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
    return load_form(body) if habits(kind).reads_forms and _FORM.match(body) else load(body)


def habits(kind: str) -> Habits:
    """What senders of this kind do in a way of their own; of a kind that nobody has, nothing."""
    return _habits().get(kind, _NONE)


@cache
def showing_secrets() -> frozenset[str]:
    """The kinds whose senders have a header of their own for a token, or for their secret as it is."""
    return frozenset(kind for kind, own in _habits().items() if own.token_header)


@cache
def _habits() -> Mapping[str, Habits]:
    return {kind: getattr(find(kind), "HABITS", _NONE) for kind in names()}


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
