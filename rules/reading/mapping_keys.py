"""Readers of the rule book's mappings: how bodies of a shape of their own are read."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from rules.reading.places import Place, given
from rules.senders import jsonpaths
from rules.senders.jsonpaths import JsonPath
from rules.senders.mappings import NOTHING, BodyMap, Parts, Words
from rules.words import Kind, Severity

MOST = 200  # mappings of one book
MOST_PARTS = 10  # expressions of one field
MOST_LABELS = 50
MOST_WORDS = 100
LONGEST_BODY = 4000
ALL = "*"  # among labels: everything that an object has

STATUS = ("firing", "resolved", "acknowledged", "note", "ignored")
EVENTS = ("created", "updated", "commented", "assigned", "arrival", "solved", "closed", "reopened")
PRIORITIES = ("critical", "high", "normal", "low")
COMMON = ("kind", "each", "sender", "body", "id", "description", "url", "labels")
FIELDS: Mapping[Kind, Collection[str]] = {
    Kind.ALERT: ("title", "starts_at", "ends_at", "at", "who", "note"),
    Kind.TICKET: ("subject", "service", "site", "assignee", "by", "updated_at", "arrival_at", "due_at"),
}
WORDS: Mapping[Kind, Mapping[str, Collection[str]]] = {
    Kind.ALERT: {"status": STATUS, "severity": tuple(Severity)},
    Kind.TICKET: {"event": EVENTS, "status": ("open", "closed"), "priority": PRIORITIES},
}
GROUPS: Mapping[Kind, Mapping[str, Collection[str]]] = {
    Kind.ALERT: {"annotations": ()},
    Kind.TICKET: {
        "requester": ("name", "email", "phone", "language"),
        "comment": ("id", "author", "text", "public"),
    },
}


class _Kinds(StrEnum):
    ALERT = "alert"
    TICKET = "ticket"


def read_mappings(place: Place) -> dict[str, BodyMap]:
    entries = place.entries()
    if len(entries) > MOST:
        place.complain(f"more than {MOST} of them")
        return {}
    return {name: _mapping(name, one) for name, one in entries.items()}


def _mapping(name: str, place: Place) -> BodyMap:
    _check_name(name, place)
    kind = _kind(place)
    known = (*COMMON, *FIELDS[kind], *WORDS[kind], *GROUPS[kind])
    fields = place.fields(known, required=("id",))
    one = fields.get("each")
    words = {key: _words(fields[key], meanings) for key, meanings in WORDS[kind].items() if key in fields}
    return BodyMap(
        name,
        kind,
        {key: _parts(fields[key]) for key in ("id", "description", "url", *FIELDS[kind]) if key in fields},
        words,
        _groups(kind, fields),
        _expression(one) if one is not None else None,
        given(fields, "sender", Place.name, ""),
        given(fields, "body", _body, ""),
        place.where(),
    )


def _check_name(name: str, place: Place) -> None:
    if not name.strip() or name != name.strip() or len(name) > 60 or not name.isprintable():
        place.complain("is no name for a mapping: sources are called so, with 1 to 60 printable characters")


def _kind(place: Place) -> Kind:
    value = place.node.value
    found = place.entries().get("kind") if isinstance(value, Mapping) else None
    return Kind(found.choice(_Kinds)) if found is not None else Kind.ALERT


def _body(place: Place) -> str:
    """What is pasted at the sender: a text of several lines, as it stands."""
    text = place.node.value
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_BODY:
        place.complain(f"must be a text of at most {LONGEST_BODY} characters")
        return ""
    return text.strip("\n")


def _groups(kind: Kind, fields: Mapping[str, Place]) -> dict[str, Mapping[str, Parts]]:
    names = {"labels": (), **GROUPS[kind]}
    return {key: _group(fields[key], known) for key, known in names.items() if key in fields}


def _group(place: Place, known: Collection[str]) -> Mapping[str, Parts]:
    """Names and where the value of each stands. Of names that are fixed it may be one expression, for all of it."""
    if known and isinstance(place.node.value, str):
        return {"": _parts(place)}
    found = place.fields(known) if known else place.entries()
    if len(found) > MOST_LABELS:
        place.complain(f"more than {MOST_LABELS} of them")
        return NOTHING
    for name, one in found.items():
        if not name.strip() or not name.isprintable() or len(name) > 100:
            one.complain("is no name for a label")
    return {name: _parts(one) for name, one in found.items()}


def _parts(place: Place) -> Parts:
    """One expression, or a list of those that are put together."""
    if not isinstance(place.node.value, tuple):
        found = _expression(place)
        return (found,) if found is not None else ()
    items = place.items()
    if not items or len(items) > MOST_PARTS:
        place.complain(f"must be an expression, or a list of 1 to {MOST_PARTS}")
        return ()
    return tuple(found for item in items if (found := _expression(item)) is not None)


def _expression(place: Place) -> JsonPath | None:
    text = place.text()
    try:
        return jsonpaths.read(text) if text else None
    except ValueError as problem:
        place.complain(str(problem))
        return None


def _words(place: Place, meanings: Collection[str]) -> Words:
    """An expression whose words are ours already, or `from` with a table of words."""
    if not isinstance(place.node.value, Mapping):
        return Words(_parts(place), {word: word for word in meanings})
    fields = place.fields(("from", "otherwise", *meanings), required=("from",))
    exact: dict[str, str] = {}
    patterns: list[tuple[tuple[str, ...], str]] = []
    for meaning in [one for one in fields if one in meanings]:  # as they are written: the first that fits counts
        for item in _listed(fields[meaning]):
            word = item.text().lower()
            if word in exact:
                item.complain(f"{word[:60]!r} means {exact[word]} already")
            elif word:
                exact[word] = meaning
    for word in [word for word in exact if "*" in word]:
        patterns.append((tuple(word.split("*")), exact.pop(word)))
    for word in [word for word in meanings if word not in exact]:
        exact[word] = word  # ours are understood in any case
    return Words(_from(fields), exact, tuple(patterns), _otherwise(fields, meanings))


def _from(fields: Mapping[str, Place]) -> Parts:
    return _parts(fields["from"]) if "from" in fields else ()


def _listed(place: Place) -> list[Place]:
    items = [place] if isinstance(place.node.value, str) else place.items()
    if len(items) > MOST_WORDS:
        place.complain(f"more than {MOST_WORDS} words")
    return items[:MOST_WORDS]


def _otherwise(fields: Mapping[str, Place], meanings: Collection[str]) -> str:
    if "otherwise" not in fields:
        return ""
    text = fields["otherwise"].text()
    if text and text not in meanings:
        fields["otherwise"].complain(f"{text[:60]!r} is none of {', '.join(meanings)}")
    return text
