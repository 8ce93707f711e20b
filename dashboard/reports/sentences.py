"""The sentences above a report: how quickly, at what cost of nights, and what was noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.reports.cards import NONE, enough
from dashboard.reports.say import Say
from rules.reports import figures
from rules.reports.figures import NORM_OF_NIGHTS
from rules.reports.report import Figures


@dataclass(frozen=True, slots=True)
class Sentence:
    look: str
    icon: str
    head: str
    text: str


def sentences(
    now: Figures, then: Figures, noisy: Sequence[str], names: Mapping[int, str], days: int, say: Say
) -> list[Sentence]:
    """Three: how quickly, at what cost of nights, and what was noise (that one comes ready)."""
    return [_quickness(now, then, say), _nights(now, names, days, say), Sentence("", "bell-off", noisy[0], noisy[1])]


def _quickness(now: Figures, then: Figures, say: Say) -> Sentence:
    _ = say.reader.say
    ack, was = enough(now.spreads.get(figures.ACK, NONE)), enough(then.spreads.get(figures.ACK, NONE))
    if ack is None:
        text = _("Fewer than %(n)s incidents were acknowledged: too few for a median.", n=figures.FEWEST)
        return Sentence("", "clock", _("Answers"), text)
    said = _("Half of the acknowledged incidents were acknowledged within %(time)s", time=say.span(ack))
    if was is None:
        return Sentence("", "clock", _("Answers"), f"{said}.")
    if abs(ack - was) < 1:
        return Sentence("", "clock", _("Answers"), _("%(said)s, as in the period before.", said=said))
    by = say.span(abs(ack - was))
    if ack < was:
        text = _("%(said)s, %(time)s faster than in the period before.", said=said, time=by)
        return Sentence("good", "trending-down", _("Faster answers"), text)
    text = _("%(said)s, %(time)s slower than in the period before.", said=said, time=by)
    return Sentence("bad", "triangle-alert", _("Slower answers"), text)


def _nights(now: Figures, names: Mapping[int, str], days: int, say: Say) -> Sentence:
    _ = say.reader.say
    if not now.total.sleep_pages:
        return Sentence("good", "moon", _("Nights"), _("Nobody was paged between 22:00 and 07:00."))
    said = say.reader.count("%(n)s page came between 22:00 and 07:00.", "%(n)s pages came between 22:00 and 07:00.",
                            now.total.sleep_pages)  # fmt: skip
    worst = max(now.loads, key=lambda one: one.nights, default=None)
    if worst is None or not worst.nights:
        return Sentence("", "moon", _("Nights"), said)
    woken = say.reader.count("%(name)s was woken in %(n)s night", "%(name)s was woken in %(n)s nights", worst.nights,
                             name=names.get(worst.person_id, "?"))  # fmt: skip
    norm = _("the norm is at most %(n)s in 30 days", n=NORM_OF_NIGHTS)
    look = "bad" if worst.nights > figures.norm_of_nights(days) else ""
    return Sentence(look, "triangle-alert" if look else "moon", _("Nights"), f"{said} {woken}; {norm}.")
