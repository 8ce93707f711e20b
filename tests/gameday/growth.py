"""What processes hold of the machine, read from /proc again and again: does it grow?

Memory is counted without the pages of files. Those belong to the kernel, which lets go of them when somebody needs
room, and a process's share of the program's own code changes whenever another one starts or ends. What nobody but us
can give back is Pss_Anon and Pss_Shmem; a leak is always there.
"""

import statistics
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class Held(NamedTuple):
    """By one process at one moment."""

    age: float  # seconds since it was started
    own: int  # KiB that only it can give back
    whole: int  # KiB of PSS
    handles: int  # open descriptors
    threads: int


def held(pid, age):
    """None if it is gone, or goes while it is looked at."""
    place = PROC / str(pid)
    try:
        lines = (place / "smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size.split()[0]) for name, size in (line.split(":") for line in lines)}
        handles, threads = (len(list((place / part).iterdir())) for part in ("fd", "task"))
    except (OSError, IndexError):
        return None
    if not sizes.get("Pss"):
        return None
    return Held(age, sizes["Pss_Anon"] + sizes["Pss_Shmem"], sizes["Pss"], handles, threads)


class Change(NamedTuple):
    """Of one thing that is held: the middle of the first readings and of the last ones."""

    first: float
    last: float

    @property
    def grown(self):
        """0.05 is a twentieth more than at first."""
        return self.last / self.first - 1

    @property
    def more(self):
        return self.last - self.first


def change(readings, part, window):
    """Between the first and the last `window` readings."""
    values = [getattr(one, part) for one in readings]
    return Change(statistics.median(values[:window]), statistics.median(values[-window:]))
