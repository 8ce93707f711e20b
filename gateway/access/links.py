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
_FORM = re.compile(r"[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{1,100}", re.ASCII)


_KEY = re.compile(r"(?!\.{1,2}(?:/|$))(?!/)(?:(?!//|/\.{1,2}(?:/|$))[^\x00-\x1f\x7f?#\\])+")
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


def over(resolved_at: datetime | None, now: datetime) -> bool:
    """Whether a link to an incident resolved then has ended."""
    return resolved_at is not None and now > resolved_at + AFTER_THE_END


def keys(secret: str | bytes) -> list[str]:
    """The secret's keys as the signer wants them: the one that signs last. Each of them is accepted."""
    text = secret.decode() if isinstance(secret, bytes) else secret
    return text.replace(",", " ").split()[::-1]


def _signer(secret: str | bytes) -> Signer:
    return Signer(keys(secret), salt="nabat.pocket", digest_method=hashlib.sha256)


def ticket_page(key: str, number: int, source: str = "") -> str:
    """Where a ticket is shown; of one whose key cannot stand in an address, its incident's page."""
    if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY:
        return f"/incidents/{number}"
    return f"/tickets/{quote(key, safe='/')}" + (f"?source={quote(source, safe='')}" if source else "")
