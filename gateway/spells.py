"""What happens again and again is written to the log now and then: the first time, and then more seldom each time."""

import threading
from dataclasses import dataclass, field

FIRST, MOST = 10.0, 600.0  # seconds between two lines: twice as long each time
NEWS = 60.0  # seconds without it, after which it is news again


@dataclass(slots=True)
class Spell:
    """A trouble that lasts. Moments are seconds of any clock that is never set back."""

    began: float = 0.0
    last: float = float("-inf")
    due: float = 0.0
    gap: float = FIRST
    unsaid: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def meets(self, at: float) -> tuple[int, float] | None:
        """It has made something fail. If that is to be said now: what has since it was said last, and for how long."""
        with self.lock:
            if at - self.last > NEWS:
                self.began, self.due, self.gap, self.unsaid = at, at, FIRST, 0
            self.last, self.unsaid = at, self.unsaid + 1
            if at < self.due:
                return None
            said, self.unsaid = self.unsaid, 0
            self.due, self.gap = at + self.gap, min(2 * self.gap, MOST)
            return said, at - self.began

    def ends(self, at: float) -> float | None:
        """Nothing fails any more: for how long it did, said once; None if it did not."""
        with self.lock:
            if self.last == float("-inf"):
                return None
            self.last = float("-inf")
            return at - self.began
