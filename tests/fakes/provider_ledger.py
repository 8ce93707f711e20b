"""PagerDuty and ntfy behind one port, with a ledger: whoever is killed, what the provider accepted is known.

    with ProviderLedger(folder / "ledger") as ledger:
        ledger.refuse(2)                    # 503 twice, accepting nothing
        ledger.lose(1)                      # accepted, but the answer is lost
        held = ledger.hold_firsts()         # each key's first is accepted, and answered when held.set() is called
        with ledger.meanwhile(False, reply(429)):   # as long as this lasts, every request
            ...
        ...
        assert [one.key for one in ledger.pages()] == [f"nabat-{uuid}"]

Every accepted request is on disk before its answer leaves. What is planned happens to requests to PagerDuty only.
"""

import io
import itertools
import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from tests.fakes.http import FakeServer, drop, reply
from tests.fakes.ntfy import FakeNtfy
from tests.fakes.pagerduty import FakePagerDuty


@dataclass(frozen=True)
class Accepted:
    """One request that the provider took on; `at` is time.monotonic()."""

    at: float
    provider: str
    address: str  # routing key or topic
    action: str  # trigger, acknowledge, resolve; of ntfy the title
    key: str  # dedup_key; empty for ntfy


class ProviderLedger(FakeServer):
    """`pause` is how long it thinks about each request that it has accepted, in seconds."""

    def __init__(self, path, pause=0.0):
        super().__init__()
        self.pause = pause
        self.accepted = []
        self._keys = set()  # of what was accepted
        self._released = None
        self._meanwhile = None
        self._fakes = {"pagerduty": FakePagerDuty(), "ntfy": FakeNtfy()}  # they judge; nobody calls on their own ports
        self._file = path.open("ab")

    def refuse(self, times, status=503):
        self.then(*[(False, reply(status))] * times)

    def lose(self, times):
        self.then(*[(True, drop())] * times)

    def hold_firsts(self):
        """The first request about each incident hangs until this event is set; the next ones are answered."""
        self._released = threading.Event()
        return self._released

    @contextmanager
    def meanwhile(self, accepts, *steps):
        """PagerDuty's answers in the meantime are these, in turn, whether or not it accepts what it is asked."""
        self._meanwhile = accepts, itertools.cycle(steps)
        try:
            yield
        finally:
            self._meanwhile = None

    def next_step(self, asked):
        with self._lock:
            self.requests.append(asked)
            provider = "pagerduty" if asked.path == "/v2/enqueue" else "ntfy"
            accepts, planned = self._planned() if provider == "pagerduty" else (True, None)
            if not accepts:
                return planned
            said, step = asked.json(), self._fakes[provider].usual(asked)
            first = provider == "pagerduty" and said["dedup_key"] not in self._keys
            if 200 <= status_of(step) < 300:
                self._write_down(provider, said)
        if first and self._released is not None:
            self._released.wait(120)
        if self.pause:
            time.sleep(self.pause)
        return planned or step

    def _planned(self):
        if self._meanwhile:
            accepts, steps = self._meanwhile
            return accepts, next(steps)
        return self._script.pop(0) if self._script else (True, None)

    def _write_down(self, provider, said):
        address, action = (
            said.get("routing_key", said.get("topic", "")),
            said.get("event_action", said.get("title", "")),
        )
        one = Accepted(time.monotonic(), provider, address, action, said.get("dedup_key", ""))
        self._file.write(json.dumps(one.__dict__).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.accepted.append(one)
        self._keys.add(one.key)

    def pages(self, action="trigger"):
        """What PagerDuty was asked, in the order of its coming."""
        return [one for one in list(self.accepted) if one.provider == "pagerduty" and one.action == action]

    def __enter__(self):
        for fake in self._fakes.values():
            fake.__enter__()
        return super().__enter__()

    def __exit__(self, *failure):
        super().__exit__(*failure)
        for fake in self._fakes.values():
            fake.__exit__(*failure)
        self._file.close()


class _Paper:
    """Stands where a handler stands, to learn what a step would answer."""

    def __init__(self):
        self.status = 0
        self.wfile = io.BytesIO()

    def send_response_only(self, status):
        self.status = status

    def send_header(self, *_header):
        """Nobody asks."""

    def end_headers(self):
        """Nobody asks."""


def status_of(step):
    paper = _Paper()
    step(paper)
    return paper.status
