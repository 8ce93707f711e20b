"""What would happen to an alert, and why: condition by condition, step by step, without doing any of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.book import RuleBook, RuleVerdict
from rules.checks.call_remarks import call_remarks
from rules.duty.oncall import all_bound, on_call
from rules.identity import group_values
from rules.matchers import seen_labels
from rules.reading import lookups
from rules.reading.lookups import Added
from rules.said import Saying
from rules.telling.holding import hold
from rules.texts.durations import write_duration
from rules.texts.reasons import duty_lines, outcome_lines, rule_lines, told_lines
from rules.texts.sentence import Say, Sentence, Span, english
from rules.times.walltime import zone_of
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
    on_call: tuple[Mapping[str, str], ...]  # in the schedules that the policy asks
    ladder: tuple[Rung, ...]
    ending: tuple[Sentence, ...]  # said one after the other
    remarks: tuple[Sentence, ...]

    def as_text(self, say: Say = english) -> str:
        data = self.as_data()
        title = say(
            "%(title)s: rule book %(version)s", title=self.title or say("(no title)"), version=self.book_version
        )
        said = (rule_lines(data, say), outcome_lines(data, say), duty_lines(self.on_call, say))
        lines = [line.as_text(say) for part in said for line in part]
        return "\n".join([title, *lines, *self._steps(data, say), *self.remarks_said(say)]) + "\n"

    def ending_said(self, say: Say = english, span: Span = write_duration) -> str:
        return " ".join(one.said(say, span) for one in self.ending)

    def remarks_said(self, say: Say = english, span: Span = write_duration) -> list[str]:
        return [one.said(say, span) for one in self.remarks]

    def as_json(self) -> str:
        return json.dumps(self.as_data(), ensure_ascii=False, indent=2)

    def as_data(self) -> dict[str, Any]:
        """The same as lists, dicts, text and numbers."""
        return {
            "title": self.title,
            "labels": dict(self.labels),
            **_said(self.added, self.verdicts),
            "rule": self.route.rule,
            "urgency": self.route.urgency.value,
            "ways": list(self.route.channels),
            "policy": self.route.policy,
            "group": list(self.group),
            "acknowledge_within": write_duration(self.route.acknowledge_within),
            "repeat": self.route.repeat,
            "on_call": list(self.on_call),
            "ladder": [rung_as_data(rung) for rung in self.ladder],
            "ending": self.ending_said(),
            "remarks": self.remarks_said(),
            "book_version": self.book_version,
        }

    def _steps(self, data: Mapping[str, Any], say: Say) -> list[str]:
        lines: list[str] = []
        for rung, kept in zip(self.ladder, data["ladder"], strict=True):
            lines.append(f"at +{_minutes(rung.after)}  {rung.at:%H:%M:%S %Z}  {', '.join(rung.notify)}")
            told = [{**one, "address": _address(notice)} for one, notice in zip(kept["told"], rung.told, strict=True)]
            lines += [f"      {one}" for one in told_lines(told, kept["not_told"], say, {})]
            lines += [f"      {say('nobody would be told')}"] if not rung.told else []
        return [*lines, self.ending_said(say)]


def explain(alert: Alert, book: RuleBook, directory: Directory, at: datetime, notices: Notices) -> Explanation:
    """What the book does with `alert` if it comes at `at` and nobody ever answers."""
    directory = all_bound(directory, book.calendars)
    labels = seen_labels(alert)
    added = lookups.add(book.lookups, labels)
    reading = book.at(at)
    route = reading.route(labels)
    held = hold(route.timing, book.calendars, at)
    first = held.until - at if held and held.until else timedelta()
    steps = ladder(route, directory, at.astimezone(zone_of(book.timezone)), first, notices)
    return Explanation(
        title=alert.title,
        book_version=book.version,
        labels=tuple(sorted(labels.items())),
        added=tuple(added),
        verdicts=reading.explain(labels),
        route=route,
        group=tuple(group_values(alert, route, labels)),
        on_call=duty(route, directory, at),
        ladder=steps,
        ending=_ending(route, first),
        remarks=(
            *_remarks(alert),
            *_quiet_remarks(alert, labels, book),
            *timing_remarks(route.timing),
            *call_remarks(book.voice, route, at + first),
        ),
    )


def ladder(route: Route, directory: Directory, at: datetime, after: timedelta, notices: Notices) -> tuple[Rung, ...]:
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


def _ending(route: Route, first: timedelta) -> tuple[Sentence, ...]:
    once = sum((step.wait for step in route.steps), timedelta())
    end = first + once * (route.repeat + 1)
    again = [Sentence("the ladder is walked %(n)s more times,", {"n": route.repeat})] if route.repeat else []
    if route.repeat == 1:
        again = [Sentence("the ladder is walked once more,")]
    if route.urgency is Urgency.EMERGENCY and route.steps:
        last = Sentence(
            "and from +%(at)s the last step is told every %(time)s until somebody answers",
            {"at": end, "time": route.steps[-1].wait},
        )
    else:
        last = Sentence("and at +%(at)s it stops: policy exhausted, shown as overdue", {"at": end})
    return (Sentence("then:"), *again, last)


def _quiet_remarks(alert: Alert, labels: Mapping[str, str], book: RuleBook) -> Iterator[Sentence]:
    if alert.kind is not Kind.ALERT:
        return
    for one in book.heartbeats:
        if all(matcher.matches(labels) for matcher in one.match):
            yield Sentence(
                "It is the heartbeat %(name)s: that it fires opens nothing, that it does not come is told.",
                {"name": repr(one.name)},
            )
    for rule in book.inhibitions:
        if rule.is_target(labels):
            source = ", ".join(matcher.text for matcher in rule.source)
            same: object = Sentence(" with the same %(names)s", {"names": rule.equal}) if rule.equal else ""
            yield Sentence(
                "While an alert with %(source)s%(same)s fires, it is attached to that one’s incident; nobody is told.",
                {"source": source, "same": same},
            )


def _remarks(alert: Alert) -> tuple[Sentence, ...]:
    if alert.said is not None and alert.said.what is Saying.ACKNOWLEDGED:
        return (
            Sentence(
                "somebody at the sender has it: the incident it is in is acknowledged if it fires there, and nobody "
                "has done so before; it opens nothing, and tells nobody"
            ),
        )
    if alert.said is not None:
        return (Sentence("this is a note: it is written to the timeline of the incident it is in, and opens nothing"),)
    if alert.touch:
        return (
            Sentence("this message says nothing about firing: it opens an incident only if the alert was never seen"),
        )
    if not alert.firing:
        return (
            Sentence(
                "this alert is resolved: it tells nobody anew, and resolves the incident whose last firing one it was"
            ),
        )
    return ()


def _minutes(span: timedelta) -> str:
    return write_duration(span) if span else "0m"


def _address(notice: Notice) -> str:
    channel = notice.contact.channel
    return channel if channel in _SECRET else f"{channel} {notice.contact.address}"


def book_said(labels: dict[str, str], book: RuleBook, at: datetime) -> dict[str, Any]:
    """What the tables and the rules of `book` say about an alert with these labels, as data; fills the labels up."""
    added = lookups.add(book.lookups, labels)
    return _said(added, book.at(at).explain(labels))


def _said(added: Iterable[Added], verdicts: Iterable[RuleVerdict]) -> dict[str, Any]:
    return {
        "looked_up": [
            {"file": one.file, "by": one.by, "value": one.value, "labels": dict(one.labels)} for one in added
        ],
        "rules": [_verdict_as_data(verdict) for verdict in verdicts],
    }


def _verdict_as_data(verdict: RuleVerdict) -> dict[str, Any]:
    went_on = {"continue": True} if verdict.goes_on else {}
    conditions = [one.as_data() for one in verdict.conditions]
    return {"rule": verdict.rule, "matched": verdict.matched, "conditions": conditions, **went_on}


def duty(route: Route, directory: Directory, at: datetime) -> tuple[dict[str, str], ...]:
    """Who is on call at that moment in each of the schedules that the route's policy asks."""
    found = []
    targets = (
        name for step in route.steps for name in (*step.notify, *(one for also in step.also for one in also.notify))
    )
    for name in dict.fromkeys(targets):
        schedule = directory.schedules.get(name.removeprefix("schedule:")) if name.startswith("schedule:") else None
        if schedule is not None:
            who = on_call(schedule, at) or ""
            person = directory.people.get(who)
            found.append({"schedule": schedule.name, "who": who, "name": person.name if person else ""})
    return tuple(found)


def rung_as_data(rung: Rung) -> dict[str, Any]:
    told = [
        {
            "who": notice.who,
            "name": notice.name,
            "way": notice.way.value,
            "channel": notice.contact.channel,
            "address": "" if notice.contact.channel in _SECRET else notice.contact.address,
            **({"after_s": int(notice.after.total_seconds()), "held": notice.held} if notice.after else {}),
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
