"""Web Push as its standards have it: a text sealed for one browser (RFC 8291), and who is sending (RFC 8292)."""

import base64
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

LARGEST = 3993  # bytes of text: push services take 4096, of which the seal needs the rest
VALID = timedelta(hours=12)  # of a proof who we are; more than a day is refused
_RECORD = 4096  # all of it is one record
_CURVE = ec.SECP256R1()


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is told, and how to write so that only it can read."""

    endpoint: str
    key: bytes  # its public key, an uncompressed point
    auth: bytes

    def __str__(self) -> str:
        """Always the same text for the same browser, whatever else it said of itself."""
        keys = {"auth": encode(self.auth), "p256dh": encode(self.key)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys}, separators=(",", ":"), ensure_ascii=False)


def read(text: str) -> Subscription:
    """What PushSubscription.toJSON() gave. Raises ValueError if it is none."""
    said = json.loads(text)
    keys = said.get("keys") if isinstance(said, dict) else None
    endpoint = said.get("endpoint") if isinstance(said, dict) else None
    if not isinstance(keys, dict) or not isinstance(endpoint, str):
        raise ValueError("no endpoint, or no keys")
    key, auth = decode(keys.get("p256dh")), decode(keys.get("auth"))
    ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key)  # raises ValueError for what lies beside the curve
    if len(key) != 65 or len(auth) != 16:
        raise ValueError("a key of another length")
    return Subscription(endpoint, key, auth)


def seal(text: bytes, to: Subscription, *, own: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b"") -> bytes:
    """The body of the request. `own` and `salt` are new for every message, but for the standard's own example."""
    own, salt = own or ec.generate_private_key(_CURVE), salt or os.urandom(16)
    theirs, ours = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, to.key), _point(own)
    shared = own.exchange(ec.ECDH(), theirs)
    secret = _derive(shared, to.auth, b"WebPush: info\0" + to.key + ours, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)  # the 2 says: the last record


def authorization(private: str, endpoint: str, subject: str, now: datetime) -> str:
    """The Authorization header: signed for this push service alone, and for some hours."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + VALID).timestamp()), "sub": subject}
    said = ".".join(encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    key = _load(private)
    pair = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(SHA256())))
    signature = b"".join(number.to_bytes(32, "big") for number in pair)
    return f"vapid t={said}.{encode(signature)}, k={encode(_point(key))}"


def make_key() -> str:
    key = ec.generate_private_key(_CURVE)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_key(private: str) -> str:
    """As browsers want it when they subscribe."""
    return encode(_point(_load(private)))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: Any) -> bytes:
    """Raises ValueError for what is no base64, of either alphabet."""
    plain = str(text).replace("+", "-").replace("/", "_").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def _load(private: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(private.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
