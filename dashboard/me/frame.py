"""The frame of a person's own pages: their tabs, and what was just done, as a sentence."""

from dataclasses import dataclass

from flask import Response, request, url_for

from dashboard.page import Values, draw, reader_of
from dashboard.reader import Reader
from gateway.access.auth import Visit

SAID = {  # what stands in the address after something was done
    "kept": "Saved.",
    "added": "Added. It is used once it is confirmed.",
    "code": "A code is on its way. Type it in below.",
    "called": "A test call is on its way. Say below whether it rang.",
    "confirmed": "Confirmed. You are told there from now on.",
    "silent": "Then it is not used. Look at the key, or try another way.",
    "sent": "Sent. It should be there by now.",
    "logged": "Written to the log instead: no provider is set up for it, so nobody would be reached.",
    "seen": "Good: it arrived.",
    "removed": "Removed: nothing goes there any more.",
    "ended": "Signed out there.",
    "revoked": "Revoked: it opens nothing any more.",
}
WRONG = {
    "no provider": "No code can be sent: its provider is not set up. An administrator can confirm the contact instead.",
    "too many": "That was the fifth within an hour. Wait a little.",
    "wrong": "This is not the code that was sent.",
    "over": "This code does not count any more. Have a new one sent.",
    "failed": "Not sent: %(why)s",
    "nothing sent": "Nothing was sent there that could have arrived. Press Test first.",
}


@dataclass(frozen=True, slots=True)
class Tab:
    word: str
    url: str
    current: bool


def page(visit: Visit, name: str, values: Values, code: int = 200, wrong: str = "") -> Response:
    reader = reader_of(visit)
    said = SAID.get(request.args.get("said", ""), "")
    shown: dict[str, object] = {"page": "me", "tabs": tabs(visit, name, reader), "wrong": wrong, **values}
    shown["said"] = reader.say(said) if said and not wrong else ""
    return draw(visit, f"pages/me_{name}.html", shown, code)


def tabs(visit: Visit, name: str, reader: Reader) -> list[Tab]:
    _ = reader.say
    known = [("account", "me", _("Account"))]
    if visit.may_act:  # a viewer is never told
        known += [
            ("contact", "my_contacts", _("Contacts")),
            ("notifications", "my_notifications", _("Notifications")),
            ("phone", "my_phone", _("Phone and push")),
        ]
    known += [("appearance", "my_appearance", _("Appearance")), ("sessions", "my_sessions", _("Sign-ins"))]
    known += [("jobs", "my_jobs", _("Your jobs")), ("tokens", "my_tokens", _("API tokens"))]
    return [Tab(word, url_for(f"dashboard.{endpoint}"), key == name) for key, endpoint, word in known]


def words_of(word: str, words: str, reader: Reader) -> str:
    text = WRONG.get(word, "")
    return reader.say(text, why=words) if "%" in text else reader.say(text) if text else ""


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Saved."), _("Added. It is used once it is confirmed."), _("A code is on its way. Type it in below."),
        _("A test call is on its way. Say below whether it rang."), _("Confirmed. You are told there from now on."),
        _("Then it is not used. Look at the key, or try another way."), _("Sent. It should be there by now."),
        _("Written to the log instead: no provider is set up for it, so nobody would be reached."),
        _("Good: it arrived."), _("Removed: nothing goes there any more."), _("Signed out there."),
        _("No code can be sent: its provider is not set up. An administrator can confirm the contact instead."),
        _("That was the fifth within an hour. Wait a little."), _("This is not the code that was sent."),
        _("This code does not count any more. Have a new one sent."), _("Not sent: %(why)s"),
        _("Nothing was sent there that could have arrived. Press Test first."),
    )  # fmt: skip
