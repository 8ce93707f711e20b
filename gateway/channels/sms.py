"""SMS through Twilio's Messages API. An address is a phone number: +79990000001."""

import re
from collections.abc import Mapping

from gateway.channels import AddressEnded, Message, PermanentFailure, TemporaryFailure
from gateway.outward.outbound import DEADLINE, Answer, ask, judge, private_hosts
from rules.texts.text import clean_text, cut, one_line

LABEL = "SMS"
ENV = (
    "NABAT_TWILIO_ACCOUNT_SID",
    "NABAT_TWILIO_AUTH_TOKEN",
    "NABAT_TWILIO_FROM",
    "NABAT_TWILIO_URL",
    "NABAT_PUBLIC_URL",
    "NABAT_ALLOW_PRIVATE_HOSTS",
)
NEEDS = ("NABAT_TWILIO_ACCOUNT_SID", "NABAT_TWILIO_AUTH_TOKEN", "NABAT_TWILIO_FROM")
SECRET = False

REAL = "https://api.twilio.com"
MOST_SEGMENTS = 3  # Twilio takes 1600 characters; a person at night does not, and each segment is paid for
GOOD_NEWS = ("acknowledged", "resolved")  # nothing to press: no link that costs a segment
VALID = 1800  # seconds that the phone network may try
LATER = (20429, 21611)  # too many at once, the sender's queue is full: refusals that pass
NOBODY = (21211, 21217, 21610, 21614)  # no number, none that takes an SMS, or one that wants none of us
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")  # each takes two places
_PLAINER = str.maketrans({"—": "-", "–": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "})  # noqa: RUF001


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    account, sender = env["NABAT_TWILIO_ACCOUNT_SID"], env["NABAT_TWILIO_FROM"]
    base = (env.get("NABAT_TWILIO_URL") or REAL).rstrip("/")
    form = {
        "To": message.address,
        "MessagingServiceSid" if sender.startswith("MG") else "From": sender,
        "Body": body(message),
        "ValidityPeriod": str(VALID),
    }
    public = env.get("NABAT_PUBLIC_URL", "").rstrip("/")
    if public.startswith("https://"):
        form["StatusCallback"] = f"{public}/callback/twilio?delivery={message.delivery}"
    answer = ask(
        f"{base}/2010-04-01/Accounts/{account}/Messages.json",
        data=form,
        auth=(account, env["NABAT_TWILIO_AUTH_TOKEN"]),
        headers={"I-Twilio-Idempotency-Token": f"nabat-{message.delivery}"},
        allow_private=private_hosts(env),
        deadline=deadline,
    )
    return _reference(answer)


def check(address: str, _env: Mapping[str, str], /) -> str:
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", address, re.ASCII):
        return ""
    return "a number begins with + and the country, then only digits: +79990000001"


def body(message: Message) -> str:
    """What the phone shows."""
    text = f"{message.title}\n{message.text}"
    return fit(text, message.url if message.kind not in GOOD_NEWS or message.url in text else "")


def segments(text: str) -> tuple[str, int]:
    """How the phone network would send this text: "GSM-7" or "UCS-2", and in how many parts."""
    if all(character in GSM or character in GSM_EXTENSION for character in text):
        return "GSM-7", _parts([2 if character in GSM_EXTENSION else 1 for character in text], 160, 153)
    return "UCS-2", _parts([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def fit(text: str, link: str = "") -> str:
    """The text cut to what is always accepted, its link kept whole at the end."""
    text = clean_text(text).strip()
    link = link if link and segments(link)[1] <= MOST_SEGMENTS else ""
    text = text.removesuffix(link).rstrip() if link else text
    plainer = text.translate(_PLAINER)
    if segments(plainer)[0] == "GSM-7":  # twice the room for nothing lost
        text = plainer
    shortest, longest = 0, min(len(text), MOST_SEGMENTS * 153)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if segments(_with(text, middle, link))[1] <= MOST_SEGMENTS:
            shortest = middle
        else:
            longest = middle - 1
    return _with(text, shortest, link)


def _with(text: str, limit: int, link: str) -> str:
    mark = "..." if segments(text)[0] == "GSM-7" else "…"
    return f"{cut(text, limit, mark)}\n{link}".strip()


def _parts(sizes: list[int], alone: int, each: int) -> int:
    """Parts of `each` places, unless all fits into one of `alone`. No character is torn apart."""
    if sum(sizes) <= alone:
        return 1
    count, room = 1, each
    for size in sizes:
        if size > room:
            count, room = count + 1, each
        room -= size
    return count


def _reference(answer: Answer) -> str:
    if not 400 <= answer.status < 500 or answer.status in (408, 429):
        return str(judge(answer).said().get("sid", ""))
    said = answer.said()
    if "code" not in said:
        judge(answer)
    reason = cut(one_line(clean_text(f"Twilio {said.get('code')}: {said.get('message', '')}")), 200)
    if said.get("code") in LATER:
        raise TemporaryFailure(reason)
    if said.get("code") in NOBODY:
        raise AddressEnded(reason, status=answer.status)
    raise PermanentFailure(reason, status=answer.status)
