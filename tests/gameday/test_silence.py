"""Somebody falls silent within a transaction, with locks in hand that others want: F5 of a web process, F19."""

import copy
import itertools
import os
import signal
import time
from contextlib import contextmanager

import psycopg
import pytest

from tests.databases import wait_until
from tests.gameday.harness import Load
from tests.gameday.test_postgres_faults import LET_GO, MARGIN, NOTICED, network_or_skip
from tests.processes import Sender, children_of, free_port
from tests.samples import alert, group

SILENT = 60.0  # seconds that a transaction may do nothing
LOCKED = 2.0  # that a lock is waited for
WITHIN_A_BATCH = (
    "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE state = 'idle in transaction'"
    " AND state_change < clock_timestamp() - interval '0.2 s'"
    " AND locktype = 'advisory' AND classid = 71 AND mode = 'ExclusiveLock'"
)


@pytest.mark.gameday
@pytest.mark.timeout(600)
def test_f19_the_wire_is_cut_in_the_middle_of_a_batch(game, durable):
    """Which holds the lock of its source then, and cannot say that it is over."""
    run = game("F19 batch", "postgresql")
    with network_or_skip() as network:
        network.relay(durable.folder, durable.port)
        there = run.gateway.url.replace("127.0.0.1", network.address)
        web = run.web(NABAT_DATABASE_URL=there)
        run.worker(NABAT_DATABASE_URL=there)
        load, same = run.load(emergency_every=0.2), the_same_for_ever(run)
        run.wait_for_pages(5)
        server = stopped_within_a_batch(run, web)
        network.cut()
        refusals = load.statuses[503]
        os.kill(server, signal.SIGCONT)
        wait_until(lambda: load.statuses[503] > refusals, 60)
        time.sleep(NOTICED)  # so that nothing of what was sent meanwhile arrives after all
        accepted, began = len(load.accepted), time.monotonic()
        network.mend()
        wait_until(lambda: len(load.accepted) > accepted, 60)
        back = time.monotonic() - began
        same.finish()
        run.finish(note=f"first 2xx after {back:.1f} s")
    assert back <= LET_GO + MARGIN


@pytest.mark.gameday
@pytest.mark.timeout(600)
def test_f5_a_server_that_is_frozen_in_the_middle_of_a_batch_holds_up_others_for_a_minute(game):
    run = game("F5 web", "postgresql")
    other = copy.copy(run.gateway)  # its list of processes is the same one: all are stopped at the end
    other.port = free_port()
    web = run.web()
    other.web("--processes", "1")
    run.worker()
    load, same = Load(other, emergency_every=0.2), the_same_for_ever(run)
    run.loads.append(load)
    run.wait_for_pages(5)
    server = stopped_within_a_batch(run, web)
    accepted, began = len(load.accepted), time.monotonic()
    try:
        wait_until(lambda: len(load.accepted) > accepted, SILENT + 30)
    finally:
        os.kill(server, signal.SIGCONT)
    back = time.monotonic() - began
    same.finish()
    run.finish(note=f"the other's first 2xx after {back:.1f} s")
    assert back <= SILENT + LOCKED + MARGIN


def the_same_for_ever(run):
    """Of what is known batches are written one after the other."""
    sender = Sender(run.gateway, itertools.repeat(group(*[
        alert(name="Same", fingerprint=f"same{number}", severity="warning") for number in range(500)
    ])))  # fmt: skip
    sender.start()
    return sender


def stopped_within_a_batch(run, web):
    """The server's process, where it has asked about its alerts and not yet said what is to be written."""
    (server,) = children_of(web.pid)[-1:]
    with psycopg.connect(run.gateway.url.replace("+psycopg", ""), autocommit=True) as look:
        for _ in range(300):
            os.kill(server, signal.SIGSTOP)
            time.sleep(0.3)  # what it has sent is done meanwhile
            if look.execute(WITHIN_A_BATCH).fetchone()[0]:
                return server
            os.kill(server, signal.SIGCONT)
            time.sleep(0.05)
    raise AssertionError("never met within a batch")


VANISHING = """
import sys, time
from sqlalchemy import create_engine
from gateway.store.connecting import engine_options

link = create_engine(sys.argv[1], **engine_options(sys.argv[1])).raw_connection().driver_connection
link.autocommit = True
with link.pipeline():
    link.execute("BEGIN")
    link.execute("SELECT pg_advisory_xact_lock(71, 1)")
    print("said", flush=True)
    time.sleep(60)
"""


@pytest.mark.gameday
def test_f19_what_a_machine_held_that_vanished_is_let_go(durable):
    """In the middle of a piece: PostgreSQL counts no time there, and learns of it only by asking."""
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 71"
    with network_or_skip() as network, listening_at(durable, network.here):
        there = durable.url("postgres").replace("127.0.0.1", network.here)
        client = network.start("-c", VANISHING, there)
        with psycopg.connect(durable.url("postgres").replace("+psycopg", ""), autocommit=True) as look:
            try:
                assert client.stdout.readline() == b"said\n"
                wait_until(lambda: look.execute(held).fetchone()[0])
                network.cut()
                wait_until(lambda: not look.execute(held).fetchone()[0], LET_GO + MARGIN)
            finally:
                client.kill()
                client.communicate(timeout=10)


@contextmanager
def listening_at(cluster, address):
    """Also at this address, for whoever comes from there."""
    before = cluster.options
    rights = cluster.folder / "data/pg_hba.conf"
    with rights.open("a") as lines:
        lines.write(f"host all all {address}/24 trust\n")
    cluster.stop("fast")
    cluster.options = before.replace("listen_addresses=127.0.0.1", f"listen_addresses=127.0.0.1,{address}")
    cluster.start()
    try:
        yield
    finally:
        cluster.stop("fast")
        cluster.options = before
        cluster.start()
