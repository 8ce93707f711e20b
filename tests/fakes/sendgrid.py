"""SendGrid on loopback: takes mail as the real one does, and signs what it tells us afterwards."""

import base64
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.fakes.http import FakeServer, reply

KEY = "SG.a-key-of-the-tests"
RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip


class FakeSendGrid(FakeServer):
    def __init__(self, **options):
        super().__init__(self._judge, **options)

    @property
    def mails(self):
        return [asked.json() for asked in self.requests]

    def _judge(self, asked):
        if asked.path != "/v3/mail/send":
            return _refusal(404, "not found")
        if asked.headers.get("Authorization") != f"Bearer {KEY}":
            return _refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        wrong = _wrong(asked.json())
        if wrong:
            return _refusal(400, wrong)
        return reply(202, b"", {"X-Message-Id": f"message{len(self.requests)}"})


def _refusal(status, message):
    return reply(status, {"errors": [{"message": message, "field": None, "help": None}]})


def _wrong(mail):
    if not mail["subject"] or not all(part["value"] for part in mail["content"]):
        return "The subject and every content value must be a string at least one character in length."
    if [part["type"] for part in mail["content"]] not in (["text/plain"], ["text/plain", "text/html"]):
        return "If present, text/plain and text/html may only be provided once, in this order."
    if RESERVED & {name.lower() for name in mail["headers"]}:
        return "You cannot use reserved headers."
    if any("\r" in value or "\n" in value for value in mail["headers"].values()):
        return "Header values must not contain line breaks."
    if not all(isinstance(value, str) for value in mail["custom_args"].values()):
        return "Custom arg values must be strings."
    return ""


class Signer:
    """Signs receipts with a key of its own, as the Event Webhook does."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        encoded = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public = base64.b64encode(encoded).decode()

    def headers(self, body, timestamp):
        signature = base64.b64encode(self._key.sign(str(timestamp).encode() + body, ec.ECDSA(SHA256()))).decode()
        return {
            "X-Twilio-Email-Event-Webhook-Signature": signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": str(timestamp),
            "Content-Type": "application/json",
        }


def events(*told):
    """The body of a callback: a list on several lines, with the line end that counts for the signature too."""
    return ("[" + ",\r\n".join(json.dumps(one, ensure_ascii=False) for one in told) + "]\r\n").encode()
