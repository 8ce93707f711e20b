"""Taking back what a person just did: whether that is still possible, and where the ladder goes on. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rules.lifecycle import State
from rules.timing import Phase
from rules.words import Status

WITHIN = timedelta(minutes=10)  # after that, others have long relied on it
MERGE = "merge"
OWN_CLEARED = "own alerts cleared"  # on the timeline, why what others were merged into is over once they are apart
ACTS = ("acknowledge", "resolve", "snooze", "assign", MERGE)


class Obstacle(StrEnum):
    """Why something is not taken back."""

    TOO_LATE = "too late"
    DONE = "already taken back"
    GONE = "no such incident"
    MOVED_ON = "moved on"
    CLEARED = "cleared"
    ANOTHER = "another is open"
    OTHER_OVER = "the other is over"
    ELSEWHERE = "alerts are elsewhere"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stood, as far as a person's act changes it."""

    state: State
    ack_at: datetime | None = None
    ack_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolve_kind: str | None = None
    assignee_id: int | None = None
    firing: int = 0  # alerts, when it was resolved


@dataclass(frozen=True, slots=True)
class Gone:
    """What a merge moved, as it is now."""

    open: bool  # the incident that it went to
    together: bool  # all of its alerts are still in that one
    firing: int  # of them


def obstacle(
    act: str, before: Standing, after: Standing, present: Standing, *, another: bool = False, gone: Gone | None = None
) -> Obstacle | None:
    """What stands in the way: somebody, or the clock, has done something since, or it is over by itself."""
    if act == "assign":
        moved = present.assignee_id != after.assignee_id or present.state.status is Status.RESOLVED
        return Obstacle.MOVED_ON if moved else None
    same = (present.state, present.ack_at, present.resolved_at) == (after.state, after.ack_at, after.resolved_at)
    if not same:
        return Obstacle.MOVED_ON
    if act == MERGE:
        return _apart(before, gone, another=another)
    if act == "resolve" and another:
        return Obstacle.ANOTHER
    if act == "resolve" and before.firing and not present.firing:
        return Obstacle.CLEARED
    return None


def _apart(before: Standing, gone: Gone | None, *, another: bool) -> Obstacle | None:
    """Whether what was merged can be an incident of its own again."""
    if gone is None or not gone.open:
        return Obstacle.OTHER_OVER
    if not gone.together:
        return Obstacle.ELSEWHERE
    if another:
        return Obstacle.ANOTHER
    return Obstacle.CLEARED if before.firing and not gone.firing else None


def resumed(before: State, acted_at: datetime, now: datetime) -> State:
    """The ladder as it stood, with the time that was left until its next step. Ends that were set stay."""
    if before.status is not Status.TRIGGERED or before.snoozed_until or before.phase is not Phase.NONE:
        return before
    if before.next_at is None:
        return before
    return replace(before, next_at=now + max(before.next_at - acted_at, timedelta()))
