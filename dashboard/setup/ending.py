"""What became of the test alert: each message to whoever pressed, and whether it is proven that they are reached."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.me.contacts import CHANNELS
from dashboard.reader import Reader
from dashboard.setup.ways import missing
from gateway.access import contacts
from gateway.store.db import db
from gateway.store.directory import firstrun
from gateway.store.directory.firstrun import Message, Test
from gateway.store.directory.signins import Signed
from gateway.store.tables import ContactRow


@dataclass(frozen=True, slots=True)
class Line:
    """One message, in words."""

    icon: str
    name: str
    address: str
    said: str
    look: str  # good, warn, bad, or nothing while it is under way
    hint: str
    contact: int  # where the person may say that it arrived; nothing: there is nothing that could have


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of the test alert, in words."""

    number: int
    said: str
    look: str  # good, warn, bad, or nothing
    works: bool  # a message got out, and then they answered
    asks: bool  # a message got out: did it arrive?
    over: bool  # nothing more will come
    lines: list[Line]


def ending(number: int, me: Signed, reader: Reader) -> Ending | None:
    found = firstrun.test(db.session(), number, me.person_id)
    if found is None:
        return None
    mine = {row.id: row for row in contacts.mine(me.person_id)}
    asks = found.answer is None and not found.over and any(one.accepted for one in found.messages)
    lines = [_line(one, mine.get(one.contact_id), reader, asks=asks) for one in found.messages]
    said, look, works = _said(found, me, reader)
    over = found.answer is not None or found.over
    return Ending(number, said, look, works, asks, over, lines)


def _said(found: Test, me: Signed, reader: Reader) -> tuple[str, str, bool]:
    """The sentence above all: it works only where something got out and was then answered by the one it went to."""
    say, answer = reader.say, found.answer
    if answer is not None:
        return _answered(found, me, reader)
    if found.over:
        return say("It is over, and nobody has acknowledged it. Send a new one."), "warn", False
    accepted = [one for one in found.messages if one.accepted]
    if accepted:
        first = min(one.finished_at or one.due_at for one in accepted)
        took = reader.fraction((first - found.opened_at).total_seconds())
        return say("Accepted by the provider %(time)s after the alert. Did it arrive?", time=took), "", False
    if any(one.status in ("queued", "sending") for one in found.messages):
        return say("The test alert has been accepted. Nobody has been told yet."), "", False
    return say(_nobody(found)), "bad", False


def _nobody(found: Test) -> str:
    """Why nothing is on its way to them."""
    if not found.messages:
        return "Nobody was told: no contact of yours is used. Add one in step 4, then send a new one."
    if all(one.status == "logged" for one in found.messages):
        return "Nobody was told: it is written to the log only. Set up a way in step 4, then send a new one."
    return "Nobody was told: no message got out. Mend what is said below, then send a new one."


def _answered(found: Test, me: Signed, reader: Reader) -> tuple[str, str, bool]:
    say, answer = reader.say, found.answer
    assert answer is not None
    before = [one for one in found.messages if one.accepted and one.finished_at and one.finished_at <= answer.at]
    called = answer.how == "pagerduty" and any(one.channel == "pagerduty" for one in before)
    if not before:
        words = (
            "Acknowledged, but no message had got out to you: whether you are reached is still open. Send a new one."
        )
        return say(words), "warn", False
    if answer.who != me.name and not called:
        words = "Acknowledged by %(who)s, not by you. Send a new one and answer it yourself."
        return say(words, who=answer.who), "warn", False
    took = reader.fraction((answer.at - found.opened_at).total_seconds())
    if answer.how in ("link", "pagerduty"):
        return (
            say("Acknowledged in the message itself, %(time)s after the alert: it works from end to end.", time=took),
            "good",
            True,
        )
    return say("Acknowledged %(time)s after the alert: it works from end to end.", time=took), "good", True


def _line(one: Message, row: ContactRow | None, reader: Reader, *, asks: bool) -> Line:
    icon, name, _ = CHANNELS.get(one.channel, ("send", one.channel, ""))
    said, look, hint = _state(one, reader)
    contact = one.contact_id if asks and one.accepted and row is not None else 0
    return Line(icon, reader.say(name), contacts.plain(row) if row else "", said, look, hint, contact)


def _state(one: Message, reader: Reader) -> tuple[str, str, str]:
    """How one message stands, how that looks, and what to do about it."""
    say = reader.say
    at = reader.moment(one.finished_at or one.due_at).clock
    took = reader.fraction(((one.finished_at or one.due_at) - one.created_at).total_seconds())
    if one.status == "queued" and one.attempts:
        tried = say("not accepted yet: %(why)s. The next try is at %(time)s.", why=one.error or "?", time=at)
        return tried, "warn", say(HINTS.get(one.channel, ELSE))
    if one.status == "failed":
        return say("failed: %(why)s", why=one.error or "?"), "bad", say(HINTS.get(one.channel, ELSE))
    known: Mapping[str, tuple[str, str]] = {
        "queued": ("waiting to be sent", ""),
        "sending": ("being sent", ""),
        "sent": ("accepted by the provider at %(time)s, after %(took)s", "good"),
        "delivered": ("delivered, says the provider, at %(time)s", "good"),
        "logged": ("written to the log only, because these settings are not given: %(why)s", "bad"),
        "cancelled": ("called off: it was answered before", ""),
        "bundled": ("said in a roll-up", ""),
    }
    text, look = known.get(one.status, ("%(why)s", "bad"))
    if "%" not in text:
        return say(text), look, ""
    why = ", ".join(missing().get(one.channel, ()))
    if one.status == "logged" and not why:
        return say("written to the log only: nothing was set up for it then"), look, ""
    return say(text, time=at, took=took, why=why or one.error or "?"), look, ""


ELSE = "Look at the address and at the settings of this way, then send a new test alert."
HINTS = {
    "email": "Look at NABAT_SMTP_URL, NABAT_MAIL_FROM and the address, then send a new test alert.",
    "ntfy": "Look at the topic’s address, and whether this machine reaches its server, then send a new test alert.",
    "webpush": "Switch push off and on again in this browser, then send a new test alert.",
    "sms": "Look at the number and at the settings NABAT_TWILIO_…, then send a new test alert.",
    "pagerduty": "Look at the integration key, then send a new test alert.",
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Nobody was told: it is written to the log only. Set up a way in step 4, then send a new one."),
        _("Nobody was told: no contact of yours is used. Add one in step 4, then send a new one."),
        _("Nobody was told: no message got out. Mend what is said below, then send a new one."),
        _("Acknowledged in the message itself, %(time)s after the alert: it works from end to end."),
        _("Acknowledged, but no message had got out to you: whether you are reached is still open. Send a new one."),
        _("Acknowledged by %(who)s, not by you. Send a new one and answer it yourself."),
        _("waiting to be sent"), _("being sent"), _("accepted by the provider at %(time)s, after %(took)s"),
        _("delivered, says the provider, at %(time)s"),
        _("written to the log only, because these settings are not given: %(why)s"),
        _("called off: it was answered before"), _("said in a roll-up"),
        _("Look at the address and at the settings of this way, then send a new test alert."),
        _("Look at NABAT_SMTP_URL, NABAT_MAIL_FROM and the address, then send a new test alert."),
        _("Look at the topic’s address, and whether this machine reaches its server, then send a new test alert."),
        _("Switch push off and on again in this browser, then send a new test alert."),
        _("Look at the number and at the settings NABAT_TWILIO_…, then send a new test alert."),
        _("Look at the integration key, then send a new test alert."),
    )  # fmt: skip
