"""Bodies of requests as they come in: counted, within the room that all of them share, and whole."""

import io
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # exported, but not by its own word

ROOM = 128 * 1024 * 1024  # bytes of bodies that a process holds at a time …
KEPT_FREE = 32 * 1024 * 1024  # … of which these many are for small ones
BODILESS = ("GET", "HEAD")  # what comes with these means nothing
UNASKED = 64 * 1024  # bytes of a body that are read before we know who sends it

REFUSED = "nabat.refused"  # in an environ: the status with which a body was not taken in


class TooLarge(Exception):
    """The body is larger than it may be; its rest is not read."""


class BrokenOff(Exception):
    """The link was cut before the end of the body."""


class Full(Exception):
    """The bodies under way fill the room there is."""


class Room:
    """What all bodies of a process hold together. For the event loop alone: no lock."""

    def __init__(self, size: int = ROOM, kept_free: int = KEPT_FREE) -> None:
        self.size = size
        self.kept_free = kept_free
        self.held = 0


class Seat:
    """One request's part of the room, given back at its end."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: object) -> None:
        self._room.held -= self.size

    def grow(self, more: int) -> None:
        room = self._room
        most = room.size - (room.kept_free if self.size + more > UNASKED else 0)
        if room.held + more > most:
            raise Full
        room.held += more
        self.size += more


async def read_body(
    scope: Any, proto: Any, limit: int, seat: Seat, ask: Callable[[], Awaitable[object]] | None = None
) -> bytes:
    """The whole body, counted as it comes whatever Content-Length says. Raises TooLarge, BrokenOff, Full.

    `ask` raises what it likes if this sender may not send more than a little; it is asked once, before that much came.
    """
    announced = _announced(scope)
    if announced > limit:
        raise TooLarge
    if ask is not None and announced > UNASKED:
        await ask()
        ask = None
    if 0 < announced <= UNASKED and not scope.headers.get("transfer-encoding"):
        return await _in_one_piece(proto, announced, seat)
    chunks = []
    async for chunk in proto:
        if seat.size + len(chunk) > limit:
            raise TooLarge
        seat.grow(len(chunk))
        if ask is not None and seat.size > UNASKED:
            await ask()
            ask = None
        chunks.append(chunk)
    if seat.size < announced:  # granian ends the loop just the same
        raise BrokenOff
    return b"".join(chunks)


async def _in_one_piece(proto: Any, announced: int, seat: Seat) -> bytes:
    """It ends where it says so. Chunk by chunk it would be twice the work."""
    try:
        body = bytes(await proto())
    except ProtocolClosed:  # the link was cut
        raise BrokenOff from None
    if len(body) < announced:
        raise BrokenOff
    seat.grow(len(body))
    return body


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
