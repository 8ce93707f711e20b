"""Spreads busy connections evenly over the web processes of a machine.

The system gives each connection to a process by a hash, and there it stays: of four connections, three or all four come
to one of two processes five times in eight. Whoever has two more than another lets one go with its answer; its sender
opens another one, as after any restart, and the hash is asked again.
"""

import mmap
import struct
from collections import OrderedDict
from typing import Final

BUSY = 1.0  # seconds since its last request in which a connection counts
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

    Moments are seconds on the monotonic clock, which all processes of a machine share.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._heard: OrderedDict[str, float] = OrderedDict()  # connection → its last request; the longest ago first
        self._wait_until = 0.0

    def tell(self, now: float) -> None:
        """To be called twice a second at least, also while nothing comes."""
        while self._heard and now - self._heard[oldest := next(iter(self._heard))] >= BUSY:
            del self._heard[oldest]
        self._board.write(now, len(self._heard))

    def lets_go(self, connection: str, now: float) -> bool:
        """Whether the connection whose request is being answered is to end with the answer."""
        self._heard[connection] = now
        self._heard.move_to_end(connection)
        self.tell(now)
        if len(self._heard) < 2 or now < self._wait_until:
            return False
        least = self._board.least(now)
        if least is None or len(self._heard) - least < 2:
            return False
        del self._heard[connection]
        self._wait_until = now + PAUSE
        self.tell(now)
        return True
