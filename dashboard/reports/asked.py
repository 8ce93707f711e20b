"""What a report is asked for, as the address says it. What cannot be read is taken as its default, and said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import url_for

from gateway.store.figures.stats import Scope
from rules.texts.text import clean_text, one_line
from rules.words import Urgency

PERIODS = {"7d": 7, "30d": 30, "90d": 90}
CALENDAR = {"month": (1, 0), "last-month": (1, 1), "quarter": (3, 0), "last-quarter": (3, 1)}  # months, how many ago
LONGEST = 366  # days
ALL = "*"  # all teams
KINDS = ("response", "load", "noise", "services", "delivery")


@dataclass(frozen=True, slots=True)
class Asked:
    """The page's kind is in its path, all else in its query."""

    scope: Scope
    period: str = "30d"
    initials: bool = False
    nameless: bool = False  # a guest reads it
    wrong: bool = False  # the days given cannot be read
    unknown: bool = False  # there is no period of this name
    everybody: bool = False  # all teams, chosen by somebody who would else see their own

    def query(self, **changes: str) -> dict[str, str]:
        scope = self.scope
        found = {"p": "" if self.period == "30d" else self.period}
        if self.period == "custom":
            found |= {"from": scope.start.isoformat(), "to": (scope.end - timedelta(days=1)).isoformat()}
        urgency = "" if scope.urgency is None else tuple(Urgency)[scope.urgency].value
        found |= {"team": scope.team or (ALL if self.everybody else ""), "urgency": urgency, "service": scope.service}
        found |= {"names": "initials" if self.initials else ""}
        return {name: value for name, value in {**found, **changes}.items() if value}

    def url(self, kind: str, **changes: str) -> str:
        place = "dashboard.reports" if kind == "response" else f"dashboard.reports_{kind}"
        return url_for(place, **self.query(**changes))  # type: ignore[arg-type]

    def table(self, name: str, form: str) -> str:
        return url_for("dashboard.report_table", name=name, form=form, **self.query())  # type: ignore[arg-type]

    def incidents(self, **more: str) -> str:
        """The list of the incidents that a number counts."""
        return url_for("dashboard.incidents", **self.words(**more))  # type: ignore[arg-type]

    def words(self, **more: str) -> dict[str, str]:
        """What that list is asked for."""
        scope = self.scope
        begin, end = (datetime.combine(day, datetime.min.time(), scope.zone) for day in (scope.start, scope.end))
        urgency = "" if scope.urgency is None else tuple(Urgency)[scope.urgency].value
        words = {"status": "all", "urgency": urgency, "service": scope.service, "team": scope.team}
        words |= {"counted": "yes", "from": begin.isoformat(), "to": end.isoformat(), **more}
        return {name: value for name, value in words.items() if value}


def read(args: Mapping[str, str], now: datetime, zone: ZoneInfo, own: str = "") -> Asked:
    """Whole days that are over; chosen days may end today, and a month or quarter of the calendar that is not over
    does. `own`: the team of whoever names none.
    """
    today = now.astimezone(zone).date()
    period, wrong, unknown = args.get("p", ""), False, False
    first, last = _day(args.get("from", "")), _day(args.get("to", ""))
    start, end = today - timedelta(days=PERIODS.get(period, 30)), today
    if period == "custom" or (period not in PERIODS and (first or last)):
        period, last = "custom", min(last or today, today)
        first = first or last - timedelta(days=6)
        wrong = first > last or (last - first).days >= LONGEST
        start, end = (start, end) if wrong else (first, last + timedelta(days=1))
    elif period in CALENDAR:
        start, end = _of_calendar(today, *CALENDAR[period])
    elif period not in PERIODS:
        period, unknown = "30d", bool(period)
    team = _name(args.get("team", own))
    team = "" if team == ALL else team
    scope = Scope(start, end, zone, team, _rank(args.get("urgency", "")),
                  _name(args.get("service", "")))  # fmt: skip
    return Asked(scope, "30d" if wrong else period, args.get("names") == "initials", wrong=wrong,
                 unknown=unknown, everybody=bool(own and not team))  # fmt: skip


def _of_calendar(today: date, months: int, ago: int) -> tuple[date, date]:
    """Its first day and the first after it: of the one that goes on, after today.

    >>> _of_calendar(date(2026, 2, 14), 3, 1)
    (datetime.date(2025, 10, 1), datetime.date(2026, 1, 1))
    """
    number = today.year * 12 + today.month - 1
    first = number - number % months - months * ago
    start, end = (date(one // 12, one % 12 + 1, 1) for one in (first, first + months))
    return start, min(end, today + timedelta(days=1))


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _rank(text: str) -> int | None:
    return next((one.rank for one in Urgency if one.value == text), None)


def _name(text: str) -> str:
    return one_line(clean_text(text))[:200]
