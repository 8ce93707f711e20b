"""What open lists ask every 1.7 seconds, answered on the event loop: by who asked a moment ago, and what is shared.

Nothing new is found out here. Who asks in the very same words as within the last seconds, headers and all, is the same
page of the same sign-in; while no sign-in has begun or ended and nobody's role has changed, it is told what the others
are told. Everything else goes the usual way (live.py), which is where an answer is learned from.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import unquote_plus

from flask import Flask

from dashboard.packing import packed
from dashboard.shared import Shared
from gateway.clock import Clock
from gateway.reply import QUICK, Answer
from rules.words import Directory

KNOWN_FOR = timedelta(seconds=5)  # a sign-in is looked at again, as the owner of a token is
MOST = 2_000  # pages
LONGEST = 8_192  # characters of a question that is kept, headers and all: no browser's is as long
HEART = "heart"  # what is shared under this name
LEFT = "nabat.asker"  # where live.py leaves the key of the list that it showed, and the heart
OWN = ("content-length", "x-now")  # of each answer
UNUSUAL = ("fresh=1", "frozen=1", "since=")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Heart:
    """What decides whether an open page may be told the same as before."""

    mark: str
    people: Directory
    sign_ins: tuple[int, ...]  # changes with each that begins or ends

    def is_like(self, other: "Heart") -> bool:
        return self.people is other.people and self.sign_ins == other.sign_ins


@dataclass(slots=True)
class Drawn:
    """A list, the same for all who share it: there is nobody's token in it."""

    html: bytes
    _packed: bytes | None = None

    def packed(self) -> bytes:
        if self._packed is None:
            self._packed = packed(self.html)
        return self._packed

    def as_is(self, *, gzip: bool) -> bytes | None:
        """None: it is not packed yet, which takes too long for the event loop."""
        return self._packed if gzip else self.html


@dataclass(frozen=True, slots=True)
class Asker:
    key: Hashable  # of the list that was shown; None: that page shows none
    heart: Heart
    until: datetime
    headers: Mapping[int, Headers]  # by status


@dataclass(slots=True)
class AtOnce:
    """The quick answers of one process (gateway/reply.py)."""

    shared: Shared
    clock: Clock
    path: str = "/live"
    _askers: dict[Hashable, Asker] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, scope: Any) -> Answer | None:
        name, since = _asked(scope)
        asker, now = self._askers.get(name) if since else None, self.clock.now()
        if asker is None or not now < asker.until:
            return None
        heart = self.shared.peek(HEART, now)
        if not isinstance(heart, Heart) or not heart.is_like(asker.heart):
            return None
        status, body = (204, b"") if since == heart.mark else (200, self._list(asker, now))
        headers = asker.headers.get(status)
        if headers is None or body is None:
            return None
        own = (("x-now", _ms(now)), *([("content-length", str(len(body)))] if body else ()))
        return Answer(status, body, (*headers, *own))

    def _list(self, asker: Asker, now: datetime) -> bytes | None:
        drawn = self.shared.peek(asker.key, now)
        gzip = ("content-encoding", "gzip") in asker.headers.get(200, ())
        return drawn.as_is(gzip=gzip) if isinstance(drawn, Drawn) else None

    def learn(self, scope: Any, environ: dict[str, Any], answer: Answer) -> None:
        left, (name, since) = environ.get(LEFT), _asked(scope)
        if len(scope.query_string) + sum(len(key) + len(value) for key, value in scope.headers.items()) > LONGEST:
            return
        headers = tuple((key.lower(), value) for key, value in answer.headers if key.lower() not in OWN)
        if (
            left is None
            or not since
            or answer.status not in (200, 204)
            or any(key == "set-cookie" for key, _ in headers)
        ):
            return
        (key, heart), now = left, self.clock.now()
        with self._lock:
            if len(self._askers) >= MOST:
                self._askers = {one: asker for one, asker in self._askers.items() if now < asker.until}
            before = self._askers.get(name) if len(self._askers) < MOST else None
            known = before.headers if before is not None and before.key == key else {}
            if len(self._askers) < MOST:
                self._askers[name] = Asker(key, heart, now + KNOWN_FOR, {**known, answer.status: headers})


def switch_on(app: Flask, shared: Shared) -> None:
    app.extensions[QUICK] = AtOnce(shared, app.extensions["gateway"].clock)


def _asked(scope: Any) -> tuple[Hashable, str]:
    """All words of a question but for the mark; and the mark, if it is a usual question."""
    words = scope.query_string.split("&")
    since = [word for word in words if word.startswith("since=")]
    usual = len(since) == 1 and not any(word in UNUSUAL for word in words)
    name = (scope.scheme, tuple(scope.headers.items()), tuple(word for word in words if word not in since))
    return name, unquote_plus(since[0].removeprefix("since=")) if usual else ""


def _ms(now: datetime) -> str:
    return str(int(now.timestamp() * 1000))
