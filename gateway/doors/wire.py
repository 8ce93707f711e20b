"""What of an RSGI scope the door looks at, and how an answer of ours goes on the wire."""

from collections.abc import Iterable
from typing import Any

from gateway.doors import ingest
from gateway.doors.dialects import Asked, Dialect
from gateway.doors.ingest import JSON
from gateway.reply import Answer

BARE = (  # of answers that no page made: nothing for a browser to guess at, to run, or to keep
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
)


def send(proto: Any, answer: Answer) -> None:
    headers = _USUAL if answer.headers == JSON else _on_the_wire(answer.headers)
    proto.response_bytes(answer.status, headers, answer.body)


def _on_the_wire(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found = [(name.lower(), value) for name, value in headers]
    return found if any(name == BARE[0][0] for name, _ in found) else [*found, *BARE]


_USUAL = _on_the_wire(JSON)  # of nearly all answers


def request_of(scope: Any, body: bytes, dialect: Dialect | None = None) -> ingest.Request:
    """Raises Refused, if what it says in another service's dialect is wrong."""
    get = scope.headers.get
    if dialect is not None:
        return dialect.request(Asked(scope.path, get, body))
    kind, _, path_token = scope.path.removeprefix("/ingest/").partition("/")
    content, encoding = (get("content-type") or "").lower(), (get("content-encoding") or "").lower().strip()
    number = ingest.numbered(kind, get)
    signed, path_token = ingest.signed_in(kind, get), ingest.token_in(kind, path_token, scope.query_string)
    path_token = path_token or ingest.shown_token(kind, get)
    return ingest.Request(kind, path_token, get("authorization") or "", content, encoding, body, signed, number)
