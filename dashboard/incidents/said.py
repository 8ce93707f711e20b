"""What came of an act on many incidents, as a sentence."""

from dashboard.reader import Reader
from dashboard.takeback import done_words, listed
from gateway.several import Results
from rules.lifecycle import Reason


def words(what: str, results: Results, reader: Reader) -> str:
    """48 acknowledged, 2 skipped (already resolved)."""
    parts = []
    if results.done:
        parts.append(done_words(what, results.done, reader))
    for why in dict.fromkeys(reason for _number, reason in results.skipped):
        numbers = [number for number, reason in results.skipped if reason is why]
        parts.append(reader.say("Skipped: %(what)s (%(why)s).", what=listed(numbers, reader), why=_why(why, reader)))
    return " ".join(parts)


def _why(reason: Reason | None, reader: Reader) -> str:
    _ = reader.say
    known = {
        None: _("there is no such incident"), Reason.ALREADY_ACKNOWLEDGED: _("already acknowledged"),
        Reason.ALREADY_RESOLVED: _("already resolved"), Reason.ALREADY_ASSIGNED: _("already theirs"),
        Reason.NOT_IN_FUTURE: _("that time has passed"), Reason.NOT_DUE: _("it could not be done"),
    }  # fmt: skip
    return known.get(reason, str(reason))
