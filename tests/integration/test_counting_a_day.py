"""The worker counts the last day anew every few minutes: a storm's day must not lie in its memory whole."""

import tracemalloc
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from gateway.store import stats
from gateway.store.db import reading, transaction
from gateway.store.stats import Scope
from gateway.store.tables import Delivery

MESSAGES = 20_000
ROOM = 3 * 2**20  # bytes; all of them at once take seven


def today(world):
    start = world.clock.now().date()
    return Scope(start, start + timedelta(days=1), ZoneInfo("UTC"))


def promised(many):
    """As many messages more, each like the first."""
    with transaction() as session:
        first = dict(session.execute(select(Delivery.__table__).limit(1)).mappings().one())
        first.pop("id")
        for begin in range(0, many, 1000):
            copies = [first | {"once": f"copy-{number}"} for number in range(begin, begin + 1000)]
            session.execute(insert(Delivery.__table__), copies)


def test_a_day_of_many_messages_is_counted_in_portions(staffed):
    staffed.alert()
    before = counted(staffed).notifications
    promised(MESSAGES)
    tracemalloc.start()
    try:
        found = counted(staffed)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.notifications == before + MESSAGES
    assert peak <= ROOM, f"{peak / 2**20:.1f} MiB"


def counted(world):
    with reading() as session:
        found = stats.tally(session, today(world), world.clock.now())
    (sums,) = found.sums.values()
    return sums


def test_whatever_its_portions_a_day_comes_to_the_same(staffed, monkeypatch):
    for number in range(7):
        staffed.alert(name=f"A{number}", fingerprint=f"a{number}")
    staffed.delivers()
    whole = counted(staffed)
    assert whole.incidents == 7
    assert whole.notifications > 7
    for portion in (1, 2, 3):
        monkeypatch.setattr(stats, "PORTION", portion)
        assert counted(staffed) == whole
