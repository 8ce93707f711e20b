"""A push service and its browsers on loopback: refuses what real ones refuse, and reads what only the browser can read.

It opens what it is sent by the standard's own words (RFC 8188, 8291, 8292), with no code of ours.
"""

import base64
import json
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.clock import SystemClock
from tests.fakes.http import FakeServer, reply

LARGEST = 4096
URGENCIES = ("very-low", "low", "normal", "high")


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class FakeBrowser:
    """What a browser keeps to itself, and the subscription that it gives away."""

    def __init__(self, endpoint, key=None, auth=None):
        self.endpoint = endpoint
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.auth = auth or os.urandom(16)

    @property
    def point(self):
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, **more):
        keys = {"p256dh": encode(self.point), "auth": encode(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys, **more})

    def read(self, body):
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = self._derive(self.auth, shared, b"WebPush: info\x00" + self.point + sender, 32)
        key = self._derive(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = self._derive(salt, secret, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert padded[-1:] == b"\x02"
        return padded[:-1]

    @staticmethod
    def _derive(salt, secret, info, length):
        return HKDF(SHA256(), length, salt, info).derive(secret)


class FakePush(FakeServer):
    def __init__(self, **options):
        super().__init__(self._judge, **options)
        self.browsers = {}
        self.messages = []  # (headers, what the browser read)
        self.senders = set()  # public keys that signed

    def browser(self):
        path = f"/push/{len(self.browsers)}"
        self.browsers[path] = FakeBrowser(self.url + path)
        return self.browsers[path]

    def _judge(self, asked):
        browser = self.browsers.get(asked.path)
        if browser is None:
            return reply(410, {"reason": "unsubscribed"})
        headers = {name.lower(): value for name, value in asked.headers.items()}
        if len(asked.body) > LARGEST:
            return reply(413)
        wrong = _wrong(headers) or self._stranger(headers.get("authorization", ""))
        if wrong:
            return reply(400, {"reason": wrong})
        self.messages.append((headers, json.loads(browser.read(asked.body))))
        return reply(201, b"", {"Location": f"{self.url}/m/{len(self.messages)}"})

    def _stranger(self, authorization):
        """What is wrong with the proof who the sender is."""
        scheme, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        head, claims, signature = parts["t"].split(".")
        raw, said = decode(signature), json.loads(decode(claims))
        pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
        try:
            key.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature:
            return "signature"
        self.senders.add(parts["k"])
        if scheme != "vapid" or json.loads(decode(head)) != {"typ": "JWT", "alg": "ES256"} or len(raw) != 64:
            return "scheme"
        if said["aud"] != self.url or not 0 < said["exp"] - SystemClock().now().timestamp() < 86_400:
            return "claims"
        return "" if said["sub"].startswith(("mailto:", "https://")) else "subject"


def _wrong(headers):
    if headers.get("content-encoding") != "aes128gcm" or not headers.get("ttl", "").isdigit():
        return "encoding or TTL"
    topic = headers.get("topic", "")
    if len(topic) > 32 or not set(topic) <= set("-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        return "topic"
    return "" if headers.get("urgency", "normal") in URGENCIES else "urgency"
