"""A signal handler may ring at any moment, also while another one rings."""

import os
import signal
import threading

import pytest

from gateway.start.web import Bell

SIGNALS = 3000


@pytest.fixture
def bell():
    bell = Bell()
    before = signal.signal(signal.SIGUSR1, lambda *_: bell.set())
    yield bell
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.timeout(60, method="thread")  # the other method is a signal
def test_signals_that_come_while_it_is_rung_or_heard_are_no_hindrance(bell):
    ours = os.getpid()
    sender = os.fork()
    if sender == 0:
        try:
            for _ in range(SIGNALS):
                os.kill(ours, signal.SIGUSR1)
        finally:
            os._exit(0)
    while os.waitpid(sender, os.WNOHANG) == (0, 0):
        bell.set()
        assert bell.wait()


def test_what_rings_while_the_ring_before_is_answered_is_heard(bell):
    bell.set()
    assert bell.wait(0)
    os.kill(os.getpid(), signal.SIGUSR1)
    bell.clear()
    assert bell.wait(0)
    assert not bell.wait(0)


@pytest.mark.timeout(60, method="thread")
def test_a_signal_that_another_thread_receives_is_heard(bell):
    receive = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1))
    receive.start()
    assert bell.wait()
    receive.join()
