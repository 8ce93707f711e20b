"""Whether an alert fires: a function of the set of messages about it, not of their order, repetition or delay.

Three maxima are kept of all messages about one alert: F, the startsAt of firing ones; R and E, the startsAt and endsAt
of resolved ones. It fires if F > R and F >= E: a resolve closes its own episode even when that is zero long, and a new
episode that starts at the instant of the old end fires. Times are microseconds since 1970, so that they compare the
same in Python and in both databases.
"""

from dataclasses import dataclass

NEVER = -1  # before every real time: no such message yet
TOUCH = 0  # the "start" of a message that says nothing about firing: opens what was never seen, reopens nothing


@dataclass(slots=True)
class Episodes:
    """The three maxima of one alert."""

    fired: int = NEVER
    resolved: int = NEVER
    ended: int = NEVER

    @property
    def firing(self) -> bool:
        return self.fired > self.resolved and self.fired >= self.ended

    def hear_firing(self, starts: int) -> bool:
        """Take in a firing message. True if it is a new episode, false if it was known."""
        new = starts > self.fired
        if new:
            self.fired = starts
        return new

    def hear_resolved(self, starts: int, ends: int) -> None:
        """Take in a resolved message; its end is never before its start."""
        self.resolved = max(self.resolved, starts)
        self.ended = max(self.ended, ends, starts)
