"""Rules and policies as the templates draw them: every word ready, no decision left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from dashboard import words
from dashboard.reader import Moment, Reader, grouped
from dashboard.rulebook import doubts
from dashboard.words import Badge
from gateway.rulebook.review import Part
from gateway.store.incidents.hits import Hits
from rules.book import Policy, Rule, RuleBook
from rules.checks.explain import Rung
from rules.checks.lint import Finding
from rules.reading.route_keys import GROUP_BY
from rules.texts.reasons import reason
from rules.words import Directory, Notice, Route

SHORTEST_CALL = timedelta(seconds=60)  # to be answered
TAKEN = ("test", "cases")  # addresses below /rules/ that are pages of their own


@dataclass(frozen=True, slots=True)
class Warned:
    text: str
    mistake: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    number: int
    name: str
    url: str
    place: str
    conditions: tuple[str, ...]
    urgency: Badge
    policy: str
    policy_url: str
    more: tuple[str, ...]  # what else it says
    hits: str
    last: Moment | None
    warnings: tuple[Warned, ...]


def rule_row(number: int, rule: Rule, hit: Hits | None, found: Sequence[Finding], reader: Reader) -> RuleRow:
    return RuleRow(
        number,
        rule.name,
        rule_url(rule.name, number),
        where(rule.place),
        rule.route.match,
        words.urgency(rule.route.urgency.rank, reader),
        rule.route.policy,
        policy_url(rule.route.policy),
        tuple(_more(rule, reader)),
        grouped(hit.count) if hit else "0",
        reader.moment(hit.last) if hit and hit.last else None,
        warned(found, reader),
    )


def _more(rule: Rule, reader: Reader) -> list[str]:
    _, timing, route = reader.say, rule.route.timing, rule.route
    found = [] if route.group_by else [_("one incident for all")]
    if route.group_by and route.group_by != GROUP_BY:
        found.append(_("one incident for each %(labels)s", labels=", ".join(route.group_by)))
    if timing.hold_for:
        found.append(_("waits %(time)s whether it clears", time=reader.duration(timing.hold_for, exact=True)))
    if timing.hold_until:
        found.append(_("waits until “%(name)s” opens", name=timing.hold_until))
    if timing.at_least:
        few, within = timing.at_least.alerts, reader.duration(timing.at_least.within, exact=True)
        found.append(_("waits for %(n)s alerts within %(time)s", n=few, time=within))
    if rule.goes_on:
        found.append(_("the rules after it are asked as well"))
    return found


def rule_url(name: str, number: int) -> str:
    plain = name.strip("/") == name and "//" not in name and name not in TAKEN and name not in (".", "..")
    return f"/rules/{quote(name)}" if plain and name else f"/rules/{number}"


def names(told: Iterable[Notice]) -> str:
    return ", ".join(dict.fromkeys(one.name or one.who for one in told))


def policy_url(name: str) -> str:
    return f"/policies/{quote(name)}"


def where(place: str) -> str:
    """book.yaml:17 of "book.yaml:17: routes[0]"."""
    return ":".join(place.split(":")[:2])


def warned(found: Sequence[Finding], reader: Reader) -> tuple[Warned, ...]:
    return tuple(Warned(doubts.said(one.what, reader), one.mistake) for one in found)


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: str


def text_lines(part: Part | None) -> list[Line]:
    return [] if part is None else [Line(part.first + count, text) for count, text in enumerate(part.lines)]


@dataclass(frozen=True, slots=True)
class PolicyRow:
    name: str
    url: str
    place: str
    steps: int
    lasts: str
    first: str  # who is told first, as things stand
    rules: tuple[tuple[str, str, Badge], ...]  # name, address, urgency
    warnings: tuple[Warned, ...]


def policy_row(
    policy: Policy, book: RuleBook, first: str, findings: Mapping[str, Sequence[Finding]], reader: Reader
) -> PolicyRow:
    lasts = sum((step.wait for step in policy.steps), timedelta()) * (policy.repeat + 1)
    return PolicyRow(
        policy.name,
        policy_url(policy.name),
        where(policy.place),
        len(policy.steps),
        reader.duration(lasts),
        first,
        tuple(used_by(policy, book, reader)),
        warned(findings.get(policy.place, ()), reader),
    )


def used_by(policy: Policy, book: RuleBook, reader: Reader) -> list[tuple[str, str, Badge]]:
    return [
        (rule.name, rule_url(rule.name, number), words.urgency(rule.route.urgency.rank, reader))
        for number, rule in enumerate(book.routes, 1)
        if rule.route.policy == policy.name
    ]


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody a step tells, by all the ways at once."""

    name: str
    ways: tuple[tuple[str, str], ...]  # icon and word


@dataclass(frozen=True, slots=True)
class StepRow:
    number: int
    after: str
    at: Moment
    targets: tuple[str, ...]
    told: tuple[Reached, ...]
    not_told: tuple[tuple[str, str], ...]  # who and why
    warnings: tuple[str, ...]


def step_rows(rungs: Sequence[Rung], route: Route, directory: Directory, reader: Reader) -> list[StepRow]:
    found, seen = [], set[str]()
    for number, rung in enumerate(rungs, 1):
        told: dict[str, list[tuple[str, str]]] = {}
        for one in rung.told:
            way = (words.ICONS[one.way], reader.say(words.WAYS[one.way]))
            ways = told.setdefault(one.name or one.who, [])
            ways += [] if way in ways else [way]
        warnings = list(_warnings(rung, route, seen, reader))
        seen |= {one.who for one in rung.told}
        known = {email: person.name for email, person in directory.people.items()}
        found.append(
            StepRow(
                number,
                f"+{reader.duration(rung.after)}" if rung.after else reader.say("at once"),
                reader.moment(rung.at),
                rung.notify,
                tuple(Reached(name, tuple(ways)) for name, ways in told.items()),
                tuple((known.get(one.who, one.who), reason(one.reason, reader.say)) for one in rung.not_told),
                tuple(warnings),
            )
        )
    return found


def _warnings(rung: Rung, route: Route, seen: set[str], reader: Reader) -> list[str]:
    say, named = reader.say, {one.who for one in rung.told}
    warnings = []
    if not rung.told:
        warnings.append(say("Nobody would be told: the next step begins at once."))
    elif named <= seen:
        warnings.append(say("Everybody here was told by an earlier step already."))
    if route.urgency.rank == 0 and rung.wait < SHORTEST_CALL:
        warnings.append(say("Shorter than a call takes to be answered."))
    return warnings


def local_input(moment: datetime, reader: Reader) -> str:
    """As a field of the kind datetime-local wants it."""
    return f"{moment.astimezone(reader.zone):%Y-%m-%dT%H:%M}"


def from_input(text: str, reader: Reader) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:  # nothing, or no time
        return None
    found = found if found.tzinfo else found.replace(tzinfo=reader.zone)
    return found if 1971 <= found.year < 2199 else None
