"""Whether a sender signed what we received, with a secret of ours, lately: X-Nabat-Signature.

`t=UNIX,v1=HEX[,v1=HEX]`: v1 is HMAC-SHA256 of t, a full stop and the body byte for byte. Several v1 come while the
sender changes its secret; parts of other names are left to versions to come.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway.secrets import same_bytes

LATE = 300.0  # seconds that t may lie before or after our clock
LONGEST = 1024  # characters of the header: a dozen signatures
# Hexadecimal is a way to write bytes, and the bytes are compared: both cases are right. Digits are ASCII's only.
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_MAC = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)


class BadSignature(Exception):
    """A signature is there and does not hold; the text says why, and tells nothing that the sender does not know."""


def read(header: str, now: datetime) -> tuple[str, list[bytes]]:
    """The time as it was written, and the signatures, before the body is looked at. Raises BadSignature."""
    if len(header) > LONGEST:
        raise BadSignature("X-Nabat-Signature is too long")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    macs = [bytes.fromhex(value) for name, _, value in parts if name == "v1" and _MAC.fullmatch(value)]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not macs:
        raise BadSignature("X-Nabat-Signature is not t=UNIX,v1=HEX")
    if abs(now.timestamp() - int(times[0])) > LATE:
        raise BadSignature(f"t of X-Nabat-Signature is more than {LATE:.0f} s from our clock")
    return times[0], macs


def fitting(at: str, body: bytes, macs: Iterable[bytes], secrets: Sequence[str]) -> int:
    """Which of the secrets made one of the signatures; all are compared, in constant time. Raises BadSignature."""
    given = list(macs)
    made = [sign(secret, at, body) for secret in secrets]
    fits = [index for index, right in enumerate(made) if sum(same_bytes(right, one) for one in given)]
    if not fits:
        raise BadSignature("no signature in X-Nabat-Signature fits this body and a secret of this source")
    return fits[0]


def sign(secret: str, at: str, body: bytes) -> bytes:
    made = hmac.new(secret.encode(), f"{at}.".encode(), hashlib.sha256)
    made.update(body)
    return made.digest()
