"""Why an incident was told as it was: what is kept of it, put before the rule book of that time once more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.incidents import rulings
from gateway.store.tables import Entry, Incident, Opening, Ruling
from rules import book as books
from rules.book import BadRuleBook, RuleBook
from rules.checks.explain import book_said
from rules.texts.durations import write_duration
from rules.texts.reasons import Line, duty_lines, outcome_lines, rule_lines, told_lines
from rules.texts.sentence import Say, Span, english
from rules.words import Kind

MOST_STEPS = 20  # the first ones; an emergency may have had hundreds


@dataclass(frozen=True, slots=True)
class Asked:
    """One time that the rule book was asked. `said` is none if that book is not known here, or not understood."""

    at: datetime
    cause: str
    book_version: str
    duty: Sequence[Mapping[str, Any]]
    said: Mapping[str, Any] | None

    def lines(self, say: Say = english, span: Span = write_duration) -> list[Line]:
        """The same that `rules explain` says of an alert that is yet to come."""
        if self.said is None:
            return [Line("", say("This rule book is not kept here, or cannot be read any more."))]
        return [*rule_lines(self.said, say), *outcome_lines(self.said, say, span), *duty_lines(self.duty, say)]


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline that told people something, or tried to."""

    at: datetime
    kind: str
    level: int
    told: Sequence[Mapping[str, Any]]
    not_told: Sequence[Mapping[str, Any]]

    def lines(self, say: Say, names: Mapping[str, str], span: Span = write_duration) -> list[str]:
        return told_lines(self.told, self.not_told, say, names, span) or [say("nobody was told")]


@dataclass(frozen=True, slots=True)
class Why:
    asked: Sequence[Asked]  # newest first
    told: Sequence[Told]

    def as_text(self, say: Say, names: Mapping[str, str], zone: tzinfo) -> str:
        """For the console."""
        lines: list[str] = []
        for one in self.asked:
            head = {
                "time": f"{one.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
                "version": one.book_version,
                "cause": say(one.cause),
            }
            lines.append(say("%(cause)s %(time)s: rule book %(version)s", **head))
            lines += [line.as_text(say) for line in one.lines(say)]
        for step in self.told:
            lines.append(f"{step.at.astimezone(zone):%H:%M:%S %Z}  {say(step.kind)}")
            lines += [f"      {line}" for line in step.lines(say, names)]
        return "\n".join(lines) + "\n"


def why(session: Session, incident: Incident, current: RuleBook) -> Why:
    asked = [_asked(session, row, incident, current) for row in rulings.of_incident(session, incident.id)]
    return Why(asked, _told(session, incident.id))


def _asked(session: Session, row: Ruling | Opening, incident: Incident, current: RuleBook) -> Asked:
    book = current if row.book_version == current.version else _book(session, row.book_version)
    if book is None:
        return Asked(row.at, row.cause, row.book_version, row.duty, None)
    labels = {name: str(value) for name, value in row.labels.items()}
    said = book_said(labels, book, row.at)  # with what the tables add
    route = book.at(row.at).route(labels)
    group = [f"{name}={labels.get(name, '')}" for name in route.group_by] if incident.kind == Kind.ALERT else None
    said |= {
        "rule": route.rule, "urgency": route.urgency.value, "ways": list(route.channels), "policy": route.policy,
        "group": group, "acknowledge_within": write_duration(route.acknowledge_within),
    }  # fmt: skip
    return Asked(row.at, row.cause, row.book_version, row.duty, said)


def _book(session: Session, version: str) -> RuleBook | None:
    files = rulings.files_of(session, version)
    return None if files is None else _parsed(tuple(files.items()))


@lru_cache(maxsize=4)
def _parsed(files: tuple[tuple[str, str], ...]) -> RuleBook | None:
    try:
        return books.parse(dict(files), any_zone=True)
    except BadRuleBook:  # it was right for the program of that time
        return None


def _told(session: Session, incident_id: int) -> list[Told]:
    query = select(Entry.at, Entry.kind, Entry.detail).where(Entry.incident_id == incident_id).order_by(Entry.id)
    found = []
    for row in session.execute(query.where(Entry.kind.in_(TELLING)).limit(MOST_STEPS)):
        told, not_told = (row.detail.get(name) or () for name in ("told", "not_told"))
        if told or not_told:
            found.append(Told(row.at, row.kind, int(row.detail.get("level") or 0), told, not_told))
    return found


TELLING = (
    "opened", "escalated", "told again", "notification missing", "fallback", "woken", "woken by hand", "snooze over",
    "suppression over", "passed on", "hurried", "raised", "reopened", "flapping", "flapping over",
    "acknowledgement ends", "acknowledgement over", "assigned", "reassigned",
)  # fmt: skip


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("opened"), _("escalated"), _("told again"), _("notification missing"), _("fallback"), _("woken"),
        _("woken by hand"),
        _("snooze over"), _("suppression over"), _("passed on"), _("hurried"), _("raised"), _("reopened"),
        _("flapping"), _("flapping over"), _("acknowledgement ends"), _("acknowledgement over"), _("assigned"),
        _("reassigned"),
    )  # fmt: skip
