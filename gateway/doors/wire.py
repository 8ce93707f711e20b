"""What of an RSGI scope the door looks at, and how an answer of ours goes on the wire."""

from collections.abc import Iterable
from typing import Any

from gateway.doors import asking
from gateway.doors.dialects import Asked, Dialect
from gateway.doors.ingest import JSON
from gateway.reply import Answer

BARE = (  # of answers that no page made: nothing for a browser to guess at, to run, or to keep
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
)


def send(proto: Any, answer: Answer, end: bool = False) -> None:
    """`end`: the connection ends with it."""
    headers = _USUAL if answer.headers == JSON else _on_the_wire(answer.headers)
    if end:
        headers = [*headers, _END]
    proto.response_bytes(answer.status, headers, answer.body)


def _on_the_wire(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found = [(name.lower(), value) for name, value in headers]
    return found if any(name == BARE[0][0] for name, _ in found) else [*found, *BARE]


_END = ("connection", "close")
_USUAL = _on_the_wire(JSON)  # of nearly all answers


def request_of(scope: Any, body: bytes, dialect: Dialect | None = None) -> asking.Request:
    """Raises Refused, if what it says in another service's dialect is wrong."""
    get = scope.headers.get
    if dialect is not None:
        return dialect.request(Asked(scope.path, get, body))
    kind, _, path_token = scope.path.removeprefix("/ingest/").partition("/")
    return asking.request_at(kind, path_token.rstrip("/"), scope.query_string, get, body)
