"""The single keys of the pages, and a person's own in their place: read, checked, written as one line. Pure."""

from collections.abc import Mapping

KEYS = {  # what each does, and the key that everybody begins with; the pages' scripts know these keys
    "next": "j", "previous": "k", "open": "o", "select": "x", "acknowledge": "a", "resolve": "r", "snooze": "s",
    "assign": "i", "escalate": "e", "merge": "m", "comment": "c", "take": "t", "new": "n", "undo": "z", "search": "/",
    "filter": "f", "updates": "u", "more": ".", "copy": "y", "go": "g", "help": "?",
}  # fmt: skip
TAKEN = "*"  # begins "* a", as it does for everybody


def read(kept: str) -> dict[str, str]:
    """The usual key, and the person's own for the same, of those that differ: "jd kf"."""
    return {pair[0]: pair[1] for pair in kept.split() if len(pair) == 2}


def written(wanted: Mapping[str, str]) -> str:
    """By what each does; a key that is left empty is the usual one. Raises ValueError with the key that is wrong."""
    chosen = {name: wanted.get(name, "").strip() or usual for name, usual in KEYS.items()}
    for key in chosen.values():
        if not (len(key) == 1 and "!" <= key <= "~") or key == TAKEN or key.isupper():
            raise ValueError(key[:10])
    return " ".join(usual + chosen[name] for name, usual in KEYS.items() if chosen[name] != usual)


def twice(kept: str) -> str:
    """A key that would do two things; empty: there is none."""
    own = read(kept)
    chosen = [own.get(usual, usual) for usual in KEYS.values()]
    return next((key for key in chosen if chosen.count(key) > 1), "")


def pressed(kept: str) -> dict[str, str]:
    """What a pressed key means, of those that mean something else than usual; empty: nothing any more."""
    own = read(kept)
    freed = {usual: "" for usual in own if usual not in own.values()}
    return {**freed, **{key: usual for usual, key in own.items()}}
