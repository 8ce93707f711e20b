"""One answer for many open pages: what several of them ask within a moment is read and drawn once in a process.

Only what open pages ask by themselves every 1.7 seconds: whoever has just done something asks for what is so now.
Web servers switch it on (gateway/start/web.py); without it everybody is answered anew.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

from flask import Flask, current_app

FOR = timedelta(milliseconds=650)  # with the 1.7 seconds of a page below the 2.5 in which a change has to be seen
MOST = 200  # different answers that are kept
NAME = "nabat.shared"
Made = TypeVar("Made")


@dataclass(slots=True)
class _Kept:
    lock: Lock = field(default_factory=Lock)
    at: datetime | None = None
    made: object = None
    lasts: timedelta = FOR

    def is_good(self, now: datetime) -> bool:
        return self.at is not None and timedelta(0) <= now - self.at <= self.lasts


class Shared:
    def __init__(self) -> None:
        self._lock, self._kept = Lock(), dict[Hashable, _Kept]()

    def ask(
        self, key: Hashable, now: datetime, make: Callable[[], Made], *, fresh: bool, lasts: timedelta = FOR
    ) -> Made:
        """What was made a moment ago, else `make`: by one at a time, the others wait for what it makes."""
        with self._lock:
            if key not in self._kept:
                self._forget(now)
            kept = self._kept.setdefault(key, _Kept(lasts=lasts))
        with kept.lock:
            if fresh or not kept.is_good(now):
                kept.made = make()
                kept.at = now
            return kept.made  # type: ignore[return-value]  # a key is used for one kind of thing

    def peek(self, key: Hashable, now: datetime) -> object:
        """What is kept and still good, or None. Waits for nobody."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        at, made = kept.at, kept.made  # in this order: the other way round it was written
        return made if at is not None and timedelta(0) <= now - at <= FOR else None

    def _forget(self, now: datetime) -> None:
        """What is old helps nobody, and a list may be half a megabyte."""
        known = {key: one for key, one in self._kept.items() if one.at is None or one.is_good(now)}
        self._kept = known if len(known) < MOST else {}


def switch_on(app: Flask) -> Shared:
    found: Shared = app.extensions.setdefault(NAME, Shared())
    return found


def shared(key: Hashable, now: datetime, make: Callable[[], Made], *, fresh: bool) -> Made:
    found: Shared | None = current_app.extensions.get(NAME)
    return make() if found is None else found.ask(key, now, make, fresh=fresh)
