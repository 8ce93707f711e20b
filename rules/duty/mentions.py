"""Who is mentioned in a note: `@anna`, `@Anna Kovaleva` or `@anna@example.org`, where that is one person. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules.words import Person

MOST = 20  # of one note
MOST_AN_HOUR = 20  # people told by the notes of one author
TOO_MANY = f"notes of one author tell at most {MOST_AN_HOUR} people an hour"
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_BEGINS = re.compile(r"(?<![\w@./+-])@(?=\w)")
_WORDS = re.compile(r"[\w.+'-]+(?:@[\w.-]+)?(?: [\w.'-]+){0,3}")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Mention:
    written: str  # as it stands there, with its @
    person: Person


def mentions(text: str, people: Iterable[Person]) -> list[Mention]:
    """Each person once, in the order of the text. A name that two people have means neither."""
    if "@" not in text:
        return []
    spoken, known, found = _CODE.sub(" ", text), _names(people), dict[str, Mention]()
    for at in _BEGINS.finditer(spoken):
        written = _WORDS.match(spoken[at.end() : at.end() + _LONGEST])
        mention = _longest(written[0], known) if written else None
        if mention is not None:
            found.setdefault(mention.person.email, mention)
    return list(found.values())[:MOST]


def within(found: Sequence[Mention], told: int) -> tuple[Sequence[Mention], Sequence[Mention]]:
    """Who is told of them, and who is not, since notes of the same author told so many within the hour."""
    room = max(0, MOST_AN_HOUR - told)
    return found[:room], found[room:]


def _longest(written: str, known: Mapping[str, Person]) -> Mention | None:
    words = written.split(" ")
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count]).rstrip(".-'")
        if (person := known.get(name.casefold())) is not None:
            return Mention(f"@{name}", person)
    return None


def _names(people: Iterable[Person]) -> dict[str, Person]:
    """What each person can be called; an address before a whole name, and that before a part of one."""
    known: dict[str, Person] = {}
    everybody = list(people)
    calls = (
        lambda one: one.email,
        lambda one: " ".join(one.name.split()),
        lambda one: one.email.partition("@")[0],
        lambda one: one.name.split(" ")[0],
    )
    for call in calls:
        names = [(call(one).casefold(), one) for one in everybody]
        often = Counter(name for name, _ in names)
        for name, one in names:
            if name and often[name] == 1:
                known.setdefault(name, one)
    return known
