"""What fails in the background is heard: with its trace or, where the reason is known, in a short line now and then."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DBAPIError

from gateway import log, metrics
from gateway.store.db import is_locked_out

FIRST, MOST = 10.0, 600.0  # seconds between two lines: twice as long each time
PAUSE = 0.2  # seconds after a job that failed
NEWS = 60.0  # seconds without it, after which it is news again
LOCKED = "somebody else has locked the database; all that could not be done is tried again"


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


_locked = Spell()  # of this process


def tell(
    event: str, problem: Exception, *, spell: Spell | None = None, at: float | None = None, **facts: object
) -> None:
    """Only what nobody knows the reason of needs the place where it happened."""
    if not (isinstance(problem, DBAPIError) and is_locked_out(problem)):
        log.error(event, problem, **facts)
    elif met := (spell or _locked).meets(time.monotonic() if at is None else at):
        failed, seconds = met
        log.warning("database_locked", reason=LOCKED, failed=failed, seconds=round(seconds), **facts)


def guarded(job: str, work: Callable[[], Any], failed: Callable[[Exception], None] = lambda _: None) -> Any:
    """A job that fails is told to the log and to /metrics, and the loop goes on."""
    try:
        return work()
    except Exception as problem:  # noqa: BLE001 - the loop must outlive a database that is away and a bug in one job
        tell("worker_job_failed", problem, job=job)
        metrics.worker_errors.labels(job).inc()
        failed(problem)
        time.sleep(PAUSE)
        return None
