"""What would happen to an alert, and why: condition by condition, step by step, without doing any of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules import lookups
from rules.book import RuleBook, RuleVerdict
from rules.call_remarks import call_remarks
from rules.durations import write_duration
from rules.holding import hold
from rules.identity import group_values
from rules.lookups import Added
from rules.matchers import seen_labels
from rules.timing import timing_remarks
from rules.words import Alert, Directory, Kind, Notice, NotTold, Route, Step, Urgency

Notices = Callable[[Step, Route, Directory, datetime], tuple[list[Notice], list[NotTold]]]
_SECRET = ("pagerduty", "webpush")  # addresses that are keys: stored encrypted, never shown


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder, at the time at which it would come if nobody answered."""

    after: timedelta
    at: datetime  # in the time zone of the book
    notify: tuple[str, ...]
    told: tuple[Notice, ...]
    not_told: tuple[NotTold, ...]
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole way of an alert through the book."""

    title: str
    book_version: str
    labels: tuple[tuple[str, str], ...]  # those of the lookup tables among them
    added: tuple[Added, ...]
    verdicts: tuple[RuleVerdict, ...]
    route: Route
    group: tuple[str, ...]
    ladder: tuple[Rung, ...]
    ending: str
    remarks: tuple[str, ...]

    def as_text(self) -> str:
        return "\n".join([*self._rules(), *self._outcome(), *self._steps(), *self.remarks]) + "\n"

    def as_json(self) -> str:
        return json.dumps(self.as_data(), ensure_ascii=False, indent=2)

    def as_data(self) -> dict[str, Any]:
        """The same as lists, dicts, text and numbers."""
        return {
            "title": self.title,
            "labels": dict(self.labels),
            "looked_up": [
                {"file": one.file, "by": one.by, "value": one.value, "labels": dict(one.labels)} for one in self.added
            ],
            "rules": [_verdict_as_data(verdict) for verdict in self.verdicts],
            "rule": self.route.rule,
            "urgency": self.route.urgency.value,
            "policy": self.route.policy,
            "group": list(self.group),
            "acknowledge_within": write_duration(self.route.acknowledge_within),
            "repeat": self.route.repeat,
            "ladder": [_rung_as_data(rung) for rung in self.ladder],
            "ending": self.ending,
            "remarks": list(self.remarks),
            "book_version": self.book_version,
        }

    def _rules(self) -> list[str]:
        lines = [f"{self.title or '(no title)'}: rule book {self.book_version}"]
        lines += [f"added by {one.as_text()}" for one in self.added]
        for verdict in self.verdicts:
            lines.append(f"{'yes' if verdict.matched else 'no ':<3} {verdict.rule}")
            # Of a rule that did not match only what failed is of interest.
            shown = [one for one in verdict.conditions if verdict.matched or not one.ok]
            lines += [f"      {one.as_text()}" for one in shown]
            lines += ["      (matches everything)"] if verdict.matched and not verdict.conditions else []
            lines += (
                ["      (continue: the routes after it are asked as well)"]
                if verdict.matched and verdict.goes_on
                else []
            )
        return lines

    def _outcome(self) -> list[str]:
        answer = write_duration(self.route.acknowledge_within)
        return [
            f"urgency: {self.route.urgency} ({', '.join(self.route.channels)}; answer expected within {answer})",
            f"policy: {self.route.policy}",
            *(["decided by: " + self.route.rule] if any(one.matched and one.goes_on for one in self.verdicts) else []),
            f"incident: {', '.join(self.group) or 'one for all alerts of this route'}",
        ]

    def _steps(self) -> list[str]:
        lines: list[str] = []
        for rung in self.ladder:
            lines.append(f"at +{_minutes(rung.after)}  {rung.at:%H:%M:%S %Z}  {', '.join(rung.notify)}")
            lines += [
                f"      {notice.way}: {notice.name or notice.who} ({_address(notice)}){_later(notice)}"
                for notice in rung.told
            ]
            lines += [f"      not {one.who}: {one.reason}" for one in rung.not_told]
            lines += ["      nobody would be told"] if not rung.told else []
        return [*lines, self.ending]


def explain(alert: Alert, book: RuleBook, directory: Directory, at: datetime, notices: Notices) -> Explanation:
    """What the book does with `alert` if it comes at `at` and nobody ever answers."""
    labels = seen_labels(alert)
    added = lookups.add(book.lookups, labels)
    reading = book.at(at)
    route = reading.route(labels)
    held = hold(route.timing, book.calendars, at)
    first = held.until - at if held and held.until else timedelta()
    ladder = _ladder(route, directory, at.astimezone(ZoneInfo(book.timezone)), first, notices)
    return Explanation(
        title=alert.title,
        book_version=book.version,
        labels=tuple(sorted(labels.items())),
        added=tuple(added),
        verdicts=reading.explain(labels),
        route=route,
        group=tuple(group_values(alert, route, labels)),
        ladder=ladder,
        ending=_ending(route, first),
        remarks=(
            *_remarks(alert),
            *_quiet_remarks(alert, labels, book),
            *timing_remarks(route.timing),
            *call_remarks(book.voice, route, at + first),
        ),
    )


def _ladder(route: Route, directory: Directory, at: datetime, after: timedelta, notices: Notices) -> tuple[Rung, ...]:
    """The first walk up the ladder; repeats ask the same people, as far as they are still on call."""
    rungs: list[Rung] = []
    for step in route.steps:
        # Through UTC: adding to a local time would be an hour off over a change of the clock.
        moment = (at.astimezone(UTC) + after).astimezone(at.tzinfo)
        told, not_told = notices(step, route, directory, moment)
        notify = (*step.notify, *(name for also in step.also for name in also.notify))
        rungs.append(Rung(after, moment, tuple(dict.fromkeys(notify)), tuple(told), tuple(not_told), step.wait))
        after += step.wait
    return tuple(rungs)


def _ending(route: Route, first: timedelta) -> str:
    once = sum((step.wait for step in route.steps), timedelta())
    end = first + once * (route.repeat + 1)
    again = f"the ladder is walked {route.repeat} more times, " if route.repeat else ""
    if route.repeat == 1:
        again = "the ladder is walked once more, "
    if route.urgency is Urgency.EMERGENCY and route.steps:
        last = write_duration(route.steps[-1].wait)
        return f"then: {again}and from +{_minutes(end)} the last step is told every {last} until somebody answers"
    return f"then: {again}and at +{_minutes(end)} it stops: policy exhausted, shown as overdue"


def _quiet_remarks(alert: Alert, labels: Mapping[str, str], book: RuleBook) -> Iterator[str]:
    if alert.kind is not Kind.ALERT:
        return
    for one in book.heartbeats:
        if all(matcher.matches(labels) for matcher in one.match):
            yield f"It is the heartbeat {one.name!r}: that it fires opens nothing, that it does not come is told."
    for rule in book.inhibitions:
        if rule.is_target(labels):
            source = ", ".join(matcher.text for matcher in rule.source)
            same = f" with the same {', '.join(rule.equal)}" if rule.equal else ""
            yield f"While an alert with {source}{same} fires, it is attached to that one's incident and nobody is told."


def _remarks(alert: Alert) -> tuple[str, ...]:
    if alert.touch:
        return ("this message says nothing about firing: it opens an incident only if the alert was never seen",)
    if not alert.firing:
        return ("this alert is resolved: it tells nobody anew, and resolves the incident whose last firing one it was",)
    return ()


def _minutes(span: timedelta) -> str:
    return write_duration(span) if span else "0m"


def _later(notice: Notice) -> str:
    why = ", after quiet hours" if notice.held else ""
    return f" {write_duration(notice.after)} later{why}" if notice.after else ""


def _address(notice: Notice) -> str:
    channel = notice.contact.channel
    return channel if channel in _SECRET else f"{channel} {notice.contact.address}"


def _verdict_as_data(verdict: RuleVerdict) -> dict[str, Any]:
    conditions = [
        {"matcher": one.matcher, "label": one.label, "actual": one.actual, "ok": one.ok} for one in verdict.conditions
    ]
    went_on = {"continue": True} if verdict.goes_on else {}
    return {"rule": verdict.rule, "matched": verdict.matched, "conditions": conditions, **went_on}


def _rung_as_data(rung: Rung) -> dict[str, Any]:
    told = [
        {
            "who": notice.who,
            "name": notice.name,
            "way": notice.way.value,
            "channel": notice.contact.channel,
            "address": "" if notice.contact.channel in _SECRET else notice.contact.address,
        }
        for notice in rung.told
    ]
    return {
        "after_seconds": int(rung.after.total_seconds()),
        "at": rung.at.isoformat(),
        "notify": list(rung.notify),
        "told": told,
        "not_told": [{"who": one.who, "reason": one.reason} for one in rung.not_told],
        "wait_seconds": int(rung.wait.total_seconds()),
    }
