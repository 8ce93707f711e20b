"""Links that open one incident for one recipient without a sign-in: made for messages, read by the pocket page."""

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from itsdangerous import BadSignature, Signer

AFTER_THE_END = timedelta(minutes=15)
_UUID = 16  # bytes
_NUMBER = re.compile(r"[0-9]{1,18}\.[A-Za-z0-9_-]{1,100}", re.ASCII)
_FORM = re.compile(r"[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{1,100}", re.ASCII)


_KEY = re.compile(r"(?!\.{1,2}(?:/|$))(?!/)(?:(?!//|/\.{1,2}(?:/|$))[^\x00-\x1f\x7f?\\])+")
_LONGEST_KEY = 199  # characters; a longer one is shown cut


@dataclass(frozen=True, slots=True)
class Link:
    incident_uuid: str
    who: str  # the recipient's e-mail address, or team:NAME


def make(secret: str | bytes, incident_uuid: str, who: str) -> str:
    """The token of a link; short, because some travel by SMS."""
    packed = base64.urlsafe_b64encode(uuid.UUID(incident_uuid).bytes + who.encode()).rstrip(b"=")
    return _signer(secret).sign(packed).decode()


def read(secret: str | bytes, token: str) -> Link | None:
    """What the token is for; None if we did not make it."""
    if not _FORM.fullmatch(token):  # base64 is read past what is none
        return None
    try:
        packed = _signer(secret).unsign(token.encode())
    except BadSignature:
        return None
    plain = base64.urlsafe_b64decode(packed + b"=" * (-len(packed) % 4))
    return Link(str(uuid.UUID(bytes=plain[:_UUID])), plain[_UUID:].decode())


WEEKLY, GUEST = "nabat.weekly", "nabat.guest"  # what a number's link is for


def make_number(secret: str | bytes, number: int, what: str) -> str:
    """The token of a link to something that has a number."""
    return _signer(secret, what).sign(str(number)).decode()


def read_number(secret: str | bytes, token: str, what: str) -> int | None:
    """The number; None if we did not make the token, or made it for something else."""
    if not _NUMBER.fullmatch(token):
        return None
    try:
        return int(_signer(secret, what).unsign(token))
    except BadSignature:
        return None


def make_longer(secret: str | bytes, number: int, ends: int) -> str:
    """The token by which the author of a silence makes it longer, from this end (microseconds) on."""
    return make_number(secret, ends, f"nabat.silence.{number}")


def read_longer(secret: str | bytes, token: str, number: int) -> int | None:
    return read_number(secret, token, f"nabat.silence.{number}")


def over(resolved_at: datetime | None, now: datetime) -> bool:
    """Whether a link to an incident resolved then has ended."""
    return resolved_at is not None and now > resolved_at + AFTER_THE_END


def keys(secret: str | bytes) -> list[str]:
    """The secret's keys as the signer wants them: the one that signs last. Each of them is accepted."""
    text = secret.decode() if isinstance(secret, bytes) else secret
    return text.replace(",", " ").split()[::-1]


def _signer(secret: str | bytes, what: str = "nabat.pocket") -> Signer:
    return Signer(keys(secret), salt=what, digest_method=hashlib.sha256)


def ticket_page(key: str, number: int, source: str = "") -> str:
    """Where a ticket is shown; of one whose key cannot stand in an address, its incident's page."""
    if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY:
        return f"/incidents/{number}"
    return f"/tickets/{quote(key, safe='/')}" + (f"?source={quote(source, safe='')}" if source else "")
