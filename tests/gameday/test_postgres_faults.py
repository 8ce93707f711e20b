"""PostgreSQL is killed, away, and unreachable without a word: F16, F17, F19 (F21: test_locks.py)."""

import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from gateway.store.connecting import engine_options
from tests.databases import missing, wait_until
from tests.gameday.harness import sized
from tests.gameday.wires import CannotCut, Network, Relay
from tests.processes import children_of, memory_of, threads_of
from tests.samples import alert, group

MARGIN = 3.0  # seconds for a machine with other things to do
QUICK_NO = 2.0  # seconds until a sender hears 503 while the database is away (F17)
NOTICED = 6.0  # until a cut wire is noticed (F19)
LET_GO = 11.0  # until PostgreSQL lets go what somebody held who has vanished
HUNG = 90.0  # seconds that something between us and the database hangs


@sized(small=1, full=10)
@pytest.mark.timeout(600)
def test_f16_postgresql_is_killed(game, durable, size):
    run = game("F16", "postgresql")
    dice = random.Random(16)
    run.web()
    run.worker()
    load = run.load(emergency_every=0.2)
    answers, pages = [], []
    for _ in range(size):
        run.wait_for_pages(5)
        time.sleep(dice.uniform(0.0, 0.5))
        durable.stop("immediate")
        time.sleep(dice.uniform(0.0, 1.0))
        durable.start()
        ready, accepted, called = time.monotonic(), len(load.accepted), len(run.ledger.pages())
        wait_until(lambda accepted=accepted: len(load.accepted) > accepted, 30)
        answers.append(time.monotonic() - ready)
        wait_until(lambda called=called: len(run.ledger.pages()) > called, 30)
        pages.append(time.monotonic() - ready)
    run.finish(note=f"{size} times; first 2xx {max(answers):.1f} s, first page {max(pages):.1f} s after it is back")
    assert max(answers) <= 1.0 + MARGIN
    assert max(pages) <= 2.0 + MARGIN


@sized(full=300)
@pytest.mark.timeout(900)
def test_f17_postgresql_is_away(game, durable, size):
    run = game("F17", "postgresql")
    web = run.web()
    run.worker()
    load = run.load()
    run.wait_for_pages(2)
    (server,) = children_of(web.pid)[-1:]
    before = threads_of(server), memory_of(server)
    durable.stop("fast")
    try:
        said, page = _asked(run, time.monotonic() + size)
        after = threads_of(server), memory_of(server)
    finally:
        durable.start()
    began = time.monotonic()
    load.finish()
    run.drained(120)
    drained = time.monotonic() - began
    slowest = max(seconds for _, seconds in said)
    run.check(note=f"{size} s: slowest 503 {slowest:.1f} s, page {page:.1f} s, threads {before[0]} → {after[0]}, "
                   f"{(after[1] - before[1]) / 2**20:+.0f} MiB, drained in {drained:.0f} s")  # fmt: skip
    assert {status for status, _ in said} == {503}
    assert slowest <= QUICK_NO + MARGIN
    assert after[0] <= before[0] + 24  # the pools of threads, and no more
    assert after[1] <= before[1] + 32 * 2**20
    assert drained <= 60


def _asked(run, end):
    """(status, seconds) of posts of our own while the database is away; seconds of the slowest page."""
    said, pages = [], [0.0]
    numbers = itertools.count()
    while (began := time.monotonic()) < end:
        number = next(numbers)
        status, _ = run.gateway.post(group(alert(name=f"Away{number}", fingerprint=f"away{number}")))
        said.append((status, time.monotonic() - began))
        if number % 10 == 0:
            began = time.monotonic()
            status, body, _ = run.gateway.get("/login")
            pages.append(time.monotonic() - began)
            assert b"<html" in body.lower()
        time.sleep(0.2)
    return said, max(pages)


@contextmanager
def network_or_skip():
    try:
        with Network() as network:
            yield network
    except CannotCut as problem:
        missing(f"no network of our own to cut: {problem}")


@sized(full=3)
@pytest.mark.timeout(600)
def test_f19_the_wire_is_cut(game, durable, size):
    """As when a cable is pulled: no reset comes, the packets of the database's answers neither."""
    run = game("F19", "postgresql")
    with network_or_skip() as network:
        network.relay(durable.folder, durable.port)
        there = run.gateway.url.replace("127.0.0.1", network.address)
        run.web(NABAT_DATABASE_URL=there)
        run.worker(NABAT_DATABASE_URL=there)
        load = run.load(emergency_every=0.2)
        noticed, back = [], []
        for _ in range(size):
            run.wait_for_pages(5)
            refusals, began = load.statuses[503], time.monotonic()
            network.cut()
            wait_until(lambda refusals=refusals: load.statuses[503] > refusals, 60)
            noticed.append(time.monotonic() - began)
            accepted, began = len(load.accepted), time.monotonic()
            network.mend()
            wait_until(lambda accepted=accepted: len(load.accepted) > accepted, 60)
            back.append(time.monotonic() - began)
        run.finish(note=f"{size} times, noticed after {max(noticed):.1f} s, first 2xx after {max(back):.1f} s at most")
    assert max(noticed) <= NOTICED + MARGIN
    assert max(back) <= LET_GO + MARGIN


@pytest.mark.gameday
def test_f19_the_wire_is_cut_while_an_answer_is_awaited(durable):
    """Nothing of ours is on its way then that could stay unacknowledged: only who asks learns of it."""
    with network_or_skip() as network:
        network.relay(durable.folder, durable.port)
        there = durable.url("postgres").replace("127.0.0.1", network.address)
        engine = create_engine(there, **engine_options(there))
        with engine.connect() as link, ThreadPoolExecutor(1) as pool:
            asked = pool.submit(link.execute, text("SELECT pg_sleep(9)"))
            time.sleep(1)
            network.cut()
            began = time.monotonic()
            try:
                with pytest.raises(OperationalError):
                    asked.result(30)
            finally:
                network.mend()
        engine.dispose()
    assert time.monotonic() - began <= NOTICED + MARGIN


@sized(full=1)
@pytest.mark.timeout(600)
def test_f19_something_between_keeps_the_link_and_passes_nothing_on(game, durable, size):
    """A relay that hangs takes our packets for ever: no time-out of the network tells."""
    run = game("F19 relay", "postgresql")
    with Relay(("127.0.0.1", 0), ("127.0.0.1", durable.port)) as relay:
        there = run.gateway.url.replace(f":{durable.port}/", f":{relay.port}/")
        run.web(NABAT_DATABASE_URL=there)
        run.worker(NABAT_DATABASE_URL=there)
        load = run.load(emergency_every=0.2)
        for _ in range(size):
            run.wait_for_pages(5)
            relay.frozen.set()
            time.sleep(HUNG)
            relay.frozen.clear()
            accepted = len(load.accepted)
            wait_until(lambda accepted=accepted: len(load.accepted) > accepted, 60)
        run.finish(note=f"{size} times {HUNG:.0f} s")
    assert run.gateway.said().count("event=writer_lost") >= size
