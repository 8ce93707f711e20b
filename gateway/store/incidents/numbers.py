"""Numbers of incidents, taken ahead of need while all that comes is new: in a storm nobody waits for an answer.

What nobody needed within a moment is dropped: the numbers of incidents tell in which order they opened.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.store.directory.roll import INSIST
from gateway.store.sql import bulk, pieces
from gateway.store.sql.locks import BESIDE
from gateway.store.tables import Incident
from gateway.store.types import micros

KEPT = 1.0  # seconds
# Each question costs as much as an alert, so these are one: more numbers; that the directory is still the one we hold;
# and the lock of each source (store/sql/locks.py), which is held until commit.
_FIRST = f"""
    WITH locked AS MATERIALIZED ({BESIDE})
    SELECT ARRAY(SELECT nextval('incident_id_seq') FROM generate_series(1, {{}})), ({INSIST}), count(*) FROM locked
"""  # noqa: S608


class Numbers:
    """Those that a process holds. On SQLite only while its processes wait for each other: it counts what is stored."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[int] = []
        self._since = 0.0  # by time.monotonic()
        self._most = 0  # as many as a batch has needed lately

    def take(self) -> "Handful":
        """All there are: nobody else has them any more."""
        with self._lock:
            held, self._held = self._held, []
        return Handful(self, held if time.monotonic() - self._since < KEPT else [])

    def wanted(self, used: int) -> int:
        with self._lock:
            self._most = max(used, self._most - self._most // 8)
            return self._most

    def give_back(self, numbers: list[int]) -> None:
        with self._lock:
            self._held = sorted([*self._held, *numbers])
            self._since = time.monotonic()


class Handful:
    """The numbers that one batch may use, and those for the next one, asked for in one piece with what is written."""

    def __init__(self, pool: Numbers, numbers: list[int]) -> None:
        self.numbers = numbers  # those that are left
        self._pool = pool
        self._more: pieces.Asked | None = None
        self._aside: list[int] = []

    def left(self, numbers: Iterable[int], *, lasting: bool = False) -> None:
        """What is left of those it had, and of those asked for besides if they are `lasting`. SQLite's are not: what
        nothing is stored under is somebody else's as soon as the transaction ends, the same one's set_aside() even.
        """
        self.numbers = sorted(numbers if lasting else set(numbers).intersection(self.numbers))

    def ask(self, session: Session, source_ids: Sequence[int], versions: str, used: int) -> None:
        """PostgreSQL's, before anything is written. `used`: by this batch; `versions`: of the directory that is held.

        Ends the transaction with a division by zero, a DataError, if that is not the one in force.
        """
        more = max(0, self._pool.wanted(used) - len(self.numbers))
        self._more = bulk.ask(session, _FIRST, list(source_ids), more, versions)

    def set_aside(self, session: Session, used: int, now: datetime) -> None:
        """SQLite's, after all is written: numbers for the next batch, which is not going to be alone either."""
        more = max(0, self._pool.wanted(used) - len(self.numbers))
        self._aside = bulk.set_aside(session, Incident, more, micros(now))

    def keep(self) -> None:
        """It is committed. Of a batch that is not, all of these numbers are lost."""
        asked = self._more.rows()[0][0] if self._more is not None else []
        if numbers := [*self.numbers, *self._aside, *asked]:
            self._pool.give_back(numbers)


@dataclass(slots=True)
class Streak:
    """How many batches in a row nobody knew anything of, and numbers for what the next one opens."""

    length: int = 0
    numbers: Numbers = field(default_factory=Numbers)

    def goes_on(self, *, new: bool) -> None:
        self.length = self.length + 1 if new else 0
