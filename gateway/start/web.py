"""Starts the web server: granian around our bridge, one or more processes on one port."""

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
import threading
import time
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from granian import _signals
from granian._granian import WorkerSignal
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from dashboard import at_once
from dashboard.shared import switch_on
from dashboard.status import public
from gateway import log
from gateway.app import app_of
from gateway.doors.server import Bridge
from gateway.doors.spread import Board, Spread
from gateway.settings import load

BACKLOG = 4096  # connections at a time: half-sent bodies only cost a coroutine each
HEADER_DEADLINE = 15_000  # milliseconds for a request's head to arrive
STOP_WITHIN = 12  # seconds for requests under way
TOLD = (signal.SIGINT, signal.SIGTERM)  # to stop
LOOK_UP = 0.5  # seconds after which the master looks whether another thread has received a signal
LOOK = 0.02  # seconds between looks whether a process is over
PR_SET_PDEATHSIG = 1
GARBAGE = (
    50_000,
    20,
    50,
)  # what is made for a batch of alerts is gone by itself: looking for rings in it was 5 % of all

_board = Board()  # made before the processes that share it


def serve(host: str, port: int, workers: int) -> None:
    """Returns when told to stop."""
    server = Server(
        "gateway.start.web:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_DEADLINE),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=STOP_WITHIN,
        factory=True,
    )
    _hold_signals_in_children()
    _board.places = workers
    gc.collect()
    gc.freeze()  # what is loaded by now is shared with the processes to come, as long as nobody looks it over again
    server.serve()


class Server(MPServer):
    """granian, with a bell that a signal may ring at any moment."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.main_loop_interrupt = Bell()

    def _spawn_worker(self, idx: int, *args: Any, **options: Any) -> WorkerProcess:
        _board.place = idx  # of the process that is forked next
        return super()._spawn_worker(idx, *args, **options)

    def _stop_workers(self) -> None:
        """As granian does it, without mistaking for stubborn what is over.

        A thread of its own asks as well, and who asks at the same moment hears that the process is alive. It would be
        called killed, and a signal be sent to its number, which may be somebody else's by then.
        """
        for worker in self.wrks:
            worker.terminate()  # type: ignore[no-untyped-call]
        end = time.monotonic() + STOP_WITHIN
        while any(worker.is_alive() for worker in self.wrks) and time.monotonic() < end:  # type: ignore[no-untyped-call]
            time.sleep(LOOK)
        self.workers_kill_timeout = 1  # for what is not over by now
        super()._stop_workers()  # type: ignore[no-untyped-call]

    def signal_handler_reload(self, *_: object) -> None:
        """Nothing. granian would start its processes anew, and one that met a broken rule book would stay away.

        They look at the book themselves, and keep the old one.
        """


class Bell(threading.Event):
    """An event that a signal handler may set.

    The lock of a `threading.Event` may be held by what the signal has interrupted, even by the handler of the signal
    before: it would wait for itself. And a signal that another thread receives wakes nobody: the main thread, which
    alone runs handlers, has to look up now and then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rings: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        self._rings.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Without a timeout it ends with a ring."""
        while True:
            try:
                self._rings.get(timeout=LOOK_UP if timeout is None else timeout)
            except Empty:
                if timeout is None:
                    continue
                return False
            return True

    def clear(self) -> None:
        """Nothing: each ring is heard once, so none is lost that comes while the one before is answered."""


def complaint(host: str, port: int) -> str:
    """Why we could not listen there, or nothing. Asked first: granian would share the port with another server."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            return f"cannot listen on {host} port {port}: {problem.strerror}"
    return ""


def application() -> Bridge:
    """Called by granian in each of its processes."""
    _die_with_parent()
    settings = load(os.environ)
    log.setup(settings.log_level)
    app = app_of(settings)
    at_once.switch_on(app, switch_on(app))
    public.switch_on(app)
    bridge = Bridge(app, Spread(_board))
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    signal.signal(signal.SIGHUP, lambda *_: bridge.world.shelf.ask())
    setattr(_signals, "set_loop_signals", _told_once)  # noqa: B010 - granian asks for it as soon as we return
    return bridge


def _hold_signals_in_children() -> None:
    """A child that is told to stop hears it when it can answer: at the first turn of its event loop.

    Python forgets what arrives while it forks, and uvloop what arrives before the loop runs: granian would wait for a
    process that was never told, and kill it in the end.
    """
    hold = partial(signal.pthread_sigmask, signal.SIG_BLOCK, TOLD)
    os.register_at_fork(before=hold, after_in_parent=_hear_signals)


def _told_once(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """The first signal ends this process, others change nothing: granian's event waits for ever when it is set again.

    Each Ctrl+C brings one from the terminal, which tells all processes, and the master sends another.
    """
    event = WorkerSignal()
    told: list[bool] = []

    def stop() -> None:
        if not told:
            told.append(True)
            event.set()

    for number in TOLD:
        loop.add_signal_handler(number, stop)
    loop.call_soon(_hear_signals)
    return event


def _hear_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)


def _die_with_parent() -> None:
    """A process whose master was killed must not go on holding the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
