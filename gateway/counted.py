"""The files through which processes share their counters: what dead ones have counted goes into one, so they stay few.

What they counted has happened: the sums stay as they are, for whoever reads them at that moment, too, and if whoever
moves it is killed meanwhile. New sums lie beside the old ones until a list says which files they take the place of;
once it is there whoever comes next finishes what it says.
"""

import fcntl
import json
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from prometheus_client.mmap_dict import MmapedDict

OF_THE_DEAD = 0  # no process has this number
SUMMED = ("counter", "histogram")
BROKEN = (RuntimeError, ValueError, struct.error)  # as a disk or a power cut leaves a file: nobody can read it


@contextmanager
def held(folder: Path, *, alone: bool = False) -> Iterator[None]:
    """Nobody moves anything meanwhile; or, `alone`, reads. Where nothing can be written nobody moves anything."""
    try:
        lock: IO[str] = (folder / "lock").open("a")
    except OSError:
        if alone:
            raise
        yield
        return
    with lock as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            while any(_list(folder, kind).exists() for kind in SUMMED):  # whoever moved them was killed
                fcntl.flock(file, fcntl.LOCK_EX)
                _finish_all(folder)
                fcntl.flock(file, fcntl.LOCK_SH)  # not in one step: somebody else may come first
        yield


def gather(folder: Path) -> int:
    """Returns how many files went. Where that cannot be done they stay: figures keep nobody from his work."""
    try:
        with held(folder, alone=True):
            _finish_all(folder)
            return sum(_gather(folder, kind) for kind in SUMMED)
    except OSError:  # no room, or a disk that is read-only by now
        return 0


def _gather(folder: Path, kind: str) -> int:
    dead = [file for file in folder.glob(f"{kind}_*.db") if _is_dead(file)]
    if dead:
        _add_up(dead, _sums(folder, kind), _new(folder, kind))
        ready = folder / f"{kind}.ready"
        ready.write_text(json.dumps([file.name for file in dead]))
        ready.replace(_list(folder, kind))
        _finish(folder, kind)
    return len(dead)


def _add_up(dead: Sequence[Path], before: Path, after: Path) -> None:
    after.unlink(missing_ok=True)
    if before.exists():
        shutil.copyfile(before, after)
    if not _values(after):
        after.unlink(missing_ok=True)
    sums = MmapedDict(str(after))  # type: ignore[no-untyped-call]
    for file in dead:
        for key, value, at in _values(file):
            sums.write_value(key, sums.read_value(key)[0] + value, at)  # type: ignore[no-untyped-call]
    sums.close()  # type: ignore[no-untyped-call]


def _values(file: Path) -> list[tuple[str, float, float]]:
    """Each key with its value and its time; nothing of what was never begun, or is broken."""
    if not file.exists() or not file.stat().st_size:
        return []
    try:
        return [one[:3] for one in MmapedDict.read_all_values_from_file(str(file))]  # type: ignore[no-untyped-call]
    except BROKEN:
        return []


def _finish_all(folder: Path) -> None:
    for kind in SUMMED:
        if _list(folder, kind).exists():
            _finish(folder, kind)


def _finish(folder: Path, kind: str) -> None:
    """As often as somebody is killed at it."""
    gone, new = _list(folder, kind), _new(folder, kind)
    try:
        names = json.loads(gone.read_text())
    except ValueError:  # as a power cut leaves it: it is as if nobody had begun
        names = []
        new.unlink(missing_ok=True)
    if new.exists():
        new.replace(_sums(folder, kind))
    for name in names:
        (folder / name).unlink(missing_ok=True)
    gone.unlink()


def _sums(folder: Path, kind: str) -> Path:
    return folder / f"{kind}_{OF_THE_DEAD}.db"


def _new(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.new"


def _list(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.gone"


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
