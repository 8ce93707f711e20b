"""Readers of the people file's keys about how somebody is reached: contacts, notification rules, quiet hours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.duty.personal import read_quiet, read_wishes, write_quiet
from rules.reading.places import Place, given
from rules.words import Urgency

VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")  # $${NAME} is the text ${NAME}
Check = Callable[[str, str], str]  # (channel, address) → what is wrong, or nothing
Notify = tuple[tuple[Urgency, tuple[str, ...]], ...]
EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\.]+(?:\.[^\s@<>()\[\],;:\"\\.]+)*")
ADDRESSES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "email": (EMAIL, "is not an e-mail address"),
    "sms": (re.compile(r"\+[1-9][0-9]{6,14}"), "is not a telephone number; write it like +442079460000"),
    "ntfy": (re.compile(r"https?://[^\s/]+/\S+"), "is not the address of an ntfy topic (https://host/topic)"),
    "webpush": (re.compile(r".+"), "is not a push subscription"),
    "pagerduty": (re.compile(r"\S+"), "is not an integration key"),
}


@dataclass(frozen=True, slots=True)
class ListedContact:
    """An address as the file gives it, secrets in plain text."""

    channel: str
    address: str


def contacts(fields: Mapping[str, Place], check: Check) -> tuple[ListedContact, ...]:
    items = fields["contacts"].items() if "contacts" in fields else []
    found = tuple(_contact(item, check) for item in items)
    if len(set(found)) != len(found):
        fields["contacts"].complain("has the same address twice")
    return found


def _contact(place: Place, check: Check) -> ListedContact:
    known = ("channel", "address")
    fields = place.fields(known, required=known)
    channel = given(fields, "channel", Place.text, "")
    address = given(fields, "address", Place.text, "")
    if channel and channel not in ADDRESSES:
        fields["channel"].complain(f"{channel[:40]!r} is none of {', '.join(ADDRESSES)}")
    elif channel and address and not VARIABLE.search(address):  # a missing variable has been complained of
        form, what = ADDRESSES[channel]
        if len(address) > 4096 or not form.fullmatch(address):
            fields["address"].complain(what)  # without the text: it may be a key
        elif wrong := check(channel, address):
            fields["address"].complain(wrong)
    return ListedContact(channel, address)


def contacts_as_data(listed: tuple[ListedContact, ...]) -> list[dict[str, str]]:
    return [{"channel": contact.channel, "address": contact.address} for contact in listed]


def notify(place: Place) -> Notify:
    """notify: {emergency: [push, voice after 1m]}"""
    found = []
    for word, entry in place.fields(tuple(Urgency)).items():
        texts = tuple(item.text() for item in entry.items())
        try:
            read_wishes(texts)
        except ValueError as problem:
            entry.complain(str(problem))
        if texts:
            found.append((Urgency(word), texts))
    return tuple(sorted(found, key=lambda one: one[0].rank))


def quiet_hours(place: Place) -> str:
    text = place.text()
    if text == "none":
        return ""
    try:
        return write_quiet(read_quiet(text))
    except ValueError as problem:
        place.complain(str(problem))
        return ""


def personal_as_data(notify: Notify | None, quiet_hours: str | None) -> dict[str, object]:
    """Only what is said: a file that is silent about them leaves them as they are."""
    said: dict[str, object] = {}
    if notify is not None:
        said["notify"] = {urgency.value: list(texts) for urgency, texts in notify}
    if quiet_hours is not None:
        said["quiet_hours"] = quiet_hours or "none"
    return said
