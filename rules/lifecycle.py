"""The life of an incident: what a signal does to it, and why. Pure: state, route, time in; decision out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rules.words import Route, Status, Step, Urgency


class Signal(StrEnum):
    """What can happen to an incident."""

    OPENED = "opened"  # its first alert
    ALL_RESOLVED = "all resolved"  # its last firing alert resolved
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    TIMER = "timer"  # the moment of the next step has come
    UNREACHED = "unreached"  # nobody of the present step could be reached: do not wait for its time


class Reason(StrEnum):
    """Why we do, or do not, tell anybody. Each is written on the timeline, silence included."""

    OPENED = "opened"
    ESCALATED = "escalated"
    TOLD_AGAIN = "told again"
    NOBODY_REACHED = "nobody reached"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    NOT_DUE = "not due"
    POLICY_EXHAUSTED = "policy exhausted"
    ALREADY_ACKNOWLEDGED = "already acknowledged"
    ALREADY_RESOLVED = "already resolved"


@dataclass(frozen=True, slots=True)
class State:
    """The part of an incident that decisions look at.

    `level` counts the steps told so far and only grows, over repeats too; `next_at` is the moment of the next one.
    """

    status: Status
    level: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What an incident becomes, and why; `step` is whom to tell now, if anybody."""

    after: State
    reason: Reason
    step: Step | None = None

    @property
    def changes(self) -> bool:
        """False for an answer like "already acknowledged": nothing is written for it."""
        return self.reason not in (Reason.NOT_DUE, Reason.ALREADY_ACKNOWLEDGED, Reason.ALREADY_RESOLVED)


NEW = State(Status.TRIGGERED)
UNREACHED_PAUSE = timedelta(seconds=60)


def decide(state: State, signal: Signal, route: Route, now: datetime) -> Decision:
    """What `signal` does to an incident in `state`, by the route it was given when it opened."""
    if state.status is Status.RESOLVED:
        return Decision(state, Reason.ALREADY_RESOLVED)
    if signal in (Signal.ALL_RESOLVED, Signal.RESOLVE):
        return Decision(replace(state, status=Status.RESOLVED, next_at=None), Reason.RESOLVED)
    if signal is Signal.ACKNOWLEDGE:
        return _acknowledge(state)
    too_early = signal is Signal.TIMER and (state.next_at is None or now < state.next_at)
    if state.status is Status.ACKNOWLEDGED or too_early:
        return Decision(state, Reason.NOT_DUE)
    if signal is Signal.UNREACHED and state.level >= len(route.steps):
        return _sooner(state, now)
    return _next_step(state, route, now)


def _sooner(state: State, now: datetime) -> Decision:
    """Nobody new is left to go on to: the next round starts after a minute, not at once, or it would never end."""
    soon = now + UNREACHED_PAUSE
    if state.next_at is None or state.next_at <= soon:
        return Decision(state, Reason.NOT_DUE)
    return Decision(replace(state, next_at=soon), Reason.NOBODY_REACHED)


def _acknowledge(state: State) -> Decision:
    if state.status is Status.ACKNOWLEDGED:
        return Decision(state, Reason.ALREADY_ACKNOWLEDGED)
    return Decision(replace(state, status=Status.ACKNOWLEDGED, next_at=None), Reason.ACKNOWLEDGED)


def _next_step(state: State, route: Route, now: datetime) -> Decision:
    """One step up; at the top an emergency goes on telling the last step, the other classes stop."""
    walk = len(route.steps) * (1 + route.repeat)
    if state.level >= walk and route.urgency is not Urgency.EMERGENCY:
        return Decision(replace(state, next_at=None), Reason.POLICY_EXHAUSTED)
    over = state.level >= walk
    step = route.steps[-1] if over else route.steps[state.level % len(route.steps)]
    reason = Reason.TOLD_AGAIN if over else (Reason.OPENED if state.level == 0 else Reason.ESCALATED)
    return Decision(State(state.status, state.level + 1, now + step.wait), reason, step)


def step_at(route: Route, level: int) -> Step:
    """The step that was told as `level` (1 for the first)."""
    walk = len(route.steps) * (1 + route.repeat)
    return route.steps[-1] if level > walk else route.steps[(level - 1) % len(route.steps)]
