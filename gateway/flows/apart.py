"""One of many that are due: what is wrong with it alone must not keep the others waiting."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway import log, metrics

T = TypeVar("T")


def apart(part: str, step: Callable[[], T], otherwise: Callable[[], T], **which: object) -> T:
    """`step`, or `otherwise` where it fails, which is heard in the log and counted.

    A database that is away is nobody's fault: that is raised, and all of them are due again.
    """
    try:
        return step()
    except (OperationalError, PoolTimeout):
        raise
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with this one, the others have their turn
        log.error(f"{part}_failed", problem, **which)
        metrics.worker_errors.labels(part).inc()
    return otherwise()
