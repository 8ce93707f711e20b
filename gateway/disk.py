"""Room on SQLite's disk: how much is left, and ballast that is let go when there is none.

On a full disk it cannot even delete; once the ballast is gone, what became of messages can be written down.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from sqlite3 import OperationalError

from gateway import log
from gateway.settings import Settings

MEGABYTE = 1_000_000
BALLAST = 64 * MEGABYTE
FULL = 16 * MEGABYTE  # with less than this the ballast is let go; the next writes must not have to fail first
LOOK_EVERY = 0.5  # seconds between questions to the system, whoever asks

Free = Callable[[Path], int]


def free_bytes(place: Path) -> int:
    """What an ordinary user may still write there."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


class Disk:
    """`least` bytes must be free for anything new to be taken in; 0 where nobody need look."""

    def __init__(self, place: Path, least: int, free: Free = free_bytes) -> None:
        self.place, self.least = place, least
        self._ask = free
        self._seen: tuple[float, int] | None = None

    @property
    def ballast(self) -> Path:
        return self.place / "ballast"

    def free(self) -> int:
        """As of half a second ago at most. Where nobody can ask there is room: the database says what is wrong."""
        now = time.monotonic()
        if self._seen is None or now - self._seen[0] >= LOOK_EVERY:
            try:
                self._seen = (now, self._ask(self.place))
            except OSError as problem:
                log.warning("disk_not_asked", problem=problem.strerror)
                self._seen = (now, self.least + BALLAST)
        return self._seen[1]

    @property
    def short(self) -> bool:
        """Nothing new is taken in; what is here already is still worked off."""
        return bool(self.least) and self.free() < self.least

    def tend(self) -> None:
        """Let the ballast go when the disk is full, put it back when there is room again."""
        if not self.least:
            return
        if self.free() < FULL:
            self.let_go()
        elif self.free() >= self.least + BALLAST and not self.ballast.exists():
            self._make()

    def let_go(self) -> None:
        try:
            self.ballast.unlink()
        except FileNotFoundError:
            return
        except OSError as problem:
            log.error("ballast_stuck", problem)
            return
        self._seen = None
        log.error("disk_full", ballast_let_go_mb=BALLAST // MEGABYTE)

    def _make(self) -> None:
        draft = self.ballast.with_name("ballast.new")
        try:
            with draft.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST)
            draft.replace(self.ballast)
        except OSError as problem:  # it is only a reserve; the next look tries again
            log.warning("ballast_not_made", problem=problem.strerror)
            with suppress(OSError):
                draft.unlink()
        else:
            log.info("ballast_made", mb=BALLAST // MEGABYTE)
        self._seen = None


def disk_of(settings: Settings) -> Disk:
    """The place of a SQLite file; a server looks after its own disk, and says so when it is full."""
    url = settings.database_url
    if not url.startswith("sqlite"):
        return Disk(settings.data_dir, 0)
    return Disk(Path(url.removeprefix("sqlite:///")).parent, int(settings.env["NABAT_MIN_FREE_MB"]) * MEGABYTE)


def is_full(problem: BaseException) -> bool:
    """Whether SQLite failed because there is no room, quotas and limits included."""
    cause = getattr(problem, "orig", problem)
    return isinstance(cause, OperationalError) and getattr(cause, "sqlite_errorname", "").startswith(
        ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE")
    )
