"""How kinds of senders sign what they send: in which headers, written how, over what. Values, and what is signed. Pure.

All of them sign with HMAC, over SHA-256 where they can. A source's SIGNING says how its senders do it; ours is
X-Nabat-Signature.
"""

from collections.abc import Iterator
from dataclasses import dataclass

TIME, BODY, NUMBER = "time", "body", "number"  # parts of what is signed; any other part is itself
LATE = 300.0  # seconds that a time may lie before our clock, or after it


@dataclass(frozen=True, slots=True)
class Signing:
    """One sender's own way. Names of headers are in small letters."""

    header: str  # with the signature
    bare: tuple[str, ...] = ()  # what is signed without a time; nothing: a time is needed
    timed: tuple[tuple[str, ...], ...] = ()  # what is signed with a time: one of these
    time_header: str = ""  # with the time, as a unix time or by RFC 3339
    prefix: str = ""  # before the signature
    in_base64: bool = False  # else in hexadecimal
    unlike: bool = False  # each body names its own time: the same one again is a repeat though no header names one
    digest: str = "sha256"
    late: float = LATE  # seconds that the time may lie back: of senders that queue what they have signed, more
    public: tuple[str, ...] = ()  # secrets that everybody knows: never right
    number_header: str = ""  # with the request's own number, which is signed, too
    several: bool = False  # signatures, with spaces between
    sent_at: str = ""  # a name in the body, of when it was sent, in ms
    key_prefix: str = ""  # of a secret that is its key in BASE64: only such ones sign

    def forms(self, at: str) -> tuple[tuple[str, ...], ...]:
        """What may have been signed, by the time that came with it."""
        if at:
            return self.timed
        return (self.bare,) if self.bare else ()


def pieces(form: tuple[str, ...], at: str, body: bytes, number: str = "") -> Iterator[bytes]:
    for part in form:
        yield body if part == BODY else {TIME: at, NUMBER: number}.get(part, part).encode("utf-8", "replace")
