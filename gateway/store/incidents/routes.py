"""The route an incident was given, as the text that is stored with it, and back."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from gateway.store.types import to_json
from rules.timing import AT_ONCE, AtLeast, Flapping, Timing
from rules.words import Also, Route, Step, Urgency, Way


@lru_cache(maxsize=2048)
def route_text(route: Route) -> str:
    """A book has few routes and they are shared, so each is written out once."""
    data = {
        "rule": route.rule,
        "urgency": route.urgency,
        "policy": route.policy,
        "group_by": list(route.group_by),
        "steps": [_step_data(step) for step in route.steps],
        "repeat": route.repeat,
        "channels": list(route.channels),
        "fallback": list(route.fallback),
        "acknowledge_within": route.acknowledge_within.total_seconds(),
        "match": list(route.match),
        "book_version": route.book_version,
    }
    if route.floor:
        data["floor"] = list(route.floor)
    if route.round_ends:
        data["round_ends"] = route.round_ends
    if route.timing != AT_ONCE:
        data["timing"] = _timing_data(route.timing)
    return to_json(data)


def _timing_data(timing: Timing) -> dict[str, Any]:
    """Only what is set, so that most routes are no longer for it."""
    spans = {"hold_for": timing.hold_for, "reopen_within": timing.reopen_within}
    data: dict[str, Any] = {name: span.total_seconds() for name, span in spans.items() if span}
    if timing.hold_until:
        data["hold_until"] = timing.hold_until
    if timing.at_least:
        data["at_least"] = [timing.at_least.alerts, timing.at_least.within.total_seconds()]
    if timing.flapping:
        within, quiet = timing.flapping.within.total_seconds(), timing.flapping.quiet.total_seconds()
        data["flapping"] = [timing.flapping.changes, within, quiet]
    return data


def _timing_of(saved: dict[str, Any]) -> Timing:
    if not saved:
        return AT_ONCE
    flapping = None
    if "flapping" in saved:
        changes, within, quiet = saved["flapping"]
        flapping = Flapping(changes, timedelta(seconds=within), timedelta(seconds=quiet))
    hold_for, reopen = (timedelta(seconds=saved.get(name, 0)) for name in ("hold_for", "reopen_within"))
    at_least = None
    if "at_least" in saved:
        alerts, within = saved["at_least"]
        at_least = AtLeast(alerts, timedelta(seconds=within))
    return Timing(hold_for, flapping, reopen, saved.get("hold_until", ""), at_least)


def _step_data(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {"notify": list(step.notify), "wait": step.wait.total_seconds()}
    if step.also:
        data["also"] = [
            {
                "rule": one.rule,
                "notify": list(one.notify),
                "channels": list(one.channels),
                "fallback": list(one.fallback),
            }
            for one in step.also
        ]
    return data


def _step_of(saved: dict[str, Any]) -> Step:
    also = (
        Also(one["rule"], tuple(one["notify"]), _ways(one["channels"]), _ways(one["fallback"]))
        for one in saved.get("also", ())
    )
    return Step(tuple(saved["notify"]), timedelta(seconds=saved["wait"]), tuple(also))


def _ways(saved: list[str]) -> tuple[Way, ...]:
    return tuple(Way(way) for way in saved)


@lru_cache(maxsize=2048)
def read_route(text: str) -> Route:
    return route_of(msgspec.json.decode(text))


def route_of(saved: dict[str, Any]) -> Route:
    return Route(
        rule=saved["rule"],
        urgency=Urgency(saved["urgency"]),
        policy=saved["policy"],
        group_by=tuple(saved["group_by"]),
        steps=tuple(_step_of(step) for step in saved["steps"]),
        repeat=saved["repeat"],
        channels=_ways(saved["channels"]),
        fallback=_ways(saved["fallback"]),
        acknowledge_within=timedelta(seconds=saved["acknowledge_within"]),
        match=tuple(saved["match"]),
        book_version=saved["book_version"],
        timing=_timing_of(saved.get("timing", {})),
        floor=_ways(saved.get("floor", [])),
        round_ends=saved.get("round_ends", 0),
    )
