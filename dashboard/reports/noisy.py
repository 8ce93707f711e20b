"""Noise as the pages say it: each alert with what would help, and one sentence about all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reports import queries
from dashboard.reports.asked import Asked
from dashboard.reports.say import Say
from gateway.lists.grammar import condition
from gateway.store.db import db
from gateway.store.figures import reports as store
from gateway.store.figures.stats import Scope
from rules.reports import figures
from rules.reports.noise import Noise, Proposal, advice

SHOWN, WORST = 20, 2


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    service: str
    incidents: str
    alerts: str
    pages: str
    share: str  # of all pages
    cleared: str
    acted: str
    judged: str
    proposal: str
    saved: str
    url: str


def rows(found: Sequence[Noise], asked: Asked, say: Say, limit: int = SHOWN) -> list[Row]:
    pages = sum(one.pages for one in found)
    return [_row(one, pages, asked, say) for one in found[:limit]]


def _row(one: Noise, pages: int, asked: Asked, say: Say) -> Row:
    words, saved = proposal(one, say)
    enough = one.incidents >= figures.FEWEST
    return Row(
        one.name,
        one.service,
        say.number(one.incidents),
        say.number(one.alerts),
        say.number(one.pages),
        f"{say.number(100 * one.pages / pages)}\u00a0%" if pages else "",
        f"{say.number(one.cleared_alone)}\u00a0%" if enough else say.number(None),
        f"{say.number(one.acted_on)}\u00a0%" if enough else say.number(None),
        f"{one.judged - one.wrong}/{one.judged}" if one.judged else "",
        words,
        saved,
        asked.incidents(label=condition("alertname", "=", one.name), service=one.service),
    )


def proposal(one: Noise, say: Say) -> tuple[str, str]:
    """What to do, and what it would spare. Nothing of it happens by itself."""
    _, found = say.reader.say, advice(one)
    spared = say.reader.count("%(n)s page fewer", "%(n)s pages fewer", found.saved) if found.saved else ""
    said = {
        Proposal.WAIT: _("Wait %(n)s min before paging", n=found.minutes),
        Proposal.ORDINARY: _("Send as Ordinary"),
        Proposal.FIX: _("Fix or delete the alert"),
        Proposal.KEEP: _("Leave it"),
    }
    return said[found.what], spared


def sentence(found: Sequence[Noise], say: Say) -> tuple[str, str]:
    """Heading and text."""
    _ = say.reader.say
    pages = sum(one.pages for one in found)
    worst = sorted(found, key=lambda one: -one.pages)[:WORST]
    if not pages or not worst[0].pages:
        return _("Noise"), _("No alert paged anybody.")
    mine, incidents = sum(one.pages for one in worst), sum(one.incidents for one in worst)
    names = ", ".join(one.name for one in worst)
    share = say.number(100 * mine / pages)
    if incidents < figures.FEWEST:
        return _("Noise"), _("%(names)s made %(n)s %% of all pages.", names=names, n=share)
    alone = say.number(sum(one.cleared[-1] for one in worst) * 10 / incidents)
    text = _("%(names)s made %(n)s %% of all pages; %(alone)s of 10 of their incidents cleared by themselves within"
             " 5 minutes.", names=names, n=share, alone=alone)  # fmt: skip
    return _("Noise"), text


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What people thought of the calls that one rule made."""

    rule: str
    right: int
    judged: int
    share: str


def judged(found: Sequence[Noise], scope: Scope) -> list[Noise]:
    """With the verdicts of people about each."""
    return store.judged(db.session(), found, scope)


def rules(scope: Scope, say: Say) -> list[RuleRow]:
    """The worst first."""
    sums: dict[str, tuple[int, int]] = {}
    for one in queries.verdicts_of(scope):
        right, all_ = sums.get(one.rule, (0, 0))
        good, said = one.precision
        sums[one.rule] = (right + good, all_ + said)
    rows = [RuleRow(rule, right, all_, say.percent(figures.share(right, all_))) for rule, (right, all_) in sums.items()]
    return sorted((row for row in rows if row.judged), key=lambda row: (row.right / row.judged, row.rule))
