"""Writers of one SQLite file, threads and processes: one after the other, and nobody is kept waiting for ever."""

import subprocess
import sys
import threading
import time

import pytest

from gateway.store.db import transaction
from gateway.store.turns import PATIENCE, Turns
from tests.databases import wait_until

HOLDER = """
import sys, time
from gateway.store.turns import Turns
with Turns(sys.argv[1]).take():
    print("mine", flush=True)
    sys.stdin.read()
print("done", flush=True)
"""


LOOK = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
        print("nobody's")
    except BlockingIOError:
        print("taken")
"""


def hold(url):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "mine\n"
    return process


def test_a_turn_is_waited_for_and_one_that_never_ends_is_not(tmp_path):
    url = f"sqlite:///{tmp_path}/nabat.db"
    other, turns = hold(url), Turns(url)
    try:
        begin = time.monotonic()
        with turns.take():
            assert time.monotonic() - begin >= PATIENCE  # it still has it: courtesy has an end
        other.stdin.close()
        assert other.stdout.readline() == "done\n"
        wait_until(lambda: other.poll() is not None)
        begin = time.monotonic()
        for _ in range(100):
            with turns.take():
                pass
        assert time.monotonic() - begin < 20 * PATIENCE
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


def test_on_postgresql_nobody_waits(tmp_path):
    turns = Turns("postgresql+psycopg://nobody@127.0.0.1/none")
    with turns.take():
        assert not list(tmp_path.iterdir())


def test_a_thread_that_writes_all_the_time_lets_others_have_their_turn(tmp_path):
    turns, order = Turns(f"sqlite:///{tmp_path}/nabat.db"), []

    def other():
        with turns.take():
            order.append("other")

    for _ in range(10):
        thread = threading.Thread(target=other)
        with turns.take():
            thread.start()
            wait_until(turns._next.locked, every=0.001)  # by the other, which waits for us
        with turns.take():
            order.append("again")
        thread.join()
    assert order == ["other", "again"] * 10


def test_what_is_written_within_a_turn_is_of_that_turn(tmp_path):
    turns = Turns(f"sqlite:///{tmp_path}/nabat.db")
    begin = time.monotonic()
    with turns.take(), turns.take():
        pass
    with turns.take():
        assert time.monotonic() - begin < PATIENCE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_transaction_is_a_turn(world, database_url):
    """The worker's and a person's too: beside web processes that write without end they would come last."""

    def look():
        file = database_url.removeprefix("sqlite:///") + "-turns"
        return subprocess.run([sys.executable, "-c", LOOK, file], capture_output=True, text=True, check=True).stdout

    with world.app.app_context():
        with transaction():
            assert look() == "taken\n"
        assert look() == "nobody's\n"
