"""What SendGrid tells us: an e-mail arrived, or bounced, or was never sent on."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from flask import Blueprint, Response, request

from gateway import log
from gateway.doors.callbacks import door
from gateway.doors.callbacks.door import Refused
from gateway.doors.ingest import problem
from gateway.flows.receipts import Receipt, Verdict
from gateway.loader import BadJson, load
from gateway.world import world

PROVIDER = "sendgrid"
HEADER = "X-Twilio-Email-Event-Webhook-"
# SendGrid tries for 24 hours to be rid of an event, so the usual five minutes would lose what was told while we were
# away. An old request played to us again does nothing: every event is heard once, and no delivery is moved back.
OLDEST, EARLIEST = timedelta(hours=25), timedelta(minutes=5)
LONGEST_SIGNATURE = 200  # characters
VERDICTS = {"delivered": Verdict.DELIVERED, "bounce": Verdict.FAILED, "dropped": Verdict.FAILED}
SUPPRESSED = ("Bounced Address", "Invalid", "Unsubscribed Address", "Spam Reporting Address")  # why one was dropped
# The others move nothing: processed and deferred are on their way, and a scanner opens and clicks as people do.

bp = Blueprint("callback_sendgrid", __name__)


@bp.post("/callback/sendgrid")
def sendgrid() -> Response:
    now = world().clock.now()
    try:
        key = _key(world().settings.env["NABAT_SENDGRID_WEBHOOK_KEY"])
        body = door.body_of_request()
        stamp = request.headers.get(f"{HEADER}Timestamp", "")
        if not signed(body, stamp, request.headers.get(f"{HEADER}Signature", ""), key, now):
            raise Refused(problem(401, "the signature does not fit the body, or is too old"), "signature")
        results = door.keep(PROVIDER, read(_loaded(body)), now)
    except Refused as refused:
        return door.refuse(PROVIDER, refused)
    return Response('{"result":"taken"}' if results else '{"result":"ignored"}', 202, mimetype="application/json")


def signed(body: bytes, stamp: str, signature: str, key: ec.EllipticCurvePublicKey, now: datetime) -> bool:
    if not re.fullmatch(r"[0-9]{1,12}", stamp, re.ASCII) or len(signature) > LONGEST_SIGNATURE:
        return False
    if not -OLDEST.total_seconds() <= int(stamp) - now.timestamp() <= EARLIEST.total_seconds():
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), stamp.encode() + body, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def read(body: Any) -> list[Receipt]:
    """The events that decide something about mail of ours. Of what is missing or of another type, nothing."""
    events = body if isinstance(body, list) else []
    found = [_receipt(event) for event in events if isinstance(event, dict)]
    return [receipt for receipt in found if receipt is not None]


def _receipt(event: Mapping[str, Any]) -> Receipt | None:
    kind, number = _text(event, "event"), _text(event, "nabat_delivery")
    if kind not in VERDICTS or not re.fullmatch(r"[1-9][0-9]{0,17}", number, re.ASCII):
        return None
    why = " ".join(part for part in (_text(event, "type"), _text(event, "status"), _text(event, "reason")) if part)
    message = _text(event, "sg_message_id").partition(".")[0]  # what follows is where in SendGrid it was
    return Receipt(
        PROVIDER,
        _text(event, "sg_event_id") or f"{kind}:{message}",
        "email",
        VERDICTS[kind],
        int(number),
        _text(event, "nabat_incident") or "not named",
        f"{PROVIDER}:{message}",
        f"SendGrid: {'bounced' if kind == 'bounce' else kind}: {why}",
        ended=_is_nobody(kind, event),
    )


def _is_nobody(kind: str, event: Mapping[str, Any]) -> bool:
    """It came back for good; or SendGrid sends nothing there any more, after one that did, or after a complaint."""
    if kind == "dropped":
        return _text(event, "reason") in SUPPRESSED
    return kind == "bounce" and _text(event, "type") != "blocked" and _text(event, "status")[:3] in ("", "5.1")


def _key(text: str) -> ec.EllipticCurvePublicKey:
    """As SendGrid shows it, in base64, or as a PEM file. Raises Refused."""
    if not text:
        words = "NABAT_SENDGRID_WEBHOOK_KEY is not set: nothing is taken from SendGrid"
        raise Refused(problem(404, words), "off")
    try:
        key = load_der_public_key(base64.b64decode(re.sub(r"-----[^-]*-----|\s", "", text), validate=True))
    except (ValueError, TypeError):
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key
    log.warning("callback_key_unusable", setting="NABAT_SENDGRID_WEBHOOK_KEY")
    raise Refused(problem(503, "NABAT_SENDGRID_WEBHOOK_KEY is no public key", headers=(("Retry-After", "300"),)), "key")


def _loaded(body: bytes) -> Any:
    try:
        return load(body)
    except BadJson as wrong:
        raise Refused(problem(400, str(wrong)), "unreadable") from None


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
