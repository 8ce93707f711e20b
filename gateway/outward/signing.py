"""Whether a sender signed what we received, with a secret of ours, lately.

Ours is X-Nabat-Signature: `t=UNIX,v1=HEX[,v1=HEX]`, where v1 is HMAC-SHA256 of t, a full stop and the body byte for
byte. Several v1 come while the sender changes its secret; parts of other names are left to versions to come. Others
have ways of their own (rules.senders.signatures).
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.secrets import same_bytes
from rules.senders.signatures import BODY, LATE, TIME, Signing, pieces

HEADER = "X-Nabat-Signature"
OURS = ((TIME, ".", BODY),)
LAST_MOMENT = 10**13  # ms: far in the future, and no more than a float holds
LONGEST = 1024  # characters of the header: a dozen signatures
SIZES = {"sha256": 32, "sha1": 20}  # bytes of a signature
# Hexadecimal is a way to write bytes, and the bytes are compared: both cases are right. Digits are ASCII's only.
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAC = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class BadSignature(Exception):
    """A signature is there and does not hold; the text says why, and tells nothing that the sender does not know."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a request says of its signature, before the body is looked at."""

    name: str  # of the header, for people
    at: str  # the time, as it was written; empty: none
    macs: tuple[bytes, ...]
    forms: tuple[tuple[str, ...], ...]  # what may have been signed
    digest: str = "sha256"
    number: str = ""  # the request's own, that is signed, too
    key_prefix: str = ""


def read(header: str, now: datetime) -> Given:
    """Ours. Raises BadSignature."""
    if len(header) > LONGEST:
        raise BadSignature(f"{HEADER} is too long")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    macs = tuple(bytes.fromhex(value) for name, _, value in parts if name == "v1" and _MAC.fullmatch(value))
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not macs:
        raise BadSignature(f"{HEADER} is not t=UNIX,v1=HEX")
    _check_time(times[0], f"t of {HEADER}", now)
    return Given(HEADER, times[0], macs, OURS)


def read_own(how: Signing, header: str, at: str, now: datetime, number: str = "") -> Given:
    """A sender's own; `at` and `number` are what other headers say, empty if there are none. Raises BadSignature."""
    name, time_name = how.header.title(), how.time_header.title()
    macs = _macs(how, header.strip())
    if not macs:
        form = f"{how.prefix}{'BASE64' if how.in_base64 else 'HEX'}"
        raise BadSignature(f"{name} is not {form} of HMAC-{how.digest.upper()}")
    forms = how.forms(at)
    if not forms:
        raise BadSignature(f"{time_name} is missing")
    if how.number_header and not number:
        raise BadSignature(f"{how.number_header.title()} is missing")
    if at:
        _check_time(at, time_name, now, how.late)
    return Given(name, at, macs, forms, how.digest, number, how.key_prefix)


def _macs(how: Signing, text: str) -> tuple[bytes, ...]:
    """Those that are written as they should be; others may be of a version to come."""
    texts = text[:LONGEST].split(" ") if how.several else [text]
    found = [
        _bytes_of(one.removeprefix(how.prefix), in_base64=how.in_base64) for one in texts if one.startswith(how.prefix)
    ]
    return tuple(mac for mac in found if len(mac) == SIZES[how.digest])


def _bytes_of(text: str, *, in_base64: bool) -> bytes:
    if not in_base64:
        return bytes.fromhex(text) if len(text) in (40, 64) and _HEX.fullmatch(text) else b""
    try:
        return base64.b64decode(text, validate=True) if len(text) < LONGEST else b""
    except (binascii.Error, ValueError):
        return b""


def _check_time(at: str, name: str, now: datetime, late: float = LATE) -> None:
    if _TIME.fullmatch(at):
        moment = float(at)
    elif _MOMENT.fullmatch(at):
        try:
            moment = datetime.fromisoformat(at).timestamp()
        except (ValueError, OverflowError):
            raise BadSignature(f"{name} is no time") from None
    else:
        raise BadSignature(f"{name} is no time")
    if not -LATE <= now.timestamp() - moment <= late:
        raise BadSignature(f"{name} is more than {LATE if moment > now.timestamp() else late:.0f} s from our clock")


def check_sent(how: Signing, body: object, now: datetime) -> None:
    """Of a body that was signed, if it says itself when it was sent. Raises BadSignature."""
    if not how.sent_at:
        return
    at = body.get(how.sent_at) if isinstance(body, dict) else None
    if not isinstance(at, int | float) or not 0 < at < LAST_MOMENT or abs(now.timestamp() - at / 1000) > LATE:
        raise BadSignature(f"{how.sent_at} is missing, or more than {LATE:.0f} s from our clock")


def fitting(given: Given, body: bytes, secrets: Sequence[str]) -> int:
    """Which of the secrets made one of the signatures; all are compared, in constant time. Raises BadSignature."""
    fits = [
        index
        for index, secret in enumerate(secrets)
        if sum(same_bytes(sign(secret, form, given, body), one) for form in given.forms for one in given.macs)
    ]
    if not fits:
        raise BadSignature(f"no signature in {given.name} fits this body and a secret of this source")
    return fits[0]


def sign(secret: str, form: tuple[str, ...], given: Given, body: bytes) -> bytes:
    made = hmac.new(key_of(secret, given.key_prefix), digestmod=given.digest)
    for piece in pieces(form, given.at, body, given.number):
        made.update(piece)
    return made.digest()


def key_of(secret: str, prefix: str) -> bytes:
    """What is signed with: what a secret with the prefix says in BASE64, else the secret itself."""
    if prefix and secret.startswith(prefix):
        return _bytes_of(secret.removeprefix(prefix), in_base64=True) or secret.encode()
    return secret.encode()
