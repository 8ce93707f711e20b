"""How answers went, in more detail than the cards: by hours, further figures, and what missed its target."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard import words
from dashboard.reader import Moment
from dashboard.reports.asked import Asked
from dashboard.reports.cards import NONE, median
from dashboard.reports.say import Say
from dashboard.words import Badge
from gateway.store.db import db
from gateway.store.figures import reports as store
from gateway.store.types import moment
from rules.reports import figures
from rules.reports.figures import Spread
from rules.reports.report import Figures


@dataclass(frozen=True, slots=True)
class Hours:
    """What opened in these hours: each a count, a median and a p90."""

    name: str
    ack: tuple[str, str, str]
    resolve: tuple[str, str, str]


def by_hours(now: Figures, say: Say) -> list[Hours]:
    _ = say.reader.say
    return [
        Hours(name, *(_three(now.spreads.get(metric, NONE), say) for metric in both))
        for name, both in (
            (_("Work hours"), (figures.ACK_WORK, figures.RESOLVE_WORK)),
            (_("Off hours"), (figures.ACK_OFF, figures.RESOLVE_OFF)),
        )
    ]


def _three(spread: Spread, say: Say) -> tuple[str, str, str]:
    return say.number(spread.n), median(spread, say), say.span(spread.p90 if spread.n >= figures.FEWEST else None)


def further(now: Figures, then: Figures, say: Say) -> list[tuple[str, str, str]]:
    """Name, value, and what it was before."""
    return [(name, of(now), of(then)) for name, of in (*_spans(say), *_shares(say))]


def _spans(say: Say) -> list[tuple[str, Any]]:
    _ = say.reader.say

    def middle(metric: str) -> Any:
        return lambda found: median(found.spreads.get(metric, NONE), say)

    def first(found: Figures) -> Spread:
        return found.spreads.get(figures.FIRST, NONE)

    return [
        (_("From alert to first message, median"), middle(figures.FIRST)),
        (
            _("From alert to first message, p95"),
            lambda found: say.span(first(found).p95 if first(found).n >= figures.FEWEST else None),
        ),
        (_("From alert to first message, longest"), lambda found: say.span(first(found).most)),
        (_("From the alert's beginning to us, median"), middle(figures.SOURCE)),
        (_("Time to resolve by a person, median"), middle(figures.RESOLVE_PERSON)),
    ]


def _shares(say: Say) -> list[tuple[str, Any]]:
    _ = say.reader.say

    def share(part: str, whole: str) -> Any:
        return lambda found: say.percent(figures.share(getattr(found.total, part), getattr(found.total, whole)))

    def reached(found: Figures) -> str:
        total = found.total
        if not total.incidents:
            return say.number(None)
        return f"{say.number(total.unreached / total.incidents, 2)} ({say.number(total.unreached)})"

    return [
        (_("A second step was told"), share("escalated", "incidents")),
        (_("Came back after it was over"), share("reopened", "incidents")),
        (_("People not reached, per incident (all)"), reached),
        (_("False alarms, of what people judged"), share("judged_false", "judged")),
    ]


@dataclass(frozen=True, slots=True)
class Missed:
    """An incident that was not answered within its target."""

    number: int
    title: str
    service: str
    badge: Badge
    at: Moment
    target: str
    took: str  # nothing while nobody has answered
    url: str


def missed(asked: Asked, now: datetime, say: Say) -> list[Missed]:
    """The newest; a guest is shown none, who sees no incidents."""
    if asked.nameless:
        return []
    return [
        Missed(
            number, title, service, words.urgency(rank, say.reader), say.reader.moment(moment(opened)),
            say.span(_seconds(due - opened)), "" if answered is None else say.span(_seconds(answered - opened)),
            f"/incidents/{number}",
        )
        for number, title, service, rank, opened, due, answered in store.missed(db.session(), asked.scope, now)
    ]  # fmt: skip


def _seconds(microseconds: int) -> float:
    return timedelta(microseconds=microseconds).total_seconds()
