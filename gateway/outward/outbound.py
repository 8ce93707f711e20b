"""The one way out for HTTP: one total deadline, no redirects, no proxies, no private addresses, small answers.

Nothing is repeated here: the outbox repeats. What a call may do wrong is one of two failures, TemporaryFailure (try
again) or PermanentFailure (do not); both live here because `gateway.channels` stands above this module.
"""

import json as json_format
import time
from collections.abc import Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypedDict, Unpack

from gateway.clock import SystemClock
from gateway.outward import addresses
from gateway.outward.addresses import check_url, private_hosts
from gateway.outward.dialing import CONNECT, Deadline, UnknownHost, resolve, trust
from rules.texts.text import clean_text, cut, one_line

__all__ = [
    "AddressEnded",
    "Answer",
    "Deadline",
    "How",
    "PermanentFailure",
    "TemporaryFailure",
    "ask",
    "check_url",
    "fits_header",
    "judge",
    "post",
    "private_hosts",
    "trust",
]

DEADLINE = 10.0  # seconds for a whole call: name, connection, request and answer
LONGEST_BODY = 65_536  # bytes of an answer that are read
LONGEST_WISH = 300.0  # seconds: the longest Retry-After that is believed
HEADERS = {"User-Agent": "Nabat", "Accept-Encoding": "identity", "Connection": "close"}


class TemporaryFailure(Exception):
    """Not now: a time-out, 429, 5xx, a refused connection.

    `ambiguous` is true when the provider may have acted all the same (the request went out, no answer came back);
    `retry_after` is the provider's wish in seconds, if it gave one.
    """

    def __init__(self, reason: str, *, ambiguous: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.ambiguous = ambiguous
        self.retry_after = retry_after


class PermanentFailure(Exception):
    """Never like this: a bad address, a bad key, 4xx. `status` is the provider's code, 0 if it was never asked."""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class AddressEnded(PermanentFailure):
    """Nobody is at this address any more, nor ever will be: it can be forgotten."""


class Answer(NamedTuple):
    """What came back, as far as we read it: a status is an answer even if the body broke off."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def said(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            value = json_format.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Content(TypedDict, total=False):
    """What a request may carry, as `requests` names it."""

    json: object
    data: Mapping[str, str] | bytes
    auth: tuple[str, str]
    params: Mapping[str, str]


class How(NamedTuple):
    """The kind of request, and how many bytes of its answer are read."""

    method: str = "POST"
    room: int = LONGEST_BODY


PLAIN = How()


def post(
    url: str,
    *,
    allow_private: Collection[str] = (),
    loopback: bool = True,
    deadline: float = DEADLINE,
    headers: Mapping[str, str] | None = None,
    **content: Unpack[Content],
) -> Answer:
    """POST, and the answer judged: returns only what was accepted. `loopback` is false for what people enter."""
    answer = ask(url, allow_private=allow_private, loopback=loopback, deadline=deadline, headers=headers, **content)
    return judge(answer, quote=loopback)


def ask(
    url: str,
    *,
    how: How = PLAIN,
    allow_private: Collection[str] = (),
    loopback: bool = True,
    deadline: float = DEADLINE,
    headers: Mapping[str, str] | None = None,
    **content: Unpack[Content],
) -> Answer:
    """The request, and whatever answer came back, unjudged."""
    wrong = check_url(url, allow_private=allow_private, loopback=loopback)
    if wrong:
        raise PermanentFailure(wrong)
    if not all(map(fits_header, (headers or {}).values())):
        raise PermanentFailure("cannot be sent: a header has characters that HTTP does not take")
    from gateway.outward import calling  # noqa: PLC0415 - its library takes 4 MB: only in who calls, from then on

    try:
        call = calling.Call(how.method, url, {**HEADERS, **(headers or {})}, content)
    except calling.Unfit as problem:
        raise PermanentFailure(f"cannot be sent: {problem}") from problem
    with Deadline(deadline) as limit:
        started = time.monotonic()
        try:
            found = resolve(addresses.plain_host(call.host), call.port, min(CONNECT, limit.left()))
            addresses.permitted(call.host, found, allow_private=allow_private, loopback=loopback)
        except UnknownHost as problem:
            raise TemporaryFailure(str(problem)) from problem
        except addresses.ForbiddenAddress as problem:
            raise PermanentFailure(str(problem)) from problem
        way = calling.Way(found, limit)
        try:
            status, answered, body = call.carry_out(way, how.room)
        except calling.NoAnswer as problem:
            raise TemporaryFailure(str(problem), ambiguous=way.connected) from problem
        return Answer(status, answered, body, time.monotonic() - started)


def fits_header(text: str) -> bool:
    return text.isprintable() and all(ord(character) < 256 for character in text)


def judge(answer: Answer, *, quote: bool = True) -> Answer:
    """The answer, if it means accepted. `quote` is false where the answer's text is nobody's business."""
    status = answer.status
    if 200 <= status < 300:
        return answer
    if status in (408, 429) or status >= 500:
        raise TemporaryFailure(f"HTTP {status}", retry_after=_wish(answer.headers))
    if 300 <= status < 400:  # followed, a POST may become a GET that "succeeds", or the text goes to a stranger
        raise PermanentFailure(f"HTTP {status}: redirects are not followed, is the address right?", status=status)
    text = cut(one_line(clean_text(answer.body.decode(errors="replace"))), 200) if quote else ""
    raise PermanentFailure(f"HTTP {status}: {text}" if text else f"HTTP {status}", status=status)


def _wish(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds: it comes as a number, or as a date on the provider's clock."""
    wish = headers.get("Retry-After", "").strip()
    if wish.isascii() and wish.isdigit():
        return min(float(wish), LONGEST_WISH)
    then, now = _date(wish), _date(headers.get("Date", "")) or SystemClock().now()
    return min(max((then - now).total_seconds(), 0.0), LONGEST_WISH) if then else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None
