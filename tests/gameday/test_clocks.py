"""Clocks that jump, and machines that disagree about the time: F36, F37, P15. With libfaketime."""

import time
from pathlib import Path

import pytest

from tests.databases import missing
from tests.gameday.harness import BOTH, sized

LATE = 60.0  # seconds that a jump may cost a page
MARGIN = 5.0  # for a machine with other things to do
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
JUMPS = ("+3600", "-3600", "+86400", "-86400")
SLEEPS = """
import select
import time

time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""  # Python sleeps until a moment of the monotonic clock, which libfaketime moves out of every range: each sleep fails


@pytest.fixture
def faketime(tmp_path):
    """(what a process needs in its environment, a way to set its clock)."""
    found = LIBRARY if LIBRARY.exists() else next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if found is None:
        missing("no libfaketime on this machine")
    file, site = tmp_path / "clock", tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SLEEPS)
    environment = {
        "LD_PRELOAD": str(found), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": str(site),
    }  # fmt: skip

    def set_to(offset):
        fresh = file.with_suffix(".new")
        fresh.write_text(offset)
        fresh.replace(file)

    set_to("+0")
    return environment, set_to


@BOTH
@pytest.mark.parametrize("jump", JUMPS)
@sized(full=20)
@pytest.mark.timeout(600)
def test_f36_the_clock_jumps_and_comes_back(game, database, size, jump, faketime):
    environment, set_to = faketime
    run = game(f"F36 {jump} s", database)
    run.web(**environment)
    run.worker(**environment)
    run.load(emergency_every=1.0)
    run.wait_for_pages(2)
    set_to(jump)
    time.sleep(size)
    set_to("+0")
    time.sleep(size)
    run.finish(note=f"{size} s there, {size} s back")
    first, last = run.gateway.rows("SELECT min(opened_at), max(opened_at) FROM incident")[0]
    assert last - first >= 0.9 * abs(int(jump)) * 1_000_000  # the jump was one
    assert run.outcome.slowest <= LATE + MARGIN


@pytest.mark.parametrize("offset", ["+300", "-300"])
@sized(full=30)
@pytest.mark.timeout(600)
def test_f37_our_clock_and_the_databases_are_five_minutes_apart(game, size, offset, faketime):
    """And so are the clocks of two workers: leases go by the database's."""
    environment, set_to = faketime
    run = game(f"F37 {offset} s", "postgresql")
    set_to(offset)
    run.web(**environment)
    run.worker(**environment)
    run.worker()
    run.load(emergency_every=0.5)
    run.wait_for_pages(2)
    time.sleep(size)
    run.finish(note=f"{size} s")
    assert run.outcome.slowest <= LATE + MARGIN
