"""Being told to stop: fit for signal handlers, which may interrupt anything, also whoever holds a lock."""

import signal
import time

LOOK = 0.1  # seconds between two looks of somebody who waits


class Stopping:
    """As threading.Event, without its lock: a handler that interrupts wait() would wait for it for ever."""

    def __init__(self) -> None:
        self._told = False

    def set(self) -> None:
        self._told = True

    def is_set(self) -> bool:
        return self._told

    def wait(self, seconds: float) -> bool:
        """Until told, or so long."""
        end = time.monotonic() + seconds
        while not self._told and (left := end - time.monotonic()) > 0:
            time.sleep(min(LOOK, left))
        return self._told


def hear(stopping: Stopping) -> None:
    """SIGTERM and Ctrl-C tell it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())


def hear_no_more() -> None:
    """At the end of what there was to do: another SIGTERM would cut off the end of a process that ends well."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
