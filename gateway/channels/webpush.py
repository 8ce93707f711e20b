"""Push to a browser, without anybody's app: an address is the JSON of a browser's push subscription."""

import hashlib
import json
from collections.abc import Mapping
from email.utils import parseaddr
from urllib.parse import urlsplit

from gateway.channels import AddressEnded, Message, PermanentFailure
from gateway.clock import SystemClock
from gateway.outward import webpush
from gateway.outward.outbound import DEADLINE, check_url, post, private_hosts
from gateway.outward.webpush import Subscription
from gateway.outward.wording import Wording
from rules.texts.text import clean_text, cut, cut_bytes, one_line, safe_url

LABEL = "Push to a browser"
KEY = "VAPID_KEY"  # no setting: made at first use and kept in the database, given to us by whoever calls
ENV = (KEY, "NABAT_VAPID_SUBJECT", "NABAT_MAIL_FROM", "NABAT_PUBLIC_URL", "NABAT_ALLOW_PRIVATE_HOSTS")
NEEDS = (KEY,)
SECRET = True

WAKING = ("opened", "escalated", "assigned", "digest", "test")
VIEWS, LONGER = "entered", "silence_ends"  # something entered a view that they watch; a silence of theirs ends soon
OURS = (VIEWS, LONGER, "silence_begins", "silence_over", "reminder")  # about no incident
HEARD = ("commented", "mentioned", VIEWS, LONGER)
HARD = ("emergency", "urgent", "fast")  # what may wait for the phone to wake by itself would not come in time
STAYS = ("emergency", "urgent")  # on the screen until somebody does something about it
ENDED = (404, 410)
PAGE_LIVES, NEWS_LIVES = 15 * 60, 24 * 3600  # seconds that the push service keeps it for a browser that is off
LONGEST_ADDRESS, LONGEST_TITLE, SHORT_BODY = 4096, 200, 300


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    wrong = check(message.address, env)
    if wrong:
        raise PermanentFailure(wrong)
    to = webpush.read(message.address)
    try:
        _post(payload(message), to, message, env, deadline)
    except PermanentFailure as refusal:
        if refusal.status in ENDED:
            raise AddressEnded("this browser is no longer subscribed", status=refusal.status) from refusal
        if refusal.status != 413:
            raise
        _post(payload(message, SHORT_BODY), to, message, env, deadline)
    return urlsplit(to.endpoint).hostname or ""


def check(address: str, env: Mapping[str, str], /) -> str:
    try:
        to = webpush.read(address) if len(address) <= LONGEST_ADDRESS else None
    except (ValueError, RecursionError):
        to = None
    if to is None:
        return "this is no push subscription of a browser"
    return check_url(to.endpoint, allow_private=private_hosts(env), loopback=False)


def payload(message: Message, longest: int = webpush.LARGEST) -> bytes:
    """What our service worker reads (dashboard/static/sw.js); of the text as much as there is room for."""
    waking, word = message.kind in WAKING, Wording(message.language, "UTC").word
    said: dict[str, object] = {
        "title": cut(one_line(clean_text(message.title)), LONGEST_TITLE),
        "tag": _tag(message),
        "url": safe_url(message.url),
        "actions": _actions(message),
        "requireInteraction": waking and message.urgency in STAYS,
        "renotify": message.kind in ("escalated", *HEARD),
        "silent": not waking and message.kind not in HEARD,
        **({"open": message.tap} if message.tap else {}),
        "lang": message.language,
        "done": word("An hour longer") if message.kind == LONGER else word("Acknowledged"),
        "failed": word("Your answer did not get through. Tap to try again."),
    }
    text, room = clean_text(message.text), longest
    while True:
        body = cut_bytes(text, room) if room > 0 else ""
        made = json.dumps({**said, "body": body}, ensure_ascii=False, separators=(",", ":")).encode()
        if len(made) <= webpush.LARGEST or not body:
            return made
        room -= (len(made) - webpush.LARGEST + 1) // 2  # by halves: a quote or a line end takes the room of two


def _tag(message: Message) -> str:
    """What follows takes the place of what has the same tag."""
    if message.incident:
        return f"incident-{message.incident}"
    return message.incident_uuid if message.kind in OURS else "test"


def _actions(message: Message) -> list[dict[str, str]]:
    """Buttons, named in the reader's words. Acknowledge posts to the pocket page, so there must be one."""
    names = [name for name, href in message.links if safe_url(href)]
    links = dict(message.links)
    found = []
    if message.kind in WAKING and len(names) > 1 and links[names[0]] == message.url and "/p/" in message.url:
        found.append({"action": "acknowledge", "title": names.pop(0)})
    if message.kind == LONGER and len(names) > 1:
        found.append({"action": "extend", "title": names.pop(0)})
    return [*found, {"action": "open", "title": names[0]}] if names else found


def _post(body: bytes, to: Subscription, message: Message, env: Mapping[str, str], deadline: float) -> None:
    page = message.kind in WAKING
    hard = page and message.urgency in HARD
    topic = hashlib.sha256(f"{message.incident_uuid}:{message.incident}".encode()).digest()[:24]
    post(
        to.endpoint,
        data=webpush.seal(body, to),
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(PAGE_LIVES if page else NEWS_LIVES),
            "Urgency": "high" if hard else "normal",
            "Topic": webpush.encode(topic),  # 32 characters; of an incident only the last word is kept for later
            "Authorization": webpush.authorization(env[KEY], to.endpoint, _subject(env), SystemClock().now()),
        },
        allow_private=private_hosts(env),
        loopback=False,
        deadline=deadline,
    )


def _subject(env: Mapping[str, str]) -> str:
    """Whom a push service may ask about us: a mail address or a page, which is all it takes."""
    public, sender = env.get("NABAT_PUBLIC_URL", ""), parseaddr(env.get("NABAT_MAIL_FROM", ""))[1]
    if env.get("NABAT_VAPID_SUBJECT"):
        return env["NABAT_VAPID_SUBJECT"]
    if sender:
        return f"mailto:{sender}"
    return public if public.startswith("https://") else f"mailto:nabat@{urlsplit(public).hostname or 'localhost'}"
