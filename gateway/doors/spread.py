"""Spreads busy connections evenly over the web processes of a machine.

The system gives each connection to a process by a hash, and there it stays: of four connections, three or all four come
to one of two processes five times in eight. Whoever has two more than another lets one go with its answer; its sender
opens another one, as after any restart, and the hash is asked again.
"""

import mmap
import struct
from collections import OrderedDict
from typing import Final

BUSY = 1.0  # seconds in which the next request of a busy connection comes
STEADY = 5  # requests, none long after the one before, that make a connection a busy one
FRESH = 1.2  # seconds in which a process must have written: what is frozen must not draw connections to itself
PAUSE = 0.1  # seconds between two that are let go: the first is to be seen at its new place

_ENTRY: Final = struct.Struct("=dq")  # when it was written, on the system's monotonic clock; how many are busy
MOST: Final = mmap.PAGESIZE // _ENTRY.size  # places on a page; processes beyond are left as they are


class Board:
    """What the processes tell each other: an entry each, on memory they share. Made before they are forked.

    Nothing is locked. Whoever reads half an entry ends a connection for nothing, once.
    """

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self.places = 1  # as many as there are processes; MOST at most are looked at
        self.place = 0  # of the process that is forked next, or of this one

    def write(self, now: float, busy: int) -> None:
        if self.place < MOST:
            _ENTRY.pack_into(self._page, self.place * _ENTRY.size, now, busy)

    def least(self, now: float) -> int | None:
        """How many connections the least busy of the other processes has; None if there is no other."""
        least = None
        for place in range(min(self.places, MOST)):
            at, busy = _ENTRY.unpack_from(self._page, place * _ENTRY.size)
            if place != self.place and now - at < FRESH and (least is None or busy < least):
                least = busy
        return least


class Spread:
    """The busy connections of this process. For the event loop alone: no lock.

    Who asks now and then does not count: how many of those have asked lately is chance, and differs at every moment.
    Moments are seconds on the monotonic clock, which all processes of a machine share.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        # Connection → its last request, and how many there were without a pause; the longest ago first.
        self._heard: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._busy = 0
        self._wait_until = 0.0

    def tell(self, now: float) -> None:
        """To be called twice a second at least, also while nothing comes."""
        while self._heard and now - self._heard[oldest := next(iter(self._heard))][0] >= BUSY:
            self._forget(oldest)
        self._board.write(now, self._busy)

    def lets_go(self, connection: str, now: float) -> bool:
        """Whether the connection whose request is being answered is to end with the answer."""
        self.tell(now)
        requests = self._forget(connection) + 1
        self._heard[connection] = now, requests
        if requests < STEADY:
            return False
        self._busy += 1
        self._board.write(now, self._busy)
        if self._busy < 2 or now < self._wait_until:
            return False
        least = self._board.least(now)
        if least is None or self._busy - least < 2:
            return False
        self._forget(connection)
        self._board.write(now, self._busy)
        self._wait_until = now + PAUSE
        return True

    def _forget(self, connection: str) -> int:
        """How many requests there were."""
        _, requests = self._heard.pop(connection, (0.0, 0))
        self._busy -= requests >= STEADY
        return requests
