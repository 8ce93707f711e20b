"""What Twilio tells us: an SMS arrived at the phone, or never will."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, request

from gateway.doors.callbacks import door
from gateway.doors.callbacks.door import Refused
from gateway.doors.ingest import problem
from gateway.flows.receipts import Receipt, Verdict
from gateway.secrets import same
from gateway.world import world

PROVIDER = "twilio"
MOST_FIELDS = 200
LONGEST_SIGNATURE = 100  # characters
# The others, queued, sending and sent, move nothing: it is on its way.
VERDICTS = {
    "delivered": Verdict.DELIVERED, "read": Verdict.DELIVERED, "undelivered": Verdict.FAILED, "failed": Verdict.FAILED,
}  # fmt: skip
REASONS = {
    "30003": "the phone is off or out of reach",
    "30004": "the message was blocked",
    "30005": "the number is unknown",
    "30006": "a landline, or a carrier that cannot be reached",
    "30007": "the carrier took it for spam",
    "30008": "the carrier does not say why",
}
NOBODY = ("30005", "30006")  # it will never arrive at this number
PORTS = {"https": 443, "http": 80}

bp = Blueprint("callback_twilio", __name__)


@bp.post("/callback/twilio")
def twilio() -> Response:
    now, settings = world().clock.now(), world().settings
    token = settings.env["NABAT_TWILIO_AUTH_TOKEN"]
    try:
        if not token:
            words = "NABAT_TWILIO_AUTH_TOKEN is not set: nothing is taken from Twilio"
            raise Refused(problem(404, words), "off")
        fields = _fields(door.body_of_request())
        query = request.query_string.decode("latin-1")
        url = f"{settings.public_url}/callback/twilio" + (f"?{query}" if query else "")
        if not signed(url, fields, request.headers.get("X-Twilio-Signature", ""), token):
            raise Refused(problem(401, "X-Twilio-Signature does not fit NABAT_PUBLIC_URL and the form"), "signature")
        door.keep(PROVIDER, read(dict(fields), request.args.get("delivery", "")), now)
    except Refused as refused:
        return door.refuse(PROVIDER, refused)
    return Response(status=204)


def signed(url: str, fields: Sequence[tuple[str, str]], signature: str, token: str) -> bool:
    """Whether it was made with our token, over the address with or without its usual port, in constant time."""
    if len(signature) > LONGEST_SIGNATURE:
        return False
    form = "".join(name + value for name, value in sorted(set(fields)))
    right = [_signature(place + form, token) for place in _spellings(url)]
    fits = [same(signature, one) for one in right]
    return any(fits)


def read(fields: Mapping[str, str], number: str) -> list[Receipt]:
    """`number` is the delivery's, as our own address for the receipt has it: Twilio may be quicker than our worker."""
    sid = fields.get("MessageSid") or fields.get("SmsSid", "")
    status = (fields.get("MessageStatus") or fields.get("SmsStatus", "")).lower()
    if status not in VERDICTS or not sid:
        return []
    code = fields.get("ErrorCode", "")
    why = f": {code} {REASONS.get(code, '')}".rstrip() if code else ""
    delivery = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    words, gone = f"Twilio: {status}{why}", code in NOBODY
    return [Receipt(PROVIDER, f"{sid}:{status}", "sms", VERDICTS[status], delivery, "", sid, words, ended=gone)]


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("utf-8", "surrogateescape")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="surrogateescape")
    except ValueError:
        raise Refused(problem(400, f"more than {MOST_FIELDS} fields"), "unreadable") from None


def _signature(text: str, token: str) -> str:
    made = hmac.new(token.encode(), text.encode("utf-8", "surrogateescape"), "sha1")
    return base64.b64encode(made.digest()).decode()


def _spellings(url: str) -> list[str]:
    """Twilio signs the address as it calls it, which may name the port that needs no naming, or may not."""
    parts = urlsplit(url)
    usual = PORTS.get(parts.scheme)
    if parts.port is None:
        return [url, parts._replace(netloc=f"{parts.netloc}:{usual}").geturl()]
    if parts.port == usual:
        return [url, parts._replace(netloc=parts.netloc.removesuffix(f":{usual}")).geturl()]
    return [url]
