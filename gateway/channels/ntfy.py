"""ntfy: push to a phone without anybody's cloud in between. An address is https://host/topic."""

import re
from collections.abc import Mapping

from gateway.channels import Message
from gateway.outward.outbound import DEADLINE, check_url, post, private_hosts
from rules.texts.text import cut, cut_bytes, safe_url

LABEL = "ntfy push"
ENV = ("NABAT_ALLOW_PRIVATE_HOSTS",)
NEEDS: tuple[str, ...] = ()
SECRET = False

PRIORITIES = {"emergency": 5, "urgent": 4, "fast": 3, "ordinary": 2}
EMOJI = {"emergency": "🚨", "urgent": "🔴", "fast": "🟠", "ordinary": "🔵"}
NEWS = {"acknowledged": "👀", "resolved": "✅", "flapping": "〰️", "reopened": "🔁", "reminder": "⏳", "commented": "💬",
        "mentioned": "💬"}  # fmt: skip
MARKS = {"digest": "📋", "entered": "🔎"} | dict.fromkeys(("silence_begins", "silence_ends", "silence_over"), "🔕")
QUIET = 2  # news wake nobody
LONGEST_MESSAGE = 4000  # bytes; ntfy turns more than 4096 into an attached file
MOST_ACTIONS = 3


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    base, _, topic = message.address.rstrip("/").rpartition("/")
    emoji = MARKS.get(message.kind) or NEWS.get(message.kind) or EMOJI.get(message.urgency, "🔵")
    body: dict[str, object] = {
        "topic": topic,
        "title": cut(f"{emoji} {message.title}", 200),
        "message": cut_bytes(message.text, LONGEST_MESSAGE) or message.title,
        "priority": QUIET if message.kind in NEWS else PRIORITIES.get(message.urgency, 3),
        "tags": [message.urgency, message.kind],
    }
    if safe_url(message.url):
        body["click"] = message.url
        body["actions"] = [
            {"action": "view", "label": label, "url": href} for label, href in message.links if safe_url(href)
        ][:MOST_ACTIONS]
    answer = post(base + "/", json=body, allow_private=private_hosts(env), loopback=False, deadline=deadline)
    return str(answer.said().get("id", ""))


def check(address: str, env: Mapping[str, str], /) -> str:
    wrong = check_url(address, allow_private=private_hosts(env), loopback=False)
    topic = address.rstrip("/").rpartition("/")[2]
    if wrong or re.fullmatch(r"https?://[^/]+/(.+/)?[-_0-9A-Za-z]{1,64}/?", address):
        return wrong
    return f"“{cut(topic, 40)}” is no topic: https://host/topic is wanted, of letters, digits, - and _"
