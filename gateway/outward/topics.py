"""Asking Amazon's notification service: its certificates, whether one signed what came, and a visit that confirms."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from gateway.outward.outbound import How, ask, judge
from rules.senders.topics import HASHES, Doubt, signed_text

if TYPE_CHECKING:  # a megabyte that only a house with such topics needs
    from cryptography import x509

ROOM = 32 * 1024  # bytes of an answer
HELD = 20  # certificates: one a region, for months
LEAST_BITS = 2048
_HASHES = {"sha1": SHA1, "sha256": SHA256}


class Doubtful(Exception):
    """It is not to be done, now or ever."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt


def get(url: str) -> bytes:
    """What stands there. Raises TemporaryFailure, PermanentFailure."""
    return judge(ask(url, how=How("GET", ROOM), loopback=False), quote=False).body


@dataclass(slots=True)
class Service:
    """The service as a worker knows it; `get` reads an address."""

    get: Callable[[str], bytes] = get
    held: "dict[str, x509.Certificate]" = field(default_factory=dict)

    def certificate(self, url: str) -> "x509.Certificate":
        """Raises Doubtful, and the two failures."""
        from cryptography import x509  # noqa: PLC0415 - see above

        known = self.held.get(url)
        if known is None:
            try:
                known = x509.load_pem_x509_certificate(self.get(url))
            except ValueError:
                raise Doubtful(Doubt.CERTIFICATE) from None
            if len(self.held) >= HELD:
                self.held.clear()
            self.held[url] = known
        return known

    def check(self, fields: Mapping[str, str], now: datetime) -> None:
        """Whether the service signed it. Raises Doubtful, and the two failures."""
        certificate = self.certificate(fields["SigningCertURL"])
        key = certificate.public_key()
        valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        if not valid or not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
            raise Doubtful(Doubt.CERTIFICATE)
        how = _HASHES[HASHES[fields["SignatureVersion"]]]()  # SHA-1 as long as topics sign with it by default
        try:
            given = base64.b64decode(fields.get("Signature", ""), validate=True)
            key.verify(given, signed_text(fields), padding.PKCS1v15(), how)
        except (InvalidSignature, ValueError):
            raise Doubtful(Doubt.SIGNATURE) from None
