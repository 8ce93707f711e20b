"""Why, in words: what a rule book said and who was told, as data in, as lines in the reader's language out.

`rules explain` and the pages both print what comes of these functions, from the same data: what would happen and what
did happen read alike.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from rules.texts.durations import parse_duration, write_duration
from rules.texts.sentence import Say, Span, english
from rules.texts.text import cut, one_line

MOST_RULES = 50  # that did not match: the last ones before the rule that decided
MOST_VALUE = 120  # characters
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`mark` is yes or no for what a rule said, else nothing."""

    mark: str
    text: str
    small: tuple[str, ...] = ()

    def as_text(self, say: Say) -> str:
        first = f"{say(self.mark):<3} {self.text}" if self.mark else self.text
        return "\n".join([first, *(f"      {one}" for one in self.small)])


def rule_lines(data: Data, say: Say = english) -> list[Line]:
    """What was looked up, and what each rule said, condition by condition: of one that did not match what failed."""
    lines = [Line("", say("added by %(file)s, %(by)s: %(labels)s", **_added(one))) for one in data["looked_up"]]
    verdicts = data["rules"]
    unmet = [index for index, one in enumerate(verdicts) if not one["matched"]]
    left_out = set(unmet[:-MOST_RULES])
    if left_out:
        lines.append(Line("no", say("rules before these that did not match: %(n)s", n=len(left_out))))
    return lines + [_verdict(one, say) for index, one in enumerate(verdicts) if index not in left_out]


def _verdict(one: Data, say: Say) -> Line:
    matched = one["matched"]
    small = [condition(each, say) for each in one["conditions"] if matched or not each["ok"]]
    small += [say("(matches everything)")] if matched and not one["conditions"] else []
    small += [say("(continue: the routes after it are asked as well)")] if matched and one.get("continue") else []
    return Line("yes" if matched else "no", one["rule"], tuple(small))


def _added(one: Data) -> dict[str, str]:
    pairs = ", ".join(f"{name}={_short(value)}" for name, value in one["labels"].items())
    return {"file": one["file"], "by": f"{one['by']}={_short(one['value'])}", "labels": pairs}


def condition(one: Data, say: Say = english) -> str:
    """A condition as written, and what was found."""
    if one.get("time"):
        found = time_line(one["time"], say)
    else:
        seen = one.get("seen") or [[one["label"], one["actual"]]]
        found = ", ".join(_label(name, value, say) for name, value in seen)
    return f"{cut(one_line(one['matcher']), 4 * MOST_VALUE)}: {found}"


def _label(name: str, value: str, say: Say) -> str:
    return say("%(label)s is %(value)s", label=name, value=_short(value)) if value else say(
        "%(label)s is missing", label=name
    )  # fmt: skip


def time_line(one: Data, say: Say = english) -> str:
    """How a calendar stood, and why."""
    days = say("Mon Tue Wed Thu Fri Sat Sun").split()
    day = days[datetime.fromisoformat(one["local"]).weekday()]
    said = {"name": one["calendar"], "time": f"{day} {one['local']} {one['timezone']}", "why": _because(one, say)}
    return say("%(name)s is open (%(time)s, %(why)s)", **said) if one["open"] else say(
        "%(name)s is closed (%(time)s, %(why)s)", **said
    )  # fmt: skip


def _because(one: Data, say: Say) -> str:
    if one["why"] == "holiday":
        return say("a public holiday: %(name)s", name=one["holiday"])
    known = {"weekday": "not one of its days", "day off": "a day off", "short day": "a short day"}
    return say(known.get(one["why"], "within its hours" if one["open"] else "outside its hours"))


def outcome_lines(data: Data, say: Say = english, span: Span = write_duration) -> list[Line]:
    """What came of it: how hard somebody is reached, by which policy, and what shares the incident."""
    ways = ", ".join(say(way) for way in data["ways"])
    urgency = data["urgency"]
    said = {"urgency": say(urgency), "ways": ways, "time": span(parse_duration(data["acknowledge_within"]))}
    texts = [
        say("urgency: %(urgency)s (%(ways)s; answer expected within %(time)s)", **said),
        say("policy: %(name)s", name=data["policy"]),
    ]
    if any(one["matched"] and one.get("continue") for one in data["rules"]):
        texts.append(say("decided by: %(rule)s", rule=data["rule"]))
    if data["group"]:
        texts.append(say("incident: %(group)s", group=", ".join(data["group"])))
    elif data["group"] is not None:
        texts.append(say("incident: one for all alerts of this route"))
    return [Line("", text) for text in texts]


def duty_lines(duty: Iterable[Data], say: Say = english) -> list[Line]:
    """Who was on call in the schedules that the policy asks."""
    known = [(one["schedule"], one.get("name") or one.get("who") or "") for one in duty]
    return [
        Line("", say("on call for %(schedule)s: %(who)s", schedule=schedule, who=who))
        if who
        else Line("", say("on call for %(schedule)s: nobody", schedule=schedule))
        for schedule, who in known
    ]


def told_lines(
    told: Iterable[Data], not_told: Iterable[Data], say: Say, names: Mapping[str, str],
    span: Span = write_duration,
) -> list[str]:  # fmt: skip
    """Whom a step told, by which way and where; and who was not told, and why."""
    lines = []
    for one in told:
        where = f" ({where})" if (where := one.get("address") or one.get("channel")) else ""
        seconds = int(one.get("after_s") or 0)
        later = say(" %(time)s later", time=span(timedelta(seconds=seconds))) if seconds else ""
        later += say(", after quiet hours") if one.get("held") else ""
        way = str(one.get("way", ""))
        lines.append(f"{say(way)}: {one.get('name') or one.get('who', '')}{where}{later}")
    for one in not_told:
        who = str(one.get("who", ""))
        why = reason(one.get("reason", ""), say)
        lines.append(why if who == "policy" else say("not %(who)s: %(reason)s", who=names.get(who, who), reason=why))
    return list(dict.fromkeys(lines))


# Why somebody is not told, as it is kept (rules/duty/audience.py, gateway/telling/spared.py made the texts), and why
# something is not merged or split (gateway/acts/merging.py).
REASONS = (
    "there is no such person",
    "there is no such schedule",
    "there is no such team",
    "nobody has this role",
    "nobody is on call at this time",
    "a viewer is never paged",
    "has left: whoever the rotations name is told instead",
    "the team has no members and no address",
    "no verified contact for the ways of their own rules: told as the class",
    "quiet hours do not hold: it is an emergency and nobody else is told",
    "quiet hours: %(ways)s only when they end, unless it is answered",
    "no verified contact for %(ways)s: told by %(then)s at once",
    "no verified contact for %(ways)s",
    "nobody on this step can be reached: the administrators are told instead",
    "nobody on this step can be reached: and no administrator has a contact either",
    "notes of one author tell at most %(n)s people an hour",
    "there is no incident #%(n)s",
    "an incident cannot be merged into itself",
    "#%(n)s is resolved: only open incidents are merged",
    "a ticket is not merged: its service desk goes on speaking of it",
    "#%(n)s is more urgent than #%(other)s: merge the other one into it",
    "only an open incident of alerts can be split",
    "of the alerts that go, and of those that stay, at least one must fire",
    "PagerDuty already has this incident on this key: its own escalation goes on calling",
    "PagerDuty has this incident on this key and calls nobody anew: told by another way",
)


@cache
def _known() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = []
    for text in REASONS:
        parts = re.split(r"%\((\w+)\)s", text)
        form = "".join(f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        found.append((text, re.compile(form)))
    return tuple(found)


def reason(text: object, say: Say = english) -> str:
    """A kept reason in the reader's language; one that is not known here stays as it is."""
    said = one_line(str(text))
    for known, form in _known():
        if found := form.fullmatch(said):
            return say(known, **{name: _ways(value, say) for name, value in found.groupdict().items()})
    return cut(said, 4 * MOST_VALUE)


def _ways(text: str, say: Say) -> str:
    """voice, push or sms → each way as the reader calls it."""
    return "".join(say(one) if one.isalpha() else one for one in re.split(r"(\W+)", text))


def _short(value: object) -> str:
    return cut(one_line(str(value)), MOST_VALUE)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("not one of its days"), _("a day off"), _("a short day"), _("within its hours"), _("outside its hours"),
        _("yes"), _("no"), _("emergency"), _("urgent"), _("fast"), _("ordinary"), _("voice"), _("sms"), _("email"),
        _("or"),
        _("there is no such person"), _("there is no such schedule"), _("there is no such team"),
        _("nobody has this role"), _("nobody is on call at this time"), _("a viewer is never paged"),
        _("the team has no members and no address"), _("has left: whoever the rotations name is told instead"),
        _("no verified contact for the ways of their own rules: told as the class"),
        _("quiet hours do not hold: it is an emergency and nobody else is told"),
        _("quiet hours: %(ways)s only when they end, unless it is answered"),
        _("no verified contact for %(ways)s: told by %(then)s at once"), _("no verified contact for %(ways)s"),
        _("nobody on this step can be reached: the administrators are told instead"),
        _("nobody on this step can be reached: and no administrator has a contact either"),
        _("notes of one author tell at most %(n)s people an hour"),
        _("there is no incident #%(n)s"), _("an incident cannot be merged into itself"),
        _("#%(n)s is resolved: only open incidents are merged"),
        _("a ticket is not merged: its service desk goes on speaking of it"),
        _("#%(n)s is more urgent than #%(other)s: merge the other one into it"),
        _("only an open incident of alerts can be split"),
        _("of the alerts that go, and of those that stay, at least one must fire"),
        _("PagerDuty already has this incident on this key: its own escalation goes on calling"),
        _("PagerDuty has this incident on this key and calls nobody anew: told by another way"),
    )  # fmt: skip
