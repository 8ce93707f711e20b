"""The files through which processes share their counters: what dead ones have counted goes into one, so they stay few.

What they counted has happened: the sums stay as they are, for whoever reads them at that moment, too.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

OF_THE_DEAD = 0  # no process has this number
SUMMED = ("counter", "histogram")


@contextmanager
def held(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Nobody moves anything meanwhile; or, `alone`, reads."""
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def gather(folder: Path) -> int:
    """Returns how many files went."""
    with held(folder, alone=True):
        return sum(_gather(folder, kind) for kind in SUMMED)


def _gather(folder: Path, kind: str) -> int:
    dead = [file for file in folder.glob(f"{kind}_*.db") if _is_dead(file)]
    if dead:
        sums = MmapedDict(str(folder / f"{kind}_{OF_THE_DEAD}.db"))  # type: ignore[no-untyped-call]
        for file in dead:
            if file.stat().st_size:  # else it was killed while it made it
                for key, value, at, _ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call]
                    sums.write_value(key, sums.read_value(key)[0] + value, at)  # type: ignore[no-untyped-call]
            file.unlink()
        sums.close()  # type: ignore[no-untyped-call]
    return len(dead)


def _is_dead(file: Path) -> bool:
    number = file.stem.rpartition("_")[2]
    if not number.isdecimal() or int(number) == OF_THE_DEAD:
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):  # another user's; no number of a process
        return False
    return False
