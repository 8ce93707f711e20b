"""What fails in the background is heard: with its trace or, where the reason is known, in a short line now and then."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DBAPIError

from gateway import log, metrics
from gateway.store.db import is_away, is_locked_out

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

    def ends(self, at: float) -> float | None:
        """Nothing fails any more: for how long it did, said once; None if it did not."""
        with self.lock:
            if self.last == float("-inf"):
                return None
            self.last = float("-inf")
            return at - self.began


_locked, _away = Spell(), Spell()  # of this process


def tell(
    event: str, problem: Exception, *, spell: Spell | None = None, at: float | None = None, **facts: object
) -> None:
    """Only what nobody knows the reason of needs the place where it happened."""
    at = time.monotonic() if at is None else at
    if isinstance(problem, DBAPIError) and is_locked_out(problem):
        if met := (spell or _locked).meets(at):
            log.warning("database_locked", reason=LOCKED, failed=met[0], seconds=round(met[1]), **facts)
    elif isinstance(problem, DBAPIError) and is_away(problem):
        met = (spell or _away).meets(at)
        if met and not met[1]:  # where it was noticed, once
            log.error(event, problem, **facts)
        elif met:
            reason = str(problem.orig).partition("\n")[0]
            log.warning("database_away", reason=reason, failed=met[0], seconds=round(met[1]), **facts)
    else:
        log.error(event, problem, **facts)


def well(*, spell: Spell | None = None, at: float | None = None) -> None:
    """A whole round went well: if the database was away, it is back."""
    lasted = (spell or _away).ends(time.monotonic() if at is None else at)
    if lasted is not None:
        log.warning("database_back", seconds=round(lasted))


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
