"""A load generator for the ingest address: asyncio, raw HTTP/1.1, one request at a time on each connection.

The loop is closed (a connection sends its next request when it has its answer), so latencies are those of the given
number of connections, not of a fixed rate of arrival. Prints one line of JSON.
"""

import argparse
import asyncio
import itertools
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator

try:
    import uvloop
except ImportError:  # slower, and says so
    uvloop = None

HOT = 1000  # fingerprints in the set that is sent again and again
POOL = 48 * 1024 * 1024  # bytes of requests built before the clock starts
SCATTER, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1  # an odd number: every one of 64 bits has another product
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
_MARK = "0123456789abcdef"  # stands where an alert's own number goes; as long as a fingerprint


def alert() -> dict:
    """One alert as Alertmanager sends it: ten labels, three annotations; two of the texts hold its number."""
    labels = {
        "alertname": "DiskWillFillIn4Hours", "severity": "warning", "instance": f"host-{_MARK}:9100", "job": "node",
        "cluster": "eu-north-1", "namespace": "storage", "team": "infra", "device": "/dev/nvme0n1p2",
        "mountpoint": "/var/lib", "fstype": "ext4",
    }  # fmt: skip
    annotations = {
        "summary": "Disk space runs out on a storage node",
        "description": "At the present rate of growth the file system on /var/lib is full within four hours. "
        "Free: 7.1 %, 12 GiB of 170 GiB left.",
        "runbook_url": "https://runbooks.example.org/storage/disk-will-fill",
    }
    return {
        "status": "firing",
        "labels": labels,
        "annotations": annotations,
        "startsAt": "2026-11-23T09:14:05.123Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=predict_linear&g0.range=6h",
        "fingerprint": _MARK,
    }


def template(count: int, api: str) -> list[bytes]:
    """The request of `count` alerts, cut at the places where each alert's number goes."""
    if api == "alertmanager":  # its own API, v2: it reckons fingerprints itself, and the times are those of arrival
        bare = {name: alert()[name] for name in ("labels", "annotations", "generatorURL")}
        return json.dumps([bare] * count, separators=(",", ":")).encode().split(_MARK.encode())
    body = {
        "version": "4", "groupKey": '{}:{alertname="DiskWillFillIn4Hours"}', "truncatedAlerts": 0, "status": "firing",
        "receiver": "nabat", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093", "alerts": [alert() for _ in range(count)],
    }  # fmt: skip
    return json.dumps(body, separators=(",", ":")).encode().split(_MARK.encode())


class Requests:
    """Whole requests as bytes. `new` counts upwards from `start`; `hot` draws from the first HOT numbers."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.parts = template(given.alerts, given.api)
        self.marks = (len(self.parts) - 1) // given.alerts  # of one alert
        length = sum(map(len, self.parts)) + (len(self.parts) - 1) * len(_MARK)
        key = f"Authorization: Bearer {given.token}\r\n" if given.token else ""
        head = (
            f"POST {given.path} HTTP/1.1\r\nHost: {given.host}\r\n{key}"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        self.head = head.encode()
        self.length = length
        self.random = random.Random(given.start)  # noqa: S311 - which alert is drawn is no secret
        self.number = itertools.count(given.start)
        self.ready = self._pool()

    def __iter__(self) -> Iterator[bytes]:
        if self.given.mode == "hot":
            return itertools.cycle(self.ready)
        return itertools.chain(self.ready, iter(self._new, None))

    def _pool(self) -> list[bytes]:
        size = max(1, POOL // (self.length + len(self.head)))
        make = self._hot if self.given.mode == "hot" else self._new
        return [make() for _ in range(min(size, 5000 if self.given.mode == "hot" else size))]

    def _new(self) -> bytes:
        return self._fill([next(self.number) for _ in range(self.given.alerts)])

    def _hot(self) -> bytes:
        return self._fill(self.random.sample(range(HOT), self.given.alerts))

    def _fill(self, numbers: list[int]) -> bytes:
        if self.given.scattered:
            numbers = [number * SCATTER & MASK for number in numbers]
        marks = [mark for number in numbers for mark in [b"%016x" % number] * self.marks]
        pieces = [self.head, self.parts[0]]
        for mark, part in zip(marks, self.parts[1:], strict=True):
            pieces += (mark, part)
        return b"".join(pieces)


class Run:
    """What the connections share: the clock, the requests, and what came of them."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.requests = iter(Requests(given))
        self.answers: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.host, self.port = given.host, given.port
        self.limit = given.requests
        self.sent = 0
        self.begin = time.perf_counter() + given.warmup  # what is answered before is not measured
        self.end = self.begin + given.seconds
        self.last = self.begin

    def over(self, now: float) -> bool:
        return self.sent >= self.limit if self.limit else now >= self.end


class Connection(asyncio.Protocol):
    """One keep-alive connection: request, answer, request. Where the server ends it, another one in its place."""

    def __init__(self, run: Run, done: asyncio.Future) -> None:
        self.run = run
        self.done = done
        self.buffer = b""
        self.ended = 0.0  # when the server wished to end the connection; 0: it has not

    async def open(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, self.run.host, self.run.port)
        except OSError as problem:
            self.done.set_exception(problem)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next(self.ended or time.perf_counter())
        self.ended = 0.0

    def _next(self, now: float) -> None:
        if self.run.over(now):
            self.transport.close()
            return
        self.run.sent += 1
        self.started = now
        self.transport.write(next(self.run.requests))

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self.buffer, 0, end + 2)
        if len(self.buffer) < end + 4 + (int(found[1]) if found else 0):
            return
        now = time.perf_counter()
        self.run.answers[int(self.buffer[9:12])] += 1
        if now >= self.run.begin:
            self.run.latencies.append(now - self.started)
            self.run.last = now
        if _END.search(self.buffer, 0, end + 2):
            self.ended = now  # another one is opened, and that takes part of the next request's time
            self.transport.close()
            return
        self.buffer = b""
        self._next(now)

    def connection_lost(self, problem: Exception | None) -> None:
        if self.ended:
            self.buffer = b""
            self.opening = asyncio.ensure_future(self.open())
            return
        if not self.done.done():
            lost = problem or (None if self.run.over(time.perf_counter()) else ConnectionError("closed by the server"))
            self.done.set_exception(lost) if lost else self.done.set_result(None)


async def drive(given: argparse.Namespace) -> dict:
    loop = asyncio.get_running_loop()
    run = Run(given)
    waiting = []
    for _ in range(given.connections):
        waiting.append(loop.create_future())
        await Connection(run, waiting[-1]).open()
    await asyncio.gather(*waiting)
    return summary(run, given)


def summary(run: Run, given: argparse.Namespace) -> dict:
    ordered = sorted(run.latencies) or [0.0]
    seconds = max(run.last - run.begin, 1e-9)
    return {
        "rate": len(run.latencies) * given.alerts / seconds,
        "p50": 1000 * ordered[len(ordered) // 2],
        "p99": 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "requests": run.sent,
        "answers": dict(run.answers),
    }


class Responder(asyncio.Protocol):
    """The least that can answer: what the generator itself can do is measured against it."""

    ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.missing = 0

    def data_received(self, data: bytes) -> None:
        """One request at a time, as the generator sends them."""
        if self.missing <= 0:
            end = data.index(b"\r\n\r\n")
            self.missing = int(_LENGTH.search(data, 0, end + 2)[1]) - (len(data) - end - 4)
        else:
            self.missing -= len(data)
        if self.missing <= 0:
            self.transport.write(self.ANSWER)


async def respond(host: str, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Responder, host, port)
    async with server:
        await server.serve_forever()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/ingest/alertmanager")
    parser.add_argument("--api", choices=["webhook", "alertmanager"], default="webhook", help="whose words are sent")
    parser.add_argument("--token", default="none", help="none is sent if this is empty")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--alerts", type=int, default=1, help="in one request")
    parser.add_argument("--mode", choices=["new", "hot"], default="new")
    parser.add_argument("--start", type=int, default=0, help="the first new alert's number")
    parser.add_argument("--scattered", action="store_true", help="numbers in no order, as hashes are")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--warmup", type=float, default=1.0)
    parser.add_argument("--requests", type=int, default=0, help="stop after so many instead")
    parser.add_argument("--respond", action="store_true", help="be the trivial responder instead")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    run = uvloop.run if uvloop else asyncio.run
    if given.respond:
        run(respond(given.host, given.port))
    sys.stdout.write(json.dumps(run(drive(given))) + "\n")


if __name__ == "__main__":
    main()
