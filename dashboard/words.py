"""The glossary as people read it: urgencies, states, ways and results, each with its icon."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.reader import Reader
from gateway.store.tables import Delivery
from rules.words import Role, Status, Urgency

# Texts are marked here and translated where they are shown.
URGENCIES = {0: "Emergency", 1: "Urgent", 2: "Fast", 3: "Ordinary"}
BY_VALUE = {one.value: URGENCIES[one.rank] for one in Urgency}
WAYS = {"voice": "call", "sms": "SMS", "push": "push", "email": "e-mail"}
ICONS = {"voice": "phone-call", "sms": "message-square", "push": "smartphone", "email": "mail"}
RESULTS = {
    "queued": "waiting to be sent",
    "sending": "being sent",
    "sent": "handed over",
    "delivered": "delivered",
    "failed": "failed",
    "cancelled": "called off",
    "bundled": "said in a roll-up",
    "logged": "not sent: no provider is set up",
}
SHORT_RESULTS = {**RESULTS, "queued": "waiting", "sent": "sent", "logged": "not sent, only logged"}
ROLES = {
    Role.VIEWER: "viewer",
    Role.RESPONDER: "responder",
    Role.DISPATCHER: "dispatcher",
    Role.ADMIN: "administrator",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with its shape; `look` is the name of a CSS class."""

    look: str
    icon: str
    word: str


def urgency(rank: int, reader: Reader) -> Badge:
    return Badge(f"u{rank + 1}", f"u{rank + 1}", reader.say(URGENCIES[rank]))


def urgencies(reader: Reader) -> list[tuple[str, str]]:
    """All four with their words in addresses, for a choice."""
    return [(one.value, reader.say(URGENCIES[one.rank])) for one in Urgency]


_STATUSES = {
    Status.TRIGGERED: ("open", "bell-ring", "Open"),
    Status.ACKNOWLEDGED: ("ack", "check", "Acknowledged"),
    Status.RESOLVED: ("ok", "check-check", "Resolved"),
}


def status(value: str, reader: Reader, *, snoozed: bool = False, hidden: bool = False) -> Badge:
    """`hidden`: it sleeps because something keeps it quiet, not because somebody snoozed it."""
    look, icon, word = ("snoozed", "clock", "Snoozed") if snoozed else _STATUSES[Status(value)]
    look, icon, word = ("snoozed", "bell-off", "Suppressed") if hidden else (look, icon, word)
    return Badge(look, icon, reader.say(word))


@dataclass(frozen=True, slots=True)
class Told:
    """One message as the pages show it."""

    icon: str
    way: str
    name: str
    result: str
    look: str  # bad, good, or nothing


@dataclass(frozen=True, slots=True)
class Sent:
    """As much of a message as a list shows."""

    way: str
    status: str
    name: str
    created_at: datetime
    finished_at: datetime | None


def told(message: Delivery | Sent, reader: Reader, *, short: bool = False) -> Told:
    """Who, by which way, and how it went; a failure is never said in grey."""
    results = SHORT_RESULTS if short else RESULTS
    result = reader.say(results.get(message.status, message.status))
    at = message.finished_at or message.created_at
    if message.status not in ("queued", "sending", "logged"):
        result = f"{result} {reader.clock(at, short=short)}"
    look = {"failed": "bad", "logged": "bad", "delivered": "good"}.get(message.status, "")
    failed_call = message.way == "voice" and message.status == "failed"
    icon = "phone-missed" if failed_call else ICONS.get(message.way, "send")
    return Told(icon, reader.say(WAYS.get(message.way, message.way)), message.name, result, look)


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Emergency"), _("Urgent"), _("Fast"), _("Ordinary"), _("call"), _("SMS"), _("push"), _("e-mail"),
        _("waiting to be sent"), _("being sent"), _("handed over"), _("delivered"), _("failed"), _("called off"),
        _("said in a roll-up"),
        _("not sent: no provider is set up"), _("waiting"), _("sent"), _("not sent, only logged"),
        _("Open"), _("Acknowledged"), _("Resolved"), _("Snoozed"), _("Suppressed"),
        _("viewer"), _("responder"), _("dispatcher"), _("administrator"),
    )  # fmt: skip
