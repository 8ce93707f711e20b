"""How long it takes to say who is on call: layers, overrides, an imported calendar, and a year of each asked about.

.venv/bin/python bench/oncall.py

Prints microseconds of processor time for several kinds of schedules: of one question (who, until when, who is next, as
the API answers it) the median and the slowest, and of the shifts of a week as the page draws them. Last, what part of
the five milliseconds that are allowed the slowest kind's median takes.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rules.duty.oncall import bound, is_gap, next_handover, on_call, overridden, shifts
from rules.schedules import Duty, Layer, Override, Schedule
from rules.times.calendars import Calendar, Span

ALLOWED = 5000.0  # microseconds
QUESTIONS = 200
WEEK = timedelta(days=77)  # with what lies around it, as the page asks
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
START = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - by the schedule's wall clock
SIX = tuple(f"person{number}@example.org" for number in range(6))
WORK = Calendar("work", "Europe/Berlin", frozenset(range(5)), (Span(540, 1080),), ("DE-BE",))
WEEKLY = Layer(START, "1w", SIX)


def kinds() -> dict[str, Schedule]:
    stand_ins = tuple(
        Override(NOW + timedelta(hours=9 * number), NOW + timedelta(hours=9 * number + 5), SIX[number % 6], number + 1)
        for number in range(-500, 500)
    )
    duties = tuple(
        Duty(NOW + timedelta(hours=8 * number), NOW + timedelta(hours=8 * number + 6), SIX[number % 6])
        for number in range(-300, 1200)
    )
    follow = tuple(
        Layer(START, "1w", SIX[number : number + 2], hours=((480 * number, 480 * (number + 1)),)) for number in range(3)
    )
    imported = Layer(START, "", (), ical="a", duties=duties)
    return {
        "one rotation, weekly": Schedule("s", "Europe/Berlin", (WEEKLY,)),
        "one rotation, hourly": Schedule("s", "Europe/Berlin", (Layer(START, "1h", SIX),)),
        "one person, always": Schedule("s", "Europe/Berlin", (Layer(START, "1h", SIX[:1]),)),
        "three layers by the hour of the day": Schedule("s", "Australia/Lord_Howe", (WEEKLY, *follow)),
        "a calendar with holidays": bound(
            Schedule("s", "Europe/Berlin", (WEEKLY, Layer(START, "1d", SIX, when="not work")), covers="work"),
            {"work": WORK},
        ),
        "1,000 overrides": Schedule("s", "Europe/Berlin", (WEEKLY,), overrides=stand_ins),
        "an imported calendar of 1,500 events": Schedule("s", "Europe/Berlin", (WEEKLY, imported)),
    }


def question(schedule: Schedule, at: datetime) -> object:
    until = next_handover(schedule, at)
    following = on_call(schedule, until) if until else None
    return on_call(schedule, at), overridden(schedule, at), is_gap(schedule, at), until, following


def microseconds(call: Callable[[datetime], object], times: int) -> list[float]:
    found = []
    for number in range(times):
        started = time.thread_time()
        call(NOW + timedelta(hours=43.7 * (number - times // 4)))
        found.append((time.thread_time() - started) * 1e6)
    return found


def main() -> None:
    worst = 0.0
    for name, schedule in kinds().items():
        asked = microseconds(lambda at, schedule=schedule: question(schedule, at), QUESTIONS)  # type: ignore[misc]
        drawn = microseconds(lambda at, schedule=schedule: shifts(schedule, at, at + WEEK), 20)  # type: ignore[misc]
        middle = statistics.median(asked)
        worst = max(worst, middle)
        sys.stdout.write(
            f"{name}: median {middle:,.0f} µs, slowest {max(asked):,.0f} µs; a page's shifts "
            f"{statistics.median(drawn):,.0f} µs\n"
        )
    sys.stdout.write(f"ratio of the slowest to what is allowed = {worst / ALLOWED:.3f}\n")


if __name__ == "__main__":
    main()
