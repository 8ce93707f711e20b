"""From where on it is looked for what is due, while an old transaction keeps the dead entries of what has gone out."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres
from gateway.store.types import micros

SLOW = 0.020  # seconds for a walk from the beginning of every index: dead entries lie there
MARGIN = 10_000_000  # microseconds that a moment may lie before the commit that writes it down
WIDEST = 600_000_000
PATIENCE = 60_000  # milliseconds for one look: no message waits for it
RANKS = (0, 1, 2, 3)
STEPS, FALLBACK, EXPIRY = "steps", "fallback", "expiry"

_DUE = """
    SELECT f.channel, f.rank, (SELECT d.due_at FROM delivery d WHERE d.status IN ('queued', 'sending')
        AND d.channel = f.channel AND d.rank = f.rank AND d.due_at >= f.low ORDER BY d.due_at LIMIT 1)
    FROM unnest(CAST(:channels AS text[]), CAST(:ranks AS int[]), CAST(:lows AS bigint[])) AS f (channel, rank, low)
"""
_OTHERS = {
    STEPS: "SELECT next_at FROM incident WHERE next_at IS NOT NULL AND next_at >= :low ORDER BY next_at LIMIT 1",
    FALLBACK: "SELECT fallback_at FROM delivery WHERE fallback_at >= :low ORDER BY fallback_at LIMIT 1",
    EXPIRY: "SELECT expires_at FROM delivery "
    "WHERE status = 'queued' AND expires_at >= :low ORDER BY expires_at LIMIT 1",
}
Key = str | tuple[str, int]


@dataclass(slots=True)
class Floors:
    """Below a floor nothing was due at the last look. One worker's, in memory: who starts has none and walks from 0.

    None is set as long as the whole walk is quick. A row that is written later with a moment below its floor, by a
    transaction that took longer than `margin` or a machine whose clock is behind, is found by the next look, which
    walks from the beginning again, and the margin is wider from then on. On SQLite nothing dead lies in an index.
    """

    margin: int = MARGIN
    slow: float = SLOW
    lows: Mapping[Key, int] = field(default_factory=dict)  # replaced whole: another thread looks

    @property
    def are_set(self) -> bool:
        return bool(self.lows)

    def low(self, key: Key, now: datetime) -> int:
        """Never above what somebody writes now, even after the clock was set back."""
        return max(0, min(self.lows.get(key, 0), micros(now) - self.margin))

    def of(self, channel: str, now: datetime) -> list[int]:
        """Of its messages, rank by rank."""
        return [self.low((channel, rank), now) for rank in RANKS]

    def since(self, key: Key, column: str, now: datetime) -> tuple[str, dict[str, int]]:
        """What to add to a question, with its value; nothing while no floor is set."""
        low = self.low(key, now)
        return (f" AND {column} >= :low", {"low": low}) if low else ("", {})

    def of_messages(self, now: datetime) -> list[tuple[str, int, int]]:
        """Channel, rank and floor of each that has one."""
        return [(*key, self.low(key, now)) for key in self.lows if isinstance(key, tuple)]

    def steer(self, session: Session) -> None:
        """Until the end of the transaction a question with an ORDER BY walks along the index that has this order.

        Statistics that were taken when nothing waited make it look cheaper to read through another one and to sort.
        """
        if self.are_set:
            session.execute(text("SET LOCAL enable_sort = off"))

    def look(self, session: Session, channels: Iterable[str], now: datetime) -> float:
        """Walk from the beginning of every index to the first row that lives; seconds it took."""
        if not is_postgres(session):
            return 0.0
        began = time.monotonic()
        first = _first(session, channels, {})
        took = time.monotonic() - began
        missed = [low - at for key, low in self.lows.items() if (at := first.get(key)) is not None and at < low]
        if missed:
            self.margin = min(WIDEST, self.margin + max(missed))
        self.lows = {} if took < self.slow else self._below(first, micros(now))
        return took

    def rise(self, session: Session, now: datetime) -> None:
        """The same from the floors that are set, between two looks: they do not lie far below what goes out now."""
        channels = dict.fromkeys(key[0] for key in self.lows if isinstance(key, tuple))
        found = self._below(_first(session, channels, self.lows), micros(now))
        self.lows = {key: max(low, found.get(key, 0)) for key, low in self.lows.items()}

    def _below(self, first: Mapping[Key, int | None], now: int) -> dict[Key, int]:
        return {key: (now if at is None else min(at, now)) - self.margin for key, at in first.items()}


def _first(session: Session, channels: Iterable[str], lows: Mapping[Key, int]) -> dict[Key, int | None]:
    """Of each kind the first row that lives, from its floor on; None if there is none."""
    session.execute(text(f"SET LOCAL statement_timeout = {PATIENCE}"))
    session.execute(text("SET LOCAL enable_sort = off"))
    asked = [(channel, rank, lows.get((channel, rank), 0)) for channel in channels for rank in RANKS]
    values = {
        "channels": [one[0] for one in asked],
        "ranks": [one[1] for one in asked],
        "lows": [one[2] for one in asked],
    }
    found: dict[Key, int | None] = {(row[0], row[1]): row[2] for row in session.execute(text(_DUE), values)}
    return found | {
        name: session.execute(text(sql), {"low": lows.get(name, 0)}).scalar() for name, sql in _OTHERS.items()
    }


NONE = Floors()  # of whoever walks from the beginning always


def of_channel(floors: Floors, channel: str, now: datetime) -> tuple[str, dict[str, int]]:
    """The same for one channel's messages of any rank: with each rank named, the index is entered at its floor."""
    low = min(floors.of(channel, now))
    return (" AND rank IN (0, 1, 2, 3) AND due_at >= :low", {"low": low}) if low else ("", {})
