"""Bodies of requests as they come in: counted, in time, and whole."""

import asyncio
import io
import sys
from typing import Any

from gateway.doors.seats import UNASKED, Ask, Full, Seat

BODILESS = ("GET", "HEAD")  # what comes with these means nothing
BODY_DEADLINE = 20.0  # seconds for a whole body to arrive …
SMALL_DEADLINE = 10.0  # … and for one that announces no more than we read of anybody

REFUSED = "nabat.refused"  # in an environ: the status with which a body was not taken in


class TooLarge(Exception):
    """The body is larger than it may be; its rest is not read."""


class BrokenOff(Exception):
    """The link was cut before the end of the body."""


class TooSlow(Exception):
    """The body did not arrive in time."""


async def read_body(scope: Any, proto: Any, limit: int, seat: Seat, ask: Ask | None = None) -> bytes:
    """The whole body, counted as it comes whatever Content-Length says. Raises TooLarge, BrokenOff, TooSlow, Full.

    `ask` raises what it likes if this sender may not send more than a little; it is asked once, before that much came.
    """
    announced = _announced(scope)
    if announced > limit:
        raise TooLarge
    seat.ask = ask
    try:
        async with asyncio.timeout(SMALL_DEADLINE if 0 < announced <= UNASKED else BODY_DEADLINE) as seat.patience:
            if announced > UNASKED:
                await seat.expect(announced)
            return await _in_parts(scope, proto, announced, limit, seat)
    except TimeoutError:
        raise Full if seat.lost else TooSlow from None


async def _in_parts(scope: Any, proto: Any, announced: int, limit: int, seat: Seat) -> bytes:
    """Mostly the first part is all of it. After it nobody waits for the end: that would be twice the work."""
    end = -1 if scope.headers.get("transfer-encoding") else announced or -1  # -1: nobody said
    body = bytearray()  # a list of parts would be many times as large as what they say, of whoever sends byte by byte
    async for part in proto:
        if seat.size + len(part) > limit:
            raise TooLarge
        seat.grow(len(part))
        if seat.size == end:
            seat.settle()
            return bytes(body + part) if body else bytes(part)
        body += part
        del part  # or it were held twice while the next is waited for
        await seat.expect(seat.size)
    if seat.size < announced:  # granian ends the loop just the same
        raise BrokenOff
    seat.settle()
    return bytes(body)


def _announced(scope: Any) -> int:
    given = scope.headers.get("content-length") or ""
    return int(given) if given.isdigit() and len(given) < 20 else 0


def environ_of(scope: Any, body: bytes) -> dict[str, Any]:
    """A WSGI environ (PEP 3333) of an RSGI scope."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),  # granian has read the % of it; WSGI wants bytes
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # X_Forwarded_For would be taken for the header that a proxy of ours writes
            continue
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            known = environ.get(f"HTTP_{key}")
            environ[f"HTTP_{key}"] = f"{known},{value}" if known is not None else value
    if "HTTP_HOST" not in environ and scope.authority:
        environ["HTTP_HOST"] = scope.authority
    return environ
