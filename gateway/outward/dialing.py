"""Opens connections: a name is looked up once, and what is opened is cut off when its time is over."""

import functools
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Self

import certifi

from gateway import crashpoint
from rules.texts.text import clean_text, cut, one_line

CONNECT = 5.0  # seconds to reach a host, shared by its addresses
SILENCE = 5.0  # seconds without a byte
_REMEMBERED = 600.0  # seconds that a good answer stands in for a name server that fails
_LOOKUPS = threading.BoundedSemaphore(16)  # a dead name server holds this many threads at most
_known: dict[str, tuple[float, list[str]]] = {}


class UnknownHost(Exception):
    """The name led to no address in time. Nothing was sent."""


class Deadline:
    """Cuts a connection off when its time is over, whatever it is doing: time-outs measure silence, not dripping."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._twin: socket.socket | None = None
        self._alarm = threading.Timer(seconds, self._cut)
        self._alarm.daemon = True

    def __enter__(self) -> Self:
        self._alarm.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._alarm.cancel()
        if self._twin:
            self._twin.close()

    def left(self) -> float:
        return max(self._end - time.monotonic(), 0.001)

    def connect(self, port: int, found: list[str]) -> socket.socket:
        """A connection to the first of these very addresses that answers."""
        until = time.monotonic() + min(CONNECT, self.left())
        trouble: OSError = TimeoutError("timed out")
        crashpoint.passing("dialing")
        for number, address in enumerate(found):
            connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            connection.settimeout(max((until - time.monotonic()) / (len(found) - number), 0.001))
            try:
                connection.connect((address, port))
            except OSError as problem:
                connection.close()
                trouble = problem
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(min(SILENCE, self.left()))
            self._twin = connection.dup()  # TLS takes the first one over; the twin still reaches the connection
            return connection
        raise trouble

    def _cut(self) -> None:
        if self._twin:
            try:
                self._twin.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is over already


@dataclass(slots=True)
class _Lookup:
    """One question to the name server, asked in a thread because no time-out can stop it."""

    done: threading.Event = field(default_factory=threading.Event)
    addresses: list[str] = field(default_factory=list)
    trouble: str = ""


def resolve(host: str, port: int, patience: float) -> list[str]:
    """The addresses of a name, after at most `patience` seconds."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        lookup = _Lookup()
    if _LOOKUPS.acquire(timeout=patience):
        threading.Thread(target=_look_up, args=(lookup, host, port), daemon=True).start()
        if not lookup.done.wait(patience):
            lookup.trouble = "the name server does not answer"
    else:
        lookup.trouble = "too many lookups wait for the name server"
    if lookup.addresses:
        if len(_known) > 1000:  # never many: providers, and what people enter
            _known.clear()
        _known[host] = (time.monotonic(), lookup.addresses)
        return lookup.addresses
    since, addresses = _known.get(host, (0.0, []))
    if addresses and time.monotonic() - since < _REMEMBERED:
        return addresses
    raise UnknownHost(f"cannot find {host}: {lookup.trouble or 'no address'}")


def _look_up(lookup: _Lookup, host: str, port: int) -> None:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        lookup.addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    except (OSError, UnicodeError) as problem:
        lookup.trouble = getattr(problem, "strerror", None) or "not a host name"
    finally:
        _LOOKUPS.release()
        lookup.done.set()


@functools.cache
def trust() -> ssl.SSLContext:
    """The system's authorities (so a house's own count) and Mozilla's (so a bare container works).

    TLS 1.2 or newer: a Python that distributions build leaves that to the system, which may allow what is older.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    return context


def words_of(problem: BaseException) -> str:
    """What went wrong at the bottom of a pile of exceptions, without the address: it may hold a secret."""
    seen = {id(problem)}
    while (below := problem.__cause__ or problem.__context__) and id(below) not in seen:
        seen.add(id(below))
        problem = below
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"TLS: {problem.verify_message}"
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return cut(one_line(clean_text(str(text))), 200)
