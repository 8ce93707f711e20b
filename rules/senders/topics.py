"""What a topic of Amazon's notification service (SNS) asks about its subscription, and whether that may be done. Pure.

The answer is a visit to an address, so nothing of that address is taken over: its host must be the service's own in the
topic's region, and the rest is put together anew from what was signed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

CONFIRM, UNSUBSCRIBED = "SubscriptionConfirmation", "UnsubscribeConfirmation"
SIGNED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")  # in this order
FIELDS = (*SIGNED, "Signature", "SignatureVersion", "SigningCertURL")
HASHES = {"1": "sha1", "2": "sha256"}
GOOD_FOR = timedelta(days=2)  # so long the service takes the token of a confirmation
_REGION = r"([a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2})"
_TOPIC = re.compile(rf"arn:(aws(?:-[a-z]+)*):sns:{_REGION}:([0-9]{{12}}):([A-Za-z0-9_-]{{1,256}}(?:\.fifo)?)", re.ASCII)
_PLACE = re.compile(rf"https://(sns\.{_REGION}\.amazonaws\.com(?:\.cn)?)(/.*)", re.ASCII)
_CERTIFICATE = re.compile(r"/[A-Za-z0-9_.-]{1,200}\.pem", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9]{16,2000}", re.ASCII)


class State(StrEnum):
    WAITING = "waiting"  # a worker asks the service
    CONFIRMED = "confirmed"
    REFUSED = "refused"  # by us: the doubt says why
    FAILED = "failed"  # by the service, or it was not reached in time
    ENDED = "ended"  # the service says that nothing more will come


class Doubt(StrEnum):
    TOPIC = "topic"  # its name is none of a topic
    ACCOUNT = "account"  # the source belongs to another account
    PLACE = "place"  # an address leads elsewhere
    SIGNATURE = "signature"  # it does not fit
    CERTIFICATE = "certificate"  # it is not valid, or none of the kind that signs


@dataclass(frozen=True, slots=True)
class Asking:
    """One request about a subscription: its fields by their exact names, each a text."""

    fields: Mapping[str, str]

    @property
    def topic(self) -> str:
        return self.fields.get("TopicArn", "")

    @property
    def ended(self) -> bool:
        return self.fields.get("Type") == UNSUBSCRIBED


def account_of(topic: str) -> str:
    """The account that a topic is of; empty: this is no name of a topic."""
    match = _TOPIC.fullmatch(topic)
    return match[3] if match else ""


def doubt(fields: Mapping[str, str], account: str) -> Doubt | None:
    """Whether it may be asked about at all. `account`: the one that the source belongs to; empty: none yet."""
    topic = _TOPIC.fullmatch(fields.get("TopicArn", ""))
    if topic is None:
        return Doubt.TOPIC
    if account not in ("", topic[3]):
        return Doubt.ACCOUNT
    places = [_PLACE.fullmatch(fields.get(name, "")) for name in ("SubscribeURL", "SigningCertURL")]
    if not all(place and place[2] == topic[2] for place in places):
        return Doubt.PLACE
    certificate = places[1]
    sound = certificate and _CERTIFICATE.fullmatch(certificate[3]) and _TOKEN.fullmatch(fields.get("Token", ""))
    if not sound:
        return Doubt.PLACE
    return None if fields.get("SignatureVersion") in HASHES else Doubt.SIGNATURE


def signed_text(fields: Mapping[str, str]) -> bytes:
    """What the service signs: names and values, a line each."""
    return "".join(f"{name}\n{fields.get(name, '')}\n" for name in SIGNED).encode("utf-8", "surrogatepass")


def visit(fields: Mapping[str, str]) -> str:
    """The address that confirms the subscription. Only of fields without a doubt."""
    place = _PLACE.fullmatch(fields["SubscribeURL"])
    assert place is not None
    return f"https://{place[1]}/?Action=ConfirmSubscription&TopicArn={fields['TopicArn']}&Token={fields['Token']}"
