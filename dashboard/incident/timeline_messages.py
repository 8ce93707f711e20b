"""The timeline's sentences about messages: sent, arrived, failed, tried again, called off."""

from collections.abc import Callable, Mapping

from dashboard import words
from dashboard.incident.timeline_lines import Event, Said
from gateway.store.types import moment
from rules.texts.text import cut, one_line


def sent(event: Event) -> Said:
    _ = event.reader.say
    rest = _("handed over to the provider in %(time)s", time=event.reader.fraction(event.detail.get("seconds")))
    if event.detail.get("ambiguous"):
        rest = _("handed over")
    icon = words.ICONS.get(str(event.detail.get("way")), "send")
    return Said(icon, "", _message(event), rest, _reference(event))


def delivered(event: Event) -> Said:
    return Said("check", "green", _message(event), event.reader.say("arrived, says the provider"))


def subscription_ended(event: Event) -> Said:
    small = event.reader.say("That browser no longer takes push; it is told again once it subscribes anew.")
    return Said("bell-off", "red", _message(event), event.reader.say("subscription ended"), (small,))


def contact_failing(event: Event) -> Said:
    small = event.reader.say("The provider says that nobody is reached there; its owner is told by another way.")
    return Said("triangle-alert", "red", _message(event), event.reader.say("the contact fails"), (small,))


def logged(event: Event) -> Said:
    rest = event.reader.say("was only written to the log: no provider is set up")
    return Said("scroll-text", "red", _message(event), rest, _error(event, "reference"))


def attempt_failed(event: Event) -> Said:
    _ = event.reader.say
    rest = _("did not get through (try %(n)s)", n=event.detail.get("attempt", 1))
    small = _error(event, "error")
    again = event.detail.get("again_at")
    if isinstance(again, int):
        small = (*small, _("Tried again %(time)s.", time=event.reader.moment(moment(again)).clock))
    return Said("triangle-alert", "red", _message(event), rest, small)


def failed(event: Event) -> Said:
    missed = "phone-missed" if event.detail.get("way") == "voice" else "triangle-alert"
    return Said(missed, "red", _message(event), event.reader.say("failed"), _error(event, "error"))


def called_off(event: Event) -> Said:
    rest = event.reader.say("was called off: somebody had answered")
    return Said("bell-off", "", _message(event), rest, _error(event, "error"))


def _message(event: Event) -> str:
    """Call to Anna."""
    way = event.reader.say(words.WAYS.get(str(event.detail.get("way")), "message"))
    name = event.detail.get("name") or event.detail.get("who") or "?"
    said = event.reader.say("%(way)s to %(name)s", way=way, name=name)
    return said[:1].upper() + said[1:]


def _reference(event: Event) -> tuple[str, ...]:
    """By which name the provider knows it."""
    found = one_line(str(event.detail.get("reference") or ""))
    return (event.reader.say("provider id: %(id)s", id=cut(found, 120)),) if found else ()


def _error(event: Event, name: str) -> tuple[str, ...]:
    text = one_line(str(event.detail.get(name) or ""))
    return (cut(text, 240),) if text else ()


def sent_again(event: Event) -> Said:
    return Said("undo-2", "", _message(event), event.reader.say("is sent again: %(who)s wants it", who=event.actor))


KINDS: Mapping[str, Callable[[Event], Said]] = {
    "sent": sent,
    "delivered": delivered,
    "subscription ended": subscription_ended,
    "contact failing": contact_failing,
    "logged": logged,
    "sent again": sent_again,
    "attempt failed": attempt_failed,
    "delivery failed": failed,
    "delivery cancelled": called_off,
}


def _marked() -> str:
    """For the catalogue only: a text that is looked up by a variable."""
    _ = str
    return _("message")
