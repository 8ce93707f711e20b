"""What the kernel knows of processes: their memory, and how much of the machine somebody else used."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def parents() -> dict[int, int]:
    """Of every process, its parent."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))):
            found[int(entry.name)] = int(stat[1])
    return found


def family(roots: list[int]) -> list[int]:
    """These processes and all that descend from them."""
    known, found, fresh = parents(), set(), set(roots)
    while fresh:
        found |= fresh
        fresh = {pid for pid, parent in known.items() if parent in fresh} - found
    return sorted(found)


def pss(pid: int) -> float:
    """Memory of a process and its descendants in MB: pages they share are counted once."""
    total = 0
    for one in family([pid]):
        try:
            lines = (PROC / str(one) / "smaps_rollup").read_text().splitlines()
        except (OSError, ValueError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def peak_rss(pid: int) -> dict[str, float]:
    """The most that this process and each of its descendants ever had in memory, in MB, by name and number."""
    found = {}
    for one in family([pid]):
        try:
            status = (PROC / str(one) / "status").read_text()
        except OSError:
            continue
        name, peak = status.split("Name:")[1].split("\n")[0].strip(), status.partition("VmHWM:")[2].split()
        if peak:
            found[f"{name} {one}"] = int(peak[0]) / 1024
    return found


class Meter:
    """How many cores were busy with something other than `roots` and their descendants."""

    def __init__(self, roots: list[int]) -> None:
        self.roots = roots
        self.ours: dict[int, int] = {}
        self.busy, self.own = self._busy(), self._own()
        self.uptime = self._uptime()

    def foreign(self) -> float:
        busy, own = self._busy() - self.busy, self._own() - self.own
        return max(0.0, (busy - own) / TICKS / max(self._uptime() - self.uptime, 0.01))

    def _own(self) -> int:
        """Of a process that has ended, its last figure and what its parent has waited for are both kept in the sum."""
        for pid in family(self.roots):
            if stat := _stat(pid):
                self.ours[pid] = sum(int(value) for value in stat[11:15])
        return sum(ticks for pid, ticks in self.ours.items() if _stat(pid))

    def _busy(self) -> int:
        values = [int(value) for value in (PROC / "stat").read_text().splitlines()[0].split()[1:]]
        user, nice, system, _idle, _wait, irq, soft = values[:7]
        return user + nice + system + irq + soft

    def _uptime(self) -> float:
        return float((PROC / "uptime").read_text().split()[0])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; nothing if it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
