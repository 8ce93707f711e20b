"""What the doctor says of each part, in the reader's language: its lines are English, their parts are data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reader import Reader
from gateway.checkup import Check, State

_ = str  # for the catalogue only: each is looked up by the line that fits it
NAMES = {
    "rule book": _("Rule book"), "disk": _("Disk"), "clock": _("Clock"), "secret key": _("Secret key"),
    "channels": _("Channels"), "people": _("People"), "work": _("Work"), "auditor": _("Auditor"),
}  # fmt: skip
_CONTACTS = r"(?P<name>[\w.-]+): (?P<n>\d+) contacts?"
_PEOPLE = r"(?P<n>\d+) (?:person|people), "
FORMS = tuple(
    (re.compile(form, re.DOTALL), sentence)
    for form, sentence in (
        (r"(?P<routes>\d+) routes?, (?P<policies>\d+) polic(?:y|ies)", _("routes: %(routes)s, policies: %(policies)s")),
        (r"(?P<free>-?\d+) MB free in (?P<place>.+), less than (?P<least>\d+) MB: new alerts are refused",
         _("%(free)s MB free in %(place)s, less than %(least)s MB: new alerts are refused")),
        (r"(?P<free>-?\d+) MB free in (?P<place>.+); the (?P<n>\d+) MB of ballast are not there, a worker makes them",
         _("%(free)s MB free in %(place)s; the %(n)s MB of ballast are not there, a worker makes them")),
        (r"(?P<free>-?\d+) MB free in (?P<place>.+)", _("%(free)s MB free in %(place)s")),
        (r"the database's is (?P<n>[+-]\d+) s from ours: leases and steps need them alike",
         _("the database's is %(n)s s from ours: leases and steps need them alike")),
        (r"something was written (?P<n>\d+) s in the future: was it set back\?",
         _("something was written %(n)s s in the future: was it set back?")),
        (r"ours and the database's agree", _("ours and the database's agree")),
        (r"it does not open (?P<n>\d+) of (?P<all>\d+) secrets in the database",
         _("it does not open %(n)s of %(all)s secrets in the database")),
        (r"it opens all (?P<n>\d+) secrets that were tried", _("it opens all secrets that were tried: %(n)s")),
        (r"nothing is sealed yet", _("nothing is sealed yet")),
        (_CONTACTS + r", (?P<half>[\w, ]+) set, but not (?P<lacking>[\w, ]+)",
         _("%(name)s: contacts %(n)s; %(half)s set, but not %(lacking)s")),
        (_CONTACTS + r", not set up \((?P<lacking>[\w, ]+)\): its messages only go to the log",
         _("%(name)s: contacts %(n)s; not set up (%(lacking)s): its messages only go to the log")),
        (_CONTACTS, _("%(name)s: contacts %(n)s")),
        (_PEOPLE + r"(?P<admins>\d+) administrators? who can be reached",
         _("people: %(n)s, administrators who can be reached: %(admins)s")),
        (_PEOPLE + r"no administrator who can be reached: what nobody else hears, nobody hears",
         _("people: %(n)s, no administrator who can be reached: what nobody else hears, nobody hears")),
        (r"the last look at the next 14 days found (?P<n>\d+) things?: see /people",
         _("found in the next 14 days when last looked: %(n)s, see People")),
        (r"no worker was seen within (?P<n>\d+) s, and nothing waits for one",
         _("no worker was seen within %(n)s s, and nothing waits for one")),
        (r"a worker was seen, nothing is late", _("a worker was seen, nothing is late")),
        (r"no auditor was ever seen: \./nabat auditor watches over the others",
         _("no auditor was ever seen: ./nabat auditor watches over the others")),
        (r"the last audit was (?P<n>\d+) s ago", _("the last audit was %(n)s s ago")),
        (r"the last audit found nothing", _("the last audit found nothing")),
        (r"no worker was ever seen: nothing is sent", _("no worker was ever seen: nothing is sent")),
        (r"no worker was seen for (?P<n>\d+) s: nothing is sent", _("no worker was seen for %(n)s s: nothing is sent")),
        (r"messages wait: the oldest has been due for (?P<n>\d+) s",
         _("messages wait: the oldest has been due for %(n)s s")),
        (r"steps are late: the oldest has been due for (?P<n>\d+) s",
         _("steps are late: the oldest has been due for %(n)s s")),
        (r"emergencies whose notification was missing: (?P<n>\d+)",
         _("emergencies whose notification was missing: %(n)s")),
        (r"emergencies that have reached nobody: (?P<n>\d+)", _("emergencies that have reached nobody: %(n)s")),
        (r"the disk is nearly full: new alerts are refused", _("the disk is nearly full: new alerts are refused")),
        (r"dead rows cannot be cleared: a transaction has been open for (?P<n>\d+) s",
         _("dead rows cannot be cleared: a transaction has been open for %(n)s s")),
        (r"dead rows cannot be cleared: one transaction has been open while (?P<n>\d+) others wrote",
         _("dead rows cannot be cleared: one transaction has been open while %(n)s others wrote")),
    )
)  # fmt: skip
FOUND = "it found: "


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    state: State
    words: str
    known: bool  # said in the reader's language; else as it came, in English


def lines(checks: Sequence[Check], reader: Reader) -> list[Line]:
    return [Line(reader.say(NAMES.get(one.name, one.name)), one.state, *_said(one.words, reader)) for one in checks]


def _said(words: str, reader: Reader) -> tuple[str, bool]:
    """A line that is not known here stays as it is: what a rule book's mistake is, is said in English only."""
    if words.startswith(FOUND):
        inner, known = _said(words.removeprefix(FOUND), reader)
        return (reader.say("it found: %(what)s", what=inner), True) if known else (words, reader.language == "en")
    for form, sentence in FORMS:
        found = form.fullmatch(words)
        if found:
            return reader.say(sentence, **found.groupdict()), True
    return words, reader.language == "en"
