"""Passwords: what is refused, how they are hashed, and how little a guess may learn from it."""

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 8, 128  # characters
MOST_BYTES = 1024  # never hash more: a long "password" is an attack on our processor
AT_ONCE = 2  # hashes at a time: 19 MiB each, and intake must not starve because many people sign in …
SEATS = 6  # … and these many threads at work on or waiting for one; whoever comes then hears "busy" at once
REMEMBERED = 10_000  # addresses

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_room = threading.BoundedSemaphore(AT_ONCE)
_seats = threading.BoundedSemaphore(SEATS)
# What people choose when they are made to choose eight characters or more; shorter ones are refused anyway.
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())


class Busy(Exception):
    """Too many passwords are being looked at right now."""


def complaint(password: str, *about: str) -> str:
    """What is wrong with a new password, in one English sentence; empty if nothing. `about`: the person's names."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "The password needs at least 8 characters."
    if len(plain) > LONGEST or len(plain.encode()) > MOST_BYTES:
        return "The password may have at most 128 characters."
    known = {word.casefold() for word in about}
    if plain.casefold() in _COMMON or plain.casefold() in known or len(set(plain)) < 4:
        return "This password is among the first that anybody would try."
    return ""


@contextmanager
def seat() -> Iterator[None]:
    """For whoever is about to show a password: a place to wait, or Busy at once."""
    if not _seats.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _seats.release()


def hash_password(password: str) -> str:
    """What is kept of it. Raises Busy."""
    with seat():
        return reckon(password)


def reckon(password: str) -> str:
    """The same for whoever is in a seat() already."""
    with _room:
        return _hasher.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password. Takes the same time when there is none to compare with. To be called in a seat()."""
    plain = _plain(password)
    if len(plain.encode()) > MOST_BYTES:
        return False
    with _room:
        try:
            _hasher.verify(kept or _nobody(), plain)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


class Patience:
    """How many passwords one address may show to this process: a good number at once, then one every so often."""

    def __init__(self, at_once: int, every: timedelta) -> None:
        self._ahead = at_once * every
        self._every = every
        self._free: OrderedDict[str, datetime] = OrderedDict()  # by address: the moment at which all is forgotten
        self._lock = threading.Lock()

    def wait(self, address: str, now: datetime) -> timedelta:
        """Count one more and say zero; or count nothing and say how long to wait."""
        with self._lock:
            free = min(max(self._free.pop(address, now), now), now + self._ahead)
            over = free + self._every - now - self._ahead
            if over <= timedelta(0):
                free += self._every
            self._free[address] = free
            while len(self._free) > REMEMBERED:
                self._free.popitem(last=False)
            return max(over, timedelta(0))


def _plain(password: str) -> str:
    """The same password, typed on another keyboard, is the same text."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return ""  # half a character: no keyboard makes one
    return unicodedata.normalize("NFKC", password[: MOST_BYTES + 1])


_nobodys: list[str] = []


def _nobody() -> str:
    """A hash that belongs to no password; made once, when first needed."""
    if not _nobodys:
        _nobodys.append(_hasher.hash("nobody has this password"))
    return _nobodys[0]
