"""Mappings: where in a sender's own JSON the fields of an alert or a ticket stand, and what its words mean. Values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rules.senders.jsonpaths import JsonPath
from rules.words import Kind

Parts = tuple[JsonPath, ...]  # one expression, or several that are put together
BOUNDS = " -_.:/(@"  # what may follow the name of a mapping in a source's: "pingdom-eu", "pingdom (shop)"
NOTHING: Mapping[str, Parts] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Words:
    """What a sender's words mean. Upper and lower case are the same; `*` stands for anything."""

    parts: Parts
    exact: Mapping[str, str] = field(default_factory=dict)  # the word, in lower case: what it means
    patterns: tuple[tuple[tuple[str, ...], str], ...] = ()  # what stands between the stars: what it means
    otherwise: str = ""

    def meaning(self, word: str) -> str:
        """Empty for a word of which the mapping says nothing."""
        plain = word.strip().lower()
        if not plain:
            return self.otherwise
        found = self.exact.get(plain) or next((what for pieces, what in self.patterns if fits(pieces, plain)), "")
        return found or self.otherwise


def fits(pieces: tuple[str, ...], text: str) -> bool:
    """Whether a text is these pieces with anything between them, in time linear in both."""
    first, *middle, last = pieces
    if len(first) + len(last) > len(text) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


@dataclass(frozen=True, slots=True)
class BodyMap:
    """One mapping: by it the bodies of a sender are read."""

    name: str
    kind: Kind
    fields: Mapping[str, Parts]
    words: Mapping[str, Words] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Parts]] = field(default_factory=dict)  # labels, annotations, requester …
    each: JsonPath | None = None  # the list of a body that tells of several
    sender: str = ""  # as people call it
    body: str = ""  # what the sender is to be told to send, where people write that themselves
    place: str = field(default="", compare=False)  # file:line: path


def chosen(source: str, *known: Mapping[str, BodyMap]) -> BodyMap | None:
    """The mapping of a source of this name: the one called so, else the longest whose name it begins with.

    Of two with one name the first counts: a rule book may have its own instead of one of ours.
    """
    name = source.strip().lower()
    fitting = [one for maps in known for one in maps.values() if begins(name, one.name.lower())]
    return max(fitting, key=lambda one: len(one.name), default=None)


def begins(name: str, with_: str) -> bool:
    return name.startswith(with_) and (len(name) == len(with_) or name[len(with_)] in BOUNDS)


def names(*known: Iterable[str]) -> list[str]:
    return sorted({name for one in known for name in one}, key=str.lower)
