"""A request of a sender as the doors look at it: what its address and its headers say, and its body."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from gateway import sources
from gateway.outward import signing
from gateway.reply import Answer
from gateway.store.incidents.alerts import Post
from rules.senders.signatures import Signing

Header = Callable[[str], str | None]  # by its name in small letters


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as it came, in our way or in one of the sender's own."""

    text: str
    at: str = ""  # the time, if another header has it
    how: Signing | None = None  # None: ours
    number: str = ""  # the request's own, if it is signed, too

    def read(self, now: datetime) -> signing.Given:
        """Raises BadSignature."""
        if self.how is None:
            return signing.read(self.text, now)
        return signing.read_own(self.how, self.text, self.at, now, self.number)


def signed_in(kind: str, header: Header) -> Signed | None:
    """What the headers say of a signature: ours, else the one that this kind of sender has of its own."""
    ours = header("x-nabat-signature")
    if ours is not None:
        return Signed(ours)
    how = sources.habits(kind).signing
    theirs = header(how.header) if how is not None else None
    if how is None or theirs is None:
        return None
    at, number = ((header(name) or "").strip() if name else "" for name in (how.time_header, how.number_header))
    return Signed(theirs, at, how, number)


def shown_token(kind: str, header: Header) -> str:
    """The token, where senders of this kind have a header of their own for it."""
    name = sources.habits(kind).token_header
    return (header(name) or "").strip() if name else ""


def token_in(kind: str, path_token: str, query: str) -> str:
    """The token that the address ends with; of some kinds one in the query, and of no other."""
    name = sources.habits(kind).token_parameter if query and not path_token else ""
    return dict(parse_qsl(query)).get(name, "") if name else path_token


def numbered(kind: str, header: Header) -> str:
    """The sender's own number of this request, if senders of this kind number them."""
    name = sources.habits(kind).delivery
    return (header(name) or "").strip() if name else ""


@dataclass(frozen=True, slots=True)
class Request:
    """What the door looks at: the path after /ingest/, with a token from there or from the query, headers, the body."""

    kind: str
    path_token: str
    authorization: str
    content_type: str
    content_encoding: str
    body: bytes
    signed: Signed | None = None
    delivery: str = ""  # the sender's own number of it
    taken: Callable[[Post], Answer] | None = None  # what its sender hears, if not what ours do


def request_at(kind: str, path_token: str, query: str, header: Header, body: bytes) -> Request:
    """A request to /ingest/KIND, by whichever door it came."""
    token = token_in(kind, path_token, query) or shown_token(kind, header)
    signed, number = signed_in(kind, header), numbered(kind, header)
    return Request(kind, token, header("authorization") or "", *content_of(header), body, signed, number)


def content_of(header: Header) -> tuple[str, str]:
    """Its type and its encoding."""
    return (header("content-type") or "").lower(), (header("content-encoding") or "").lower().strip()
