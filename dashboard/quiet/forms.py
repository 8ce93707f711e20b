"""What somebody wrote into the form of a silence or a window: kept as written, and read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from dashboard.reader import Reader
from gateway.acts import silencing
from gateway.acts.silencing import Wanted
from rules.telling.snoozing import end_of
from rules.telling.suppress import Wrong
from rules.texts.durations import parse_duration
from rules.texts.text import clean_text, one_line
from rules.times.walltime import is_zone

MOST_ROWS, LONGEST_ROW, LONGEST_REASON = 12, 500, 500
SPARE = 1  # empty rows below what is filled in
LENGTHS = (("1h", "1 hour"), ("4h", "4 hours"), ("until 09:00", "until 09:00"), ("custom", "until …"))
AT = "at "  # a length that is a moment: the end of a window
REPEATS = (
    ("", "once"),
    ("FREQ=DAILY", "every day"),
    ("FREQ=WEEKLY", "every week on that day"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "on weekdays"),
    ("FREQ=MONTHLY", "every month on that day"),
    ("custom", "by a rule of your own"),
)
NOT_SHARED = ("severity", "__name__")  # labels that say nothing about what it is


@dataclass(frozen=True, slots=True)
class Form:
    """Every field as it was written; what is wrong with it, if anything."""

    matchers: tuple[str, ...] = ()
    reason: str = ""
    length: str = "1h"
    start: str = ""
    end: str = ""
    confirm: str = ""
    spares: bool = True  # emergencies page all the same
    repeat: str = ""
    rule: str = ""
    zone: str = ""
    wrong: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[str, ...]:
        return (*self.matchers, *("",) * SPARE)[:MOST_ROWS]


def read(said: MultiDict[str, str]) -> Form:
    def text(name: str, most: int = 100) -> str:
        return one_line(clean_text(said.get(name, "")))[:most]

    return Form(
        matchers=_matchers(said.getlist("matcher")),
        reason=text("reason", LONGEST_REASON + 1),
        length=text("for") or ("custom" if said.get("end") else "1h"),
        start=text("start"),
        end=text("end"),
        confirm=text("confirm"),
        spares=(said.getlist("emergencies") or ["page"])[-1] == "page",
        repeat=text("repeat"),
        rule=text("rule", 500),
        zone=text("zone"),
        more={"hours": text("hours")},
    )


def _matchers(given: Sequence[str]) -> tuple[str, ...]:
    cleaned = (clean_text(one).strip()[:LONGEST_ROW] for one in given[: MOST_ROWS * 2])
    return tuple(one for one in cleaned if one)


def of_labels(labels: Mapping[str, str], most: int = MOST_ROWS - SPARE) -> tuple[str, ...]:
    """A row for each label, as the rule book writes it; each can be dropped."""
    named = sorted(labels.items(), key=lambda pair: pair[0] != "alertname")
    return tuple(matcher(name, text) for name, text in named if name not in NOT_SHARED)[:most]


def matcher(name: str, text: str) -> str:
    quoted, value = (one.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for one in (name, text))
    return f'{quoted}="{value}"' if name.isidentifier() else f'"{quoted}"="{value}"'


def silence(form: Form, now: datetime, reader: Reader) -> Wanted:
    """Raises Wrong."""
    starts = max(now, _moment(form.start, reader.zone)) if form.start else now
    if form.length == "custom":
        if not form.end:
            raise Wrong("say until when")
        ends = _moment(form.end, reader.zone)
    elif form.end:
        raise Wrong("a length is chosen and an end is written: take one of them away")
    else:
        ends = _until(form.length, starts, reader.zone)
    return silencing.silence(form.matchers, starts, ends, form.reason, spares=form.spares, confirmed=form.confirm)


def _until(text: str, starts: datetime, zone: ZoneInfo) -> datetime:
    if text.startswith(AT):
        return _moment(text.removeprefix(AT), zone)
    try:
        return end_of(text, starts, zone)
    except ValueError as problem:
        raise Wrong(str(problem)) from problem


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """As a browser's field for date and time writes it, by the reader's wall clock."""
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        return found.astimezone(ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        raise Wrong("a time is written like 2026-12-05T09:00") from None


def window(form: Form, now: datetime) -> Wanted:
    """Raises Wrong."""
    if not is_zone(form.zone):
        raise Wrong("a time zone is written like Europe/Berlin")
    rule = form.rule if form.repeat == "custom" else form.repeat
    if form.repeat == "custom" and not rule:
        raise Wrong("write the rule, like FREQ=WEEKLY;BYDAY=TU")
    try:
        length = parse_duration(form.more.get("hours") or "1h")
    except (ValueError, OverflowError):
        raise Wrong("a length is written like 2h or 90m") from None
    return silencing.window(
        form.matchers, form.start, length, form.zone, now, rule=rule, reason=form.reason, confirmed=form.confirm
    )


def lasts(wanted: Wanted) -> timedelta:
    starts, ends = wanted.spans[0]
    return ends - starts


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("1 hour"), _("4 hours"), _("until 09:00"), _("until …"), _("once"), _("every day"),
        _("every week on that day"), _("on weekdays"), _("every month on that day"), _("by a rule of your own"),
        _("say until when"), _("a length is chosen and an end is written: take one of them away"),
        _("a time is written like 2026-12-05T09:00"),
        _("a time zone is written like Europe/Berlin"),
        _("write the rule, like FREQ=WEEKLY;BYDAY=TU"), _("a length is written like 2h or 90m"),
        _("a reason is needed: whoever sees the silence at night wants to know"), _("it would end before it begins"),
        _("it would be over already"), _("it must last a minute at least"), _("it must not last longer than 90 days"),
        _("a reason has at most 500 characters"), _("it is over already: make a new one"),
        _("it would be over already, or has no time in the next three years"),
        _("these matchers leave nothing out: if that is meant, confirm it with 'silence everything'"),
    )  # fmt: skip
