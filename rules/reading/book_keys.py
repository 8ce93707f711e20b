"""Readers of the rule book's urgencies and policies: the place of a value in, a checked value of ours out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from rules.reading.places import LONGEST_NAME, Place, given
from rules.words import Step, Urgency, UrgencyClass, Way

SECOND, MONTH = timedelta(seconds=1), timedelta(days=30)
# Keys of the book to come. Refused by name wherever they stand: a key that did nothing would be believed.
NOT_YET = frozenset({"overrides", "maintenance", "silences", "services", "audience", "watchers"})
_MAX_STEPS = 50  # of one policy: far more than anybody climbs

DEFAULT_CLASSES: Mapping[Urgency, UrgencyClass] = MappingProxyType(
    {
        one.urgency: one
        for one in (
            UrgencyClass(
                Urgency.EMERGENCY, (Way.VOICE, Way.PUSH), (Way.SMS, Way.EMAIL), timedelta(minutes=5), (Way.VOICE,)
            ),
            UrgencyClass(Urgency.URGENT, (Way.SMS, Way.PUSH), (Way.EMAIL,), timedelta(minutes=10)),
            UrgencyClass(Urgency.FAST, (Way.PUSH,), (Way.EMAIL,), timedelta(minutes=30)),
            UrgencyClass(Urgency.ORDINARY, (Way.EMAIL,), (), timedelta(hours=8)),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to tell, in which order, and how often to begin again."""

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0
    place: str = field(default="", compare=False)  # file:line: path


def read_urgencies(place: Place) -> dict[Urgency, UrgencyClass]:
    """The classes that the book describes; of one that it does not, the default holds."""
    fields = place.fields(tuple(Urgency), later=NOT_YET)
    return {Urgency(word): _urgency_class(DEFAULT_CLASSES[Urgency(word)], one) for word, one in fields.items()}


def _urgency_class(default: UrgencyClass, place: Place) -> UrgencyClass:
    fields = place.fields(("channels", "fallback", "acknowledge_within", "must_include"), later=NOT_YET)
    channels = given(fields, "channels", _ways, default.channels)
    if "channels" in fields and not channels:
        fields["channels"].complain("names no channel: nobody would be told")
    fallback = given(fields, "fallback", _ways, default.fallback)
    for way in [way for way in fallback if way in channels]:
        place.doubt(f"{way} is its own fallback: it would fail a second time")
    within = given(fields, "acknowledge_within", _span, default.acknowledge_within)
    floor = given(fields, "must_include", _ways, floor_of(default.urgency, channels))
    for way in [way for way in floor if way not in (*channels, *fallback)]:
        fields["must_include"].complain(f"{way} is among neither channels nor fallback")
    return UrgencyClass(default.urgency, channels, fallback, within, floor)


def floor_of(urgency: Urgency, channels: tuple[Way, ...]) -> tuple[Way, ...]:
    """What a class insists on where the book says nothing: an emergency calls, whatever somebody's own rules say."""
    return tuple(way for way in channels if urgency is Urgency.EMERGENCY and way is Way.VOICE)


def _ways(place: Place) -> tuple[Way, ...]:
    ways = [item.choice(Way) for item in place.items()]
    if len(set(ways)) != len(ways):
        place.complain("names a channel twice")
    return tuple(ways)


def _span(place: Place) -> timedelta:
    return place.duration(SECOND, MONTH)


def read_policies(place: Place) -> dict[str, Policy]:
    found = place.entries()
    for name, entry in found.items():
        if len(name) > LONGEST_NAME:
            entry.complain(f"a name has at most {LONGEST_NAME} characters")
    return {name: _policy(name, entry) for name, entry in found.items()}


def _policy(name: str, place: Place) -> Policy:
    fields = place.fields(("steps", "repeat"), required=("steps",), later=NOT_YET)
    steps = _steps(fields["steps"]) if "steps" in fields else ()
    return Policy(name, steps, given(fields, "repeat", lambda repeat: repeat.whole(0, 100), 0), place.where())


def _steps(place: Place) -> tuple[Step, ...]:
    items = place.items()
    if not items and place.node.value == ():
        place.complain("has no steps: nobody would be told")
    if len(items) > _MAX_STEPS:
        place.complain(f"has more than {_MAX_STEPS} steps")
    return tuple(_step(item) for item in items)


def _step(place: Place) -> Step:
    fields = place.fields(("notify", "wait"), required=("notify", "wait"), later=NOT_YET)
    return Step(given(fields, "notify", _targets, ()), given(fields, "wait", _span, SECOND))


def _targets(place: Place) -> tuple[str, ...]:
    if place.node.value == ():
        place.complain("names nobody")
    targets = tuple(_target(item) for item in place.items())
    if len(set(targets)) != len(targets):
        place.complain("names somebody twice")
    return targets


def _target(place: Place) -> str:
    """schedule:NAME, person:EMAIL, team:NAME or role:admin; whether they exist, only the database knows."""
    text = place.text()
    kind, _, name = text.partition(":")
    name = name.strip()
    good = {
        "schedule": bool(name),
        "team": bool(name),
        "person": "@" in name.strip("@") and not any(map(str.isspace, name)),
        "role": name == "admin",
    }
    if text and not good.get(kind, False):
        place.complain(f"{text[:60]!r} is nobody; write schedule:NAME, person:EMAIL, team:NAME or role:admin")
    return f"{kind}:{name}"
