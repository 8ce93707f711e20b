"""What the doctor says of each part, in the reader's language: each line carries its template and what stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reader import Reader
from gateway.checkup import Check, Said, State

_ = str  # for the catalogue only: each is looked up by a variable
NAMES = {
    "rule book": _("Rule book"), "disk": _("Disk"), "clock": _("Clock"), "secret key": _("Secret key"),
    "channels": _("Channels"), "people": _("People"), "time zones": _("Time zones"), "work": _("Work"),
    "auditor": _("Auditor"),
}  # fmt: skip
TEMPLATES = frozenset(
    (
        _("routes: %(routes)s, policies: %(policies)s"),
        _("%(free)s MB free in %(place)s, less than %(least)s MB: new alerts are refused"),
        _("%(free)s MB free in %(place)s; the %(n)s MB of ballast are not there, a worker makes them"),
        _("%(free)s MB free in %(place)s"),
        _("the database's is %(n)s s from ours: leases and steps need them alike"),
        _("something was written %(n)s s in the future: was it set back?"),
        _("ours and the database's agree"),
        _("it does not open %(n)s of %(all)s secrets in the database"),
        _("it opens all secrets that were tried: %(n)s"),
        _("nothing is sealed yet"),
        _("%(name)s: contacts %(n)s; %(half)s set, but not %(lacking)s"),
        _("%(name)s: contacts %(n)s; not set up (%(lacking)s): its messages only go to the log"),
        _("%(name)s: contacts %(n)s"),
        _("people: %(n)s, administrators who can be reached: %(admins)s"),
        _("people: %(n)s, no administrator who can be reached: what nobody else hears, nobody hears"),
        _("found in the next 14 days when last looked: %(n)s, see People"),
        _("%(name)s: the time zone %(zone)s is not known here, UTC is taken"),
        _("all that are named are known"),
        _("no worker was seen within %(n)s s, and nothing waits for one"),
        _("a worker was seen, nothing is late"),
        _("no auditor was ever seen: ./nabat auditor watches over the others"),
        _("the last audit was %(n)s s ago"),
        _("the last audit found nothing"),
        _("no worker was ever seen: nothing is sent"),
        _("no worker was seen for %(n)s s: nothing is sent"),
        _("messages wait: the oldest has been due for %(n)s s"),
        _("steps are late: the oldest has been due for %(n)s s"),
        _("emergencies whose notification was missing: %(n)s"),
        _("emergencies that have reached nobody: %(n)s"),
        _("the disk is nearly full: new alerts are refused"),
        _("dead rows cannot be cleared: a transaction has been open for %(n)s s"),
        _("dead rows cannot be cleared: one transaction has been open while %(n)s others wrote"),
        _("it found: %(what)s"),
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    state: State
    words: str
    known: bool  # said in the reader's language; else as it came, in English


def lines(checks: Sequence[Check], reader: Reader) -> list[Line]:
    return [Line(reader.say(NAMES.get(one.name, one.name)), one.state, *_said(one, reader)) for one in checks]


def _said(one: Check | Said, reader: Reader) -> tuple[str, bool]:
    """What has no template stays as it is: what a rule book's mistake is, is said in English only."""
    if one.template not in TEMPLATES:
        return one.words, reader.language == "en"
    values = {name: _said(value, reader)[0] if isinstance(value, Said) else value for name, value in one.values.items()}
    return (reader.say(one.template, **values) if values else reader.say(one.template)), True
