"""Readers of the rule book's keys about what keeps quiet, and about what is told by not coming."""

from datetime import timedelta

from rules.matchers import Matcher
from rules.reading.places import Place, given
from rules.senders.heartbeats import LEAST_EVERY, LEAST_GRACE, MOST_EVERY, MOST_GRACE, Heartbeat
from rules.telling.inhibition import Inhibition
from rules.words import Severity

QUIET_KEYS = ("inhibitions", "heartbeats")
HEARTBEAT_KEYS = ("name", "match", "every", "grace", "severity")
INHIBITION_KEYS = ("source", "target", "equal")
_MOST = 100  # of each: they are asked of every alert
_GRACE = timedelta(seconds=60)


def read_heartbeats(places: list[Place]) -> tuple[Heartbeat, ...]:
    items = [item for place in places for item in place.items()]
    if len(items) > _MOST:
        items[0].complain(f"more than {_MOST} of them")
        return ()
    found: dict[str, Heartbeat] = {}
    for item in items:
        one = _heartbeat(item)
        if one.name in found:
            item.complain(f"the name {one.name[:60]!r} is already that of {found[one.name].place}")
        found[one.name] = one
    return tuple(found.values())


def _heartbeat(place: Place) -> Heartbeat:
    fields = place.fields(HEARTBEAT_KEYS, required=("name", "match", "every"))
    name = given(fields, "name", Place.name, "")
    return Heartbeat(
        name,
        _some(fields, "match"),
        given(fields, "every", lambda one: one.duration(LEAST_EVERY, MOST_EVERY), LEAST_EVERY),
        given(fields, "grace", lambda one: one.duration(LEAST_GRACE, MOST_GRACE), _GRACE),
        given(fields, "severity", lambda one: one.choice(Severity), Severity.CRITICAL),
        place.where(),
    )


def read_inhibitions(places: list[Place]) -> tuple[Inhibition, ...]:
    items = [item for place in places for item in place.items()]
    if len(items) > _MOST:
        items[0].complain(f"more than {_MOST} of them")
        return ()
    return tuple(_inhibition(item) for item in items)


def _inhibition(place: Place) -> Inhibition:
    fields = place.fields(INHIBITION_KEYS, required=("source", "target"))
    equal = fields["equal"].texts() if "equal" in fields else ()
    return Inhibition(_some(fields, "source"), _some(fields, "target"), tuple(sorted(equal)))


def _some(fields: dict[str, Place], key: str) -> tuple[Matcher, ...]:
    """Conditions, at least one: a heartbeat that is any alert, or a target that is everything, is meant by nobody."""
    if key not in fields:
        return ()
    items = fields[key].items()
    if fields[key].node.value == ():
        fields[key].complain("names no condition: it would be everything")
    return tuple(found for item in items if (found := _matcher(item)) is not None)


def _matcher(place: Place) -> Matcher | None:
    text = place.text()
    try:
        return Matcher.parse(text) if text else None
    except ValueError as problem:
        place.complain(str(problem))
        return None
