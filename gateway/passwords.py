"""Passwords: what is refused, how they are hashed, and how little a guess may learn from it."""

import threading
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 8, 128  # characters
MOST_BYTES = 1024  # never hash more: a long "password" is an attack on our processor
AT_ONCE = 2  # hashes at a time: 19 MiB each, and intake must not starve because many people sign in

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_room = threading.BoundedSemaphore(AT_ONCE)
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


def hash_password(password: str) -> str:
    with _Room():
        return _hasher.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password. Takes the same time when there is none to compare with."""
    plain = _plain(password)
    if len(plain.encode()) > MOST_BYTES:
        return False
    with _Room():
        try:
            _hasher.verify(kept or _nobody(), plain)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


class _Room:
    """Waits for one of the few places, but not for ever."""

    def __enter__(self) -> None:
        if not _room.acquire(timeout=5):
            raise Busy

    def __exit__(self, *_: object) -> None:
        _room.release()


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
