"""Sends alerts at planned moments, whether or not earlier ones were answered: a storm, with an emergency now and then.

Latencies are from the planned moment, so what had to wait behind something slow is not left out. Moments are
time.monotonic(), which is one clock for all processes of a machine. Prints one line of JSON.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.load import Requests, alert

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LEAD = 1.0  # seconds before the first one, to have everything at hand


def emergency(given: argparse.Namespace, number: int) -> bytes:
    """One alert, alone in its request, of the route whose class calls people."""
    one = alert()
    one["labels"] |= {"alertname": "DatabaseDown", "severity": "critical", "instance": f"db-{number}:9100"}
    body = json.dumps({
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "nabat",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager:9093",
        "alerts": [one | {"fingerprint": name_of(number)}],
    }).encode()  # fmt: skip
    head = (
        f"POST {given.path} HTTP/1.1\r\nHost: {given.host}\r\nAuthorization: Bearer {given.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def name_of(number: int) -> str:
    return f"emergency-{number}"


class Line:
    """A keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, request: bytes) -> int:
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if found:
            await self.reader.readexactly(int(found[1]))
        return int(head[9:12])


class Storm:
    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.idle: list[Line] = []
        self.lines = 0  # connections that were opened
        self.latencies: list[float] = []
        self.answers: Counter[int] = Counter()
        self.emergencies: list[dict[str, float]] = []

    async def run(self) -> dict:
        requests = iter(Requests(self.given))
        count = -(-self.given.total // self.given.alerts)
        pace, urgent = self.given.seconds / count, int(self.given.seconds / self.given.every)
        plan = [(number * pace, next(requests), None) for number in range(count)]
        plan += [((number + 0.5) * self.given.every, emergency(self.given, number), number) for number in range(urgent)]
        begin = time.monotonic() + LEAD
        async with asyncio.TaskGroup() as under_way:
            for after, request, number in sorted(plan, key=lambda one: one[0]):
                await asyncio.sleep(max(0.0, begin + after - time.monotonic()))
                under_way.create_task(self._send(request, begin + after, number))
        return self._summary(count)

    async def _send(self, request: bytes, planned: float, number: int | None) -> None:
        fresh = not self.idle
        line = await self._open() if fresh else self.idle.pop()
        try:
            status = await line.ask(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            if fresh:
                raise
            line = await self._open()  # it lay idle for so long that the server let it go; any client asks anew
            status = await line.ask(request)
        answered = time.monotonic()
        self.idle.append(line)
        self.answers[status] += 1
        if number is None:
            self.latencies.append(answered - planned)
        else:
            self.emergencies.append({"number": number, "planned": planned, "answered": answered, "status": status})

    async def _open(self) -> Line:
        self.lines += 1
        return Line(*await asyncio.open_connection(self.given.host, self.given.port))

    def _summary(self, count: int) -> dict:
        ordered = sorted(self.latencies)
        return {
            "alerts": count * self.given.alerts + len(self.emergencies),
            "answers": dict(self.answers),
            "connections": self.lines,
            "p50": 1000 * ordered[len(ordered) // 2],
            "p99": 1000 * ordered[int(len(ordered) * 0.99)],
            "max": 1000 * ordered[-1],
            "emergencies": sorted(self.emergencies, key=lambda one: one["number"]),
        }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/ingest/alertmanager")
    parser.add_argument("--token", required=True)
    parser.add_argument("--total", type=int, default=100_000, help="alerts, all new")
    parser.add_argument("--alerts", type=int, default=64, help="in one request")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=2.0, help="seconds from one emergency to the next")
    parser.set_defaults(api="webhook", mode="new", start=0, scattered=True)
    return parser.parse_args()


def main() -> None:
    sys.stdout.write(json.dumps(asyncio.run(Storm(arguments()).run())) + "\n")


if __name__ == "__main__":
    main()
