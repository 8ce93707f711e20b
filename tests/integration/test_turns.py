"""Writers of several processes on one SQLite file: one after the other, and nobody is kept waiting for ever."""

import subprocess
import sys
import time

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
        turns.close()


def test_on_postgresql_nobody_waits(tmp_path):
    turns = Turns("postgresql+psycopg://nobody@127.0.0.1/none")
    with turns.take():
        assert not list(tmp_path.iterdir())
    turns.close()
