"""Places where a test can have the program die: `CRASHPOINT=place` or `place:n`, for the n-th time it is passed.

Read once, here, when the program starts. Where it is not set, passing a place is a call of an empty function.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

VARIABLE = "CRASHPOINT"
PLACES: Mapping[str, str] = {  # what has just been done there; each is passed in exactly one place of the program
    "parsed": "a request was read as alerts",
    "ingest written": "alerts and all that follows from them are written, not committed",
    "ingest committed": "the same is committed, not answered",
    "claim committed": "messages are leased",
    "dialing": "an address was looked up, the connection comes next",
    "sent": "a request has gone out to a provider, its answer is not read",
    "answered": "an attempt is over, its result is only known to its thread",
    "outcome written": "results of attempts are written, not committed",
    "outcome committed": "the same is committed, and still known as unsettled",
    "timers read": "incidents are known whose next step, or the end of whose snooze, has come; nothing is done yet",
    "action written": "the next step, or what else was done to an incident, is written, not committed",
    "fallback written": "messages that took too long are marked, what follows is written, not committed",
    "book read": "a changed rule book is read, not in force",
    "migrated": "the tables are changed by one migration, not committed",
    "portion filled": "a migration has filled a portion of the rows that were there, not committed",
}


def _nothing(place: str) -> None:
    """Production."""


def _read(wish: str) -> Callable[[str], None]:
    """What happens at every place, as the environment wishes; an end where it names none of them."""
    if not wish:
        return _nothing
    name, _, count = wish.partition(":")
    if name not in PLACES or not (count or "1").isdigit() or count == "0":
        sys.exit(f"{VARIABLE}={wish!r}: no place, or no number from 1 after it; known are {', '.join(PLACES)}")
    passed, last = itertools.count(1), int(count or "1")

    def die_at_last(place: str) -> None:
        if place == name and next(passed) == last:
            _die(wish)

    return die_at_last


def _die(wish: str) -> NoReturn:
    os.write(2, f"event=crashpoint place={wish!r} process={os.getpid()}\n".encode())
    while True:  # the signal is not to be waited for
        os.kill(os.getpid(), signal.SIGKILL)


passing = _read(os.environ.get(VARIABLE, ""))
