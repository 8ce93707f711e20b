"""How long the rule book thinks about one alert: a thousand routes of which the last one takes it.

.venv/bin/python bench/routes.py [--routes 1000]

The worst case on purpose: an alert that no earlier route takes, with values that were never seen. Prints microseconds
of processor time an alert for several kinds of books, the best and the middle of many rounds, and what part of the two
milliseconds that are allowed the slowest takes.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rules.book import RuleBook, parse
from rules.reading import lookups

ALLOWED = 2000.0  # microseconds
ROUNDS, EACH = 30, 10
NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
LABELS = {
    "alertname": "InstanceDown",
    "severity": "critical",
    "service": "none of them",
    "env": "production",
    "team": "web",
}
CALENDARS = 'calendars: {work: {days: mon-fri, hours: "09:00-18:00", holidays: RU, timezone: Europe/Moscow}}\n'
TABLE = "lookups: [{file: services.csv, by: service}]\n"
REST = """  - {name: all, urgency: fast, policy: office}
policies: {office: {steps: [{notify: ["team:office"], wait: 1h}]}}
"""
BOOKS: dict[str, tuple[str, str]] = {
    "one equality": ("", "match: ['service=\"s{n}\"']"),
    "two conditions, a set of words": ("", "match: ['severity=~\"critical|error\"', 'service=\"s{n}\"']"),
    "two conditions, an expression": ("", "match: ['env=~\"prod.*\"', 'pod=~\"[a-z ]*{n}-x\"']"),
    "groups": ("", "match: [{{any: ['service=\"s{n}\"', 'service=\"t{n}\"']}}, {{not: ['env=\"lab\"']}}]"),
    "by the time, closed": (CALENDARS, "match: ['service=\"s{n}\"'], when: work"),
    "by the time, open": (CALENDARS, "match: ['service=\"s{n}\"'], when: not work"),
    "a table of 10,000 rows": (TABLE, "match: ['team=\"t{n}\"']"),
}


def book(head: str, conditions: str, routes: int) -> RuleBook:
    lines = "".join(
        f"  - {{name: r{n}, {conditions.format(n=n)}, urgency: fast, policy: office}}\n" for n in range(routes - 1)
    )
    rows = "".join(f"s{n},t{n},Moscow\n" for n in range(9_999))
    table = f"service,team,site\nnone of them,web,Kazan\n{rows}"
    return parse({"book.yaml": f"version: 1\n{head}routes:\n{lines}{REST}", "services.csv": table})


def microseconds(call: Callable[[int], object]) -> tuple[float, float]:
    """Best and median of one call."""
    found = []
    for round_ in range(ROUNDS):
        started = time.thread_time()
        for one in range(EACH):
            call(round_ * EACH + one)
        found.append((time.thread_time() - started) / EACH * 1e6)
    return min(found), statistics.median(found)


def asked(made: RuleBook) -> Callable[[int], object]:
    """As intake asks, each time at another minute: no reading of the book is found ready."""

    def ask(count: int) -> object:
        labels = {**LABELS, "env": f"production-{count}", "pod": f"none of them-{count}"}
        lookups.add(made.lookups, labels)
        return made.at(NOW + timedelta(minutes=count)).route(labels)

    return ask


def main() -> None:
    options = argparse.ArgumentParser(prog="bench/routes.py")
    options.add_argument("--routes", type=int, default=1000)
    routes = options.parse_args().routes
    worst = 0.0
    for name, (head, conditions) in BOOKS.items():
        # Two expressions each: a book may have a thousand of them.
        count = min(routes, 500) if "expression" in name else routes
        best, middle = microseconds(asked(book(head, conditions, count)))
        worst = max(worst, middle)
        sys.stdout.write(f"{name}: {count} routes, best {best:,.0f} µs, median {middle:,.0f} µs an alert\n")
    sys.stdout.write(f"ratio of the slowest to what is allowed = {worst / ALLOWED:.3f}\n")


if __name__ == "__main__":
    main()
