"""The rule book in force: read from files, read again when they change, and never replaced by a broken one."""

import threading
from collections.abc import Mapping
from pathlib import Path

from rules import book as books
from rules.book import BadRuleBook, RuleBook


def read(place: Path) -> Mapping[str, str]:
    """The texts of a rule book by file name: one file, or a directory's YAML files without its tests/.

    Bytes that are not UTF-8 become U+FFFD, which the parser then complains about with file and line.
    """
    if not place.exists():
        raise BadRuleBook((f"{place}: there is no such file or directory",))
    if place.is_file():
        return {place.name: _text(place)}
    found = sorted(path for path in place.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file())
    chosen = [path for path in found if path.relative_to(place).parts[0] != "tests"]
    if not chosen:
        raise BadRuleBook((f"{place}: no .yaml file in this directory",))
    return {str(path.relative_to(place)): _text(path) for path in chosen}


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


class Bookshelf:
    """Holds the book in force. `refresh()` is called by whoever turns the clock; a lock keeps two of them apart."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._stamp = self._look()
        self.complaints: tuple[str, ...] = ()
        self.book: RuleBook = books.parse(read(place))  # at start a broken book stops the program

    def refresh(self, *, force: bool = False) -> bool:
        """Read the files again if they changed. A broken book changes only `complaints`. True if a new one came."""
        with self._lock:
            stamp = self._look()
            if stamp == self._stamp and not force:
                return False
            self._stamp = stamp
            try:
                fresh = books.parse(read(self.place))
            except BadRuleBook as problem:
                self.complaints = problem.complaints
                return False
            self.complaints = ()
            changed = fresh.version != self.book.version
            self.book = fresh
            return changed

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        """What tells one state of the files from another: name, time and size of each."""
        if not self.place.is_dir():
            paths = [self.place] if self.place.exists() else []
        else:
            paths = sorted(path for path in self.place.rglob("*") if path.suffix in (".yaml", ".yml"))
        stats = [(str(path), path.stat()) for path in paths]
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
