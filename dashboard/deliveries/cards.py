"""Messages as their templates draw them: every word ready, no decision left."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dashboard import words
from dashboard.deliveries import queries, skipped
from dashboard.reader import Moment, Reader
from dashboard.reports.cards import CHANNELS
from dashboard.words import Badge, Told
from gateway.access.auth import Visit
from gateway.store.tables import Delivery, Entry
from gateway.store.types import moment
from rules.texts.text import cut, one_line
from rules.words import Role

KINDS = {
    "opened": "new incident",
    "escalated": "next step",
    "assigned": "assigned",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "flapping": "flapping",
    "reopened": "back again",
    "reminder": "reminder",
    "commented": "new comment",
    "mentioned": "mentioned in a note",
    "digest": "roll-up",
    "entered": "something entered a view",
    "weekly": "weekly report",
    "silence_begins": "a silence begins",
    "silence_ends": "a silence ends soon",
    "silence_over": "a silence is over",
    "status_confirm": "subscription to be confirmed",
    "status_notice": "notice of the status page",
}
PARTS = {"fallback": "another way", "news": "news", "again": "put right", "also": "another route", "primary": ""}
OPEN_ADDRESSES = ("email", "sms")  # the others are keys: whoever has one may call in our name
ICONS = {
    "queued": "clock", "sending": "send", "sent": "check", "delivered": "check-check", "failed": "triangle-alert",
    "cancelled": "x", "bundled": "layers", "logged": "scroll-text",
}  # fmt: skip
ATTEMPTS = {
    "sent": ("check", "", "handed over"),
    "delivered": ("check-check", "good", "delivered"),
    "subscription ended": ("bell-off", "bad", "that browser no longer takes push"),
    "logged": ("scroll-text", "bad", "only written to the log"),
    "attempt failed": ("triangle-alert", "bad", "did not get through"),
    "delivery failed": ("triangle-alert", "bad", "failed for good"),
    "delivery cancelled": ("x", "", "called off"),
    "sent again": ("undo-2", "", "sent again by a person"),
}
LONGEST = 600  # characters of a provider's answer


@dataclass(frozen=True, slots=True)
class Sent:
    id: int
    at: Moment
    told: Told
    icon: str  # of the result
    address: str
    number: int
    title: str
    urgency: Badge
    what: str
    channel: str
    why: str  # it was not sent, or not yet
    error: str
    bundle: int | None  # the roll-up that says it
    reference: str
    took: str
    attempts: int
    may_again: bool


def sent(message: Delivery, title: str, instead: Mapping[int, str], visit: Visit, reader: Reader) -> Sent:
    address = message.address if message.channel in OPEN_ADDRESSES else ""
    missed = message.way == "voice" and message.status == "failed"
    icon = "phone-missed" if missed else ICONS.get(message.status, "send")
    return Sent(
        id=message.id,
        at=reader.moment(message.created_at),
        told=words.told(message, reader),
        icon=icon,
        address=_masked(address) if visit.person.role is Role.VIEWER else address,
        number=message.incident_id,
        title=title,
        urgency=words.urgency(message.rank, reader),
        what=_what(message, instead, reader),
        channel=channel(message.channel, reader),
        why=skipped.why(message, reader),
        error="" if message.status in queries.SKIPPED else message.error,
        bundle=message.bundle_id if message.status == "bundled" else None,
        reference=message.provider_ref,
        took=_took(message.latency_ms, reader),
        attempts=message.attempts,
        may_again=visit.person.role is Role.ADMIN and message.status == "failed",
    )


def channel(name: str, reader: Reader) -> str:
    """As people call it."""
    return reader.say(CHANNELS[name][1]) if name in CHANNELS else reader.say("only the log") if name == "log" else name


def _what(message: Delivery, instead: Mapping[int, str], reader: Reader) -> str:
    kind = reader.say(KINDS.get(message.kind, message.kind))
    if message.id in instead:
        way = reader.say(words.WAYS.get(instead[message.id], instead[message.id]))
        return f"{kind} · " + reader.say("in place of: %(way)s", way=way)
    part = PARTS.get(message.part, "") if message.incident_id else ""
    return f"{kind} · {reader.say(part)}" if part else kind


@dataclass(frozen=True, slots=True)
class Attempt:
    at: Moment
    icon: str
    look: str
    word: str
    number: str
    took: str
    answer: str
    again: Moment | None
    who: str  # a person who had it sent again


def attempt(entry: Entry, reader: Reader) -> Attempt:
    icon, look, word = ATTEMPTS.get(entry.kind, ("send", "", entry.kind))
    detail, again = entry.detail, entry.detail.get("again_at")
    seconds = detail.get("seconds")
    answer = one_line(str(detail.get("error") or detail.get("reference") or ""))
    return Attempt(
        at=reader.moment(entry.at),
        icon=icon,
        look=look,
        word=reader.say(word),
        number=str(detail.get("attempt") or ""),
        took=reader.fraction(seconds) if isinstance(seconds, int | float) else "",
        answer=cut(answer, LONGEST),
        again=reader.moment(moment(again)) if isinstance(again, int) else None,
        who=entry.actor if entry.kind == "sent again" else "",
    )


def _took(milliseconds: int | None, reader: Reader) -> str:
    """Tenths of a second while they matter."""
    if milliseconds is None:
        return ""
    long = milliseconds >= 60_000
    return reader.duration(timedelta(milliseconds=milliseconds)) if long else reader.fraction(milliseconds / 1000)


def _masked(address: str) -> str:
    """Enough to recognise, too little to use: +7…02, a…@example.org."""
    if "@" in address:
        return re.sub(r"(?<=^.)[^@]*(?=@)", "…", address)
    return f"{address[:2]}…{address[-2:]}" if len(address) > 4 else ""


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("new incident"), _("next step"), _("assigned"), _("acknowledged"), _("resolved"), _("another way"), _("news"),
        _("put right"), _("another route"), _("flapping"), _("back again"), _("reminder"), _("roll-up"),
        _("new comment"), _("mentioned in a note"), _("something entered a view"), _("weekly report"),
        _("a silence begins"), _("a silence ends soon"), _("a silence is over"), _("subscription to be confirmed"),
        _("notice of the status page"),
        _("handed over"), _("delivered"), _("that browser no longer takes push"), _("only written to the log"),
        _("did not get through"), _("failed for good"), _("called off"), _("sent again by a person"),
    )  # fmt: skip
