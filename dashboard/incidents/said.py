"""What came of an act on many incidents, as a sentence."""

from dashboard.reader import Reader
from dashboard.takeback import done_words, listed
from gateway.acts.jobs import LATE, Came
from gateway.acts.several import Results
from rules.lifecycle import Reason


def words(what: str, results: Results, reader: Reader) -> str:
    """48 acknowledged, 2 skipped (already resolved)."""
    parts = []
    if results.done:
        parts.append(done_words(what, listed(results.done, reader), reader))
    for why in dict.fromkeys(reason for _number, reason in results.skipped):
        numbers = [number for number, reason in results.skipped if reason is why]
        parts.append(reader.say("Skipped: %(what)s (%(why)s).", what=listed(numbers, reader), why=_why(why, reader)))
    return " ".join(parts)


def job_words(what: str, came: Came, reader: Reader) -> str:
    """The same of what a worker did, with why it went no further."""
    said = words(what, came.results, reader)
    if not came.left:
        return said
    count = reader.count("%(n)s incident", "%(n)s incidents", came.left)
    if came.ended == LATE:
        rest = reader.say("Not done: no worker was running. Nothing was changed of %(what)s, nor will be.", what=count)
    else:
        rest = reader.say("Stopped: nothing was changed of %(what)s.", what=count)
    return f"{said} {rest}".strip()


def _why(reason: Reason | None, reader: Reader) -> str:
    _ = reader.say
    known = {
        None: _("there is no such incident"), Reason.ALREADY_ACKNOWLEDGED: _("already acknowledged"),
        Reason.ALREADY_RESOLVED: _("already resolved"), Reason.ALREADY_ASSIGNED: _("already theirs"),
        Reason.IN_USE: _("somebody else was changing it all the while"),
        Reason.NOT_IN_FUTURE: _("that time has passed"), Reason.NOT_SNOOZED: _("not snoozed"),
        Reason.NOT_DUE: _("it could not be done"),
    }  # fmt: skip
    return known.get(reason, str(reason))
