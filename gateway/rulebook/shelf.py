"""The rule book in force: read from files, read again when they change, and never replaced by a broken one."""

import threading
from collections.abc import Mapping
from pathlib import Path

from gateway import crashpoint
from rules import book as books
from rules.book import BadRuleBook, RuleBook
from rules.reading.lookups import MAX_BYTES

TABLE = ".csv"
_Stamps = tuple[tuple[str, int, int], ...]


def read(place: Path) -> Mapping[str, str]:
    """The texts of a rule book by file name: one file, or a directory's YAML files and tables without its tests/.

    Bytes that are not UTF-8 become U+FFFD, which the parser then complains about with file and line.
    """
    if not place.exists():
        raise BadRuleBook((f"{place}: there is no such file or directory",))
    try:
        if place.is_file():
            return {place.name: _text(place)}
        chosen = _files(place)
        texts = {str(path.relative_to(place)): _text(path) for path in chosen}
    except OSError as problem:  # no right to read it, or it went away between two looks
        raise BadRuleBook((f"{problem.filename or place}: cannot be read: {problem.strerror}",)) from problem
    if all(name.endswith(TABLE) for name in texts):
        raise BadRuleBook((f"{place}: no .yaml file in this directory",))
    return texts


def _files(place: Path) -> list[Path]:
    """Without hidden ones: editors put locks and copies there, some of them links that lead nowhere."""
    found = sorted(path for path in place.rglob("*") if path.suffix in (".yaml", ".yml", TABLE))
    parts = [(path, path.relative_to(place).parts) for path in found]
    return [path for path, names in parts if names[0] != "tests" and not any(name.startswith(".") for name in names)]


def _text(path: Path) -> str:
    if path.suffix != TABLE:
        return path.read_bytes().decode("utf-8", "replace")
    with path.open("rb") as file:  # a table may lie here that the book does not name, of any size
        return file.read(MAX_BYTES + 1).decode("utf-8", "replace")


class Bookshelf:
    """Holds the book in force. `refresh()` is called by whoever turns the clock; a lock keeps two of them apart."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._stamp: _Stamps | None = self._look()
        self.asked = False
        self.book, self.complaints = _at_start(read(place))

    def ask(self) -> None:
        """Fit for a signal handler, which may interrupt refresh() itself: whoever turns the clock reads it anew."""
        self.asked = True

    def refresh(self, *, force: bool = False) -> bool:
        """Read the files again if they changed. A broken book changes only `complaints`. True if a new one came."""
        with self._lock:
            force, self.asked = force or self.asked, False
            stamp = self._look()
            if stamp == self._stamp and not force:
                return False
            self._stamp = None  # what cannot be read now may be readable at the next look, with nothing else changed
            try:
                texts = read(self.place)
                self._stamp = stamp
                fresh = books.parse(texts)
            except BadRuleBook as problem:
                self.complaints = problem.complaints
                return False
            crashpoint.passing("book read")
            self.complaints = ()
            changed = fresh.version != self.book.version
            self.book = fresh
            return changed

    def _look(self) -> _Stamps:
        """What tells one state of the files from another: name, time and size of each."""
        paths = _files(self.place) if self.place.is_dir() else [self.place]
        return tuple(_stamp(path) for path in paths)


def _at_start(texts: Mapping[str, str]) -> tuple[RuleBook, tuple[str, ...]]:
    """A broken book stops the program, but not one with no other fault than a zone that this system does not know.

    Nobody need have touched it: the system may have got another list of zones, and then everybody else is still paged.
    """
    try:
        return books.parse(texts), ()
    except BadRuleBook as problem:
        return books.parse(texts, any_zone=True), problem.complaints


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        stat = path.stat()
    except OSError:  # gone, or a link that leads nowhere: reading it will say so
        return (str(path), 0, -1)
    return (str(path), stat.st_mtime_ns, stat.st_size)
