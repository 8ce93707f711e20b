"""Secrets that are recognised wherever they turn up: one for each secret setting, contact and token."""

import base64
import json
import re
from urllib.parse import quote, unquote_plus

from tests.fakes.http import FakeServer, reply

# Long enough to be taken for the real thing, and unlike anything else.
SETTINGS = {
    "NABAT_SECRET_KEY": "canary0secret0key0canary0secret0key0canary",
    "NABAT_SENDGRID_API_KEY": "SG.canary0sendgrid0key",
    "NABAT_PAGERDUTY_API_KEY": "canary0pagerduty0api0key",
    "NABAT_PAGERDUTY_WEBHOOK_SECRET": "canary0pagerduty0webhook0secret",
    "NABAT_TWILIO_AUTH_TOKEN": "canary0twilio0token",
    "NABAT_METRICS_TOKEN": "canary0metrics0token",
}
PASSWORDS = {  # settings of which a part is the secret
    "NABAT_SMTP_URL": ("smtp://mailer:{secret}@{host}?starttls=0", "canary0smtp0password"),
    "NABAT_DATABASE_URL": ("postgresql://nabat:{secret}@{host}/nabat", "canary0database0password"),
    "NABAT_DEADMAN_URL": ("{url}/{secret}", "canary0deadman0path"),
}
ROUTING_KEY = "canary0pagerduty0routing0key0x32"
TOPIC = "canary-push-endpoint-path"


class Talkative(FakeServer):
    """A provider that refuses, and says back whatever it was told: the key, the headers, the text."""

    def __init__(self, status=400):
        self.body_first = False  # what is quoted of it is cut off somewhere
        super().__init__(lambda asked: reply(status, body=self.everything(asked)))

    def everything(self, asked):
        scheme, _, rest = asked.headers.get("Authorization", "").partition(" ")
        plain = base64.b64decode(rest).decode(errors="replace") if scheme == "Basic" else ""
        body = asked.body.decode(errors="replace")
        said = f"{plain} {asked.headers} {asked.path} {body}"
        said = f"{unquote_plus(body)} {said}" if self.body_first else said
        return {
            "status": "invalid event", "message": said, "errors": [said, {"message": said}], "code": 21211,
            "error": said, "detail": said,
        }  # fmt: skip


def writings(secret):
    """How a secret may be written: as it is, in an address, in base64 at each of the three places it may begin."""
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for before in ("", "x", "xx"):
        whole = base64.b64encode((before + secret).encode()).decode()
        yield whole[4 if before else 0 : len(whole) - 4]


def found_in(text, secrets):
    """The names of the secrets that stand in it, in any writing."""
    return sorted({name for name, secret in secrets.items() for one in writings(secret) if one and one in text})


def around(text, secrets):
    """What stands before and after each, for the message of a failing test."""
    written = [one for secret in secrets.values() for one in writings(secret) if one]
    places = [re.search(rf".{{0,80}}{re.escape(one)}.{{0,80}}", text) for one in written]
    return [place[0] for place in places if place]
