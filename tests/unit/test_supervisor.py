"""`./nabat up` looks after its children, one without waiting for the other."""

import os
import time

import pytest

from gateway.start import supervisor
from gateway.start.forks import fork
from gateway.start.supervisor import Child
from tests.databases import wait_until


@pytest.fixture
def child():
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    process = fork(lambda _: time.sleep(60), ("worker",), dict(os.environ))
    yield Child(("worker",), process, ours, time.monotonic()), theirs
    process.kill()
    process.wait(10)
    os.close(ours)
    os.close(theirs)


def test_one_that_shows_itself_is_left_alone(child):
    one, pipe = child
    one.heard = time.monotonic() - supervisor.SILENCE - 1
    os.write(pipe, b".")
    assert supervisor._look_after(print, one, {}) is one
    assert one.process.poll() is None


def test_one_that_never_showed_itself_may_take_its_time(child):
    one, _ = child
    supervisor._look_after(print, one, {})
    assert one.process.poll() is None


def test_one_that_is_stuck_is_killed_and_started_again_after_a_pause_in_which_nobody_waits(child):
    one, _ = child
    one.heard, one.pause = time.monotonic() - supervisor.SILENCE - 1, 3600.0
    supervisor._look_after(print, one, {})
    wait_until(lambda: one.process.poll() is not None, 10)
    began = time.monotonic()
    for _ in range(3):
        assert supervisor._look_after(print, one, {}) is one
    assert time.monotonic() - began < 5
    assert one.again_at > time.monotonic() + 3000
