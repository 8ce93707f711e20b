"""What the soak says of readings (tests/gameday/test_soak.py): flat is well, and whatever grows is named."""

import mmap
import os
from types import SimpleNamespace

import pytest

from tests.gameday.growth import Held, held
from tests.gameday.test_soak import WARM, grown

WINDOW = 10
SECONDS = range(0, 5400, 30)


def kept(grows=0.0, handles=0, **_):
    """Readings of a process: by an hour and a half it has grown by so much, and has so many descriptors more."""
    return [
        (at, Held(at, int(100_000 * (1 + grows * at / 5400)), 110_000, 10 + round(handles * at / 5400), 4))
        for at in SECONDS
    ]


def said(worker, other):
    return grown(SimpleNamespace(readings={"worker": worker}, lives={"web": other}), WINDOW)


def test_what_stays_as_it_is_is_well():
    wrong, words = said(kept(), kept())
    assert wrong == []
    assert words.startswith("worker 97.7 → 97.7 MiB (+0.0%; PSS +0.0%), 10 → 10 handles")


@pytest.mark.parametrize(
    ("worker", "other", "named"),
    [
        ({"grows": 0.2}, {}, "worker has grown"),
        ({"handles": 20}, {}, "worker has more"),
        ({}, {"grows": 0.2}, "other web has grown"),
    ],
)
def test_what_grows_is_named(worker, other, named):
    (wrong,) = said(kept(**worker), kept(**other))[0]
    assert wrong.startswith(named)


def test_caches_may_be_filled_and_no_more():
    growing, flat = kept(grows=0.2), kept()
    watch = SimpleNamespace(readings={"worker": growing}, lives={"web": flat})
    assert grown(watch, WINDOW, caches=20_000)[0] == []
    assert len(grown(watch, WINDOW, caches=15_000)[0]) == 1
    assert len(grown(SimpleNamespace(readings={"worker": flat}, lives={"web": growing}), WINDOW, 20_000)[0]) == 1


def test_what_is_there_before_everything_has_happened_does_not_count():
    before = [(at, one._replace(own=1000) if at < WARM else one) for at, one in kept()]
    assert said(before, kept())[0] == []


def test_a_process_is_read_and_one_that_is_gone_is_not():
    before = held(os.getpid(), 0.0)
    # From the system itself: what a process has let go of it may be given again.
    kept_here = mmap.mmap(-1, 8 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    kept_here.write(b"x" * len(kept_here))
    assert held(os.getpid(), 0.0).own - before.own >= 7 * 2**10
    assert len(kept_here) == 8 * 2**20
    assert held(2**22 + 1, 0.0) is None
