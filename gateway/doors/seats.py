"""The room that all bodies of a process share: each has a seat in it, and whoever dawdles gives way to others."""

import asyncio
from collections.abc import Awaitable, Callable

ROOM = 128 * 1024 * 1024  # bytes of bodies that a process holds at a time …
KEPT_FREE = 32 * 1024 * 1024  # … of which these many are for small ones
SLOW = 32 * 1024 * 1024  # … and at most for what comes in parts of whom we do not know: each link holds as much again
UNASKED = 64 * 1024  # bytes of a body that are read before we know who sends it

Ask = Callable[[], Awaitable[object]]


class Full(Exception):
    """The bodies under way fill the room there is."""


class Room:
    """What all bodies of a process hold together. For the event loop alone: no lock."""

    def __init__(self, size: int = ROOM, kept_free: int = KEPT_FREE, for_slow: int = SLOW) -> None:
        self.size = size
        self.kept_free = kept_free
        self.for_slow = for_slow
        self.held = 0
        self.slow: dict[Seat, None] = {}  # what comes in parts, of whom we do not know yet: the longest under way first
        self.held_by_slow = 0

    def make_way(self, seat: "Seat", more: int, most: int) -> None:
        """Whoever takes longest goes, until there is room for `seat`. Raises Full if that is itself, or nobody."""
        while self.held + more > most:
            slowest = next(iter(self.slow), seat)
            if slowest is seat:
                raise Full
            slowest.give_way()

    def wait_for(self, seat: "Seat") -> None:
        """There is more of it to come, and of whom we do not know."""
        if seat not in self.slow:
            self.slow[seat] = None
            self.held_by_slow += seat.size
        while self.held_by_slow > self.for_slow:
            next(iter(self.slow)).give_way()

    def settle(self, seat: "Seat") -> None:
        """It is whole, or of somebody we know: nobody takes its room."""
        if seat in self.slow:
            del self.slow[seat]
            self.held_by_slow -= seat.size


class Seat:
    """One request's part of the room, given back at its end."""

    __slots__ = ("_room", "ask", "known", "lost", "patience", "size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0
        self.ask: Ask | None = None  # whether they may send more than a little, while nobody has asked
        self.known = False  # somebody asked, and they may
        self.lost = False  # its room was given to others
        self.patience: asyncio.Timeout | None = None  # how long the body is waited for

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: object) -> None:
        self._room.settle(self)
        self._room.held -= self.size

    def grow(self, more: int) -> None:
        if self.lost:
            raise Full
        room = self._room
        most = room.size - (room.kept_free if self.size + more > UNASKED else 0)
        if room.held + more > most:
            room.make_way(self, more, most)
        room.held += more
        if self in room.slow:
            room.held_by_slow += more
        self.size += more

    async def expect(self, size: int) -> None:
        """There is more to come, so much in all or more. Until we know of whom, others may need its room."""
        if self.ask is not None and size > UNASKED:
            await self.ask()
            self.ask, self.known = None, True
            self.settle()
        elif not self.known and self.size:
            self._room.wait_for(self)

    def settle(self) -> None:
        self._room.settle(self)

    def give_way(self) -> None:
        """Its room is free at once; what it holds is gone at the next turn of the event loop."""
        self._room.settle(self)
        self._room.held -= self.size
        self.size, self.lost = 0, True
        if self.patience is not None and not self.patience.expired():
            self.patience.reschedule(0)
