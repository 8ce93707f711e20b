"""The worker counts the last day anew every few minutes: a storm's day must not lie in its memory whole."""

import tracemalloc
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from gateway.store.db import reading, transaction
from gateway.store.figures import rollups, stats
from gateway.store.figures.stats import Scope
from gateway.store.tables import Delivery, Incident
from gateway.store.types import micros

MESSAGES = 20_000
NAMES, ROOM_OF_NAMES = 1_000, 2 * 2**20
ROOM = 2 * 2**20  # bytes; all of them at once take seven


def today(world):
    start = world.clock.now().date()
    return Scope(start, start + timedelta(days=1), ZoneInfo("UTC"))


def named(many):
    """As many incidents more, each like the first but for its name."""
    with transaction() as session:
        first = dict(session.execute(select(Incident.__table__).limit(1)).mappings().one())
        first.pop("id")
        copies = [
            first | {"uuid": f"{number:036d}", "dedup_key": f"copy-{number}", "alert_name": f"Name{number}"}
            for number in range(many)
        ]
        session.execute(insert(Incident.__table__), copies)


def peak_of(work):
    """What it returns, and the most it had in memory at once, in bytes."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


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
    found, peak = peak_of(lambda: counted(staffed))
    assert found.notifications == before + MESSAGES
    assert peak <= ROOM, f"{peak / 2**20:.1f} MiB"


def test_the_names_of_a_week_take_little_room(staffed):
    """Each has a sum for every minute; of whole numbers, which are small."""
    staffed.alert()
    named(NAMES)
    with reading() as session:
        rows, peak = peak_of(lambda: rollups.alert_rows(session, today(staffed), micros(staffed.clock.now())))
    assert len(rows) == NAMES + 1
    assert peak <= ROOM_OF_NAMES, f"{peak / 2**20:.1f} MiB"


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
