"""What fails in the background is heard: with its trace or, where the reason is known, in a short line now and then."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import DBAPIError

from gateway import log, metrics
from gateway.spells import Spell
from gateway.store.db import is_away, is_locked_out

PAUSE = 0.2  # seconds after a job that failed
LOCKED = "somebody else has locked the database; all that could not be done is tried again"

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
