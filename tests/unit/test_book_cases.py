"""A rule book's own test cases: how they are read, and what they say when the book does something else."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.book import parse as parse_book
from rules.checks.book_cases import BadCases, Expected, differences, directory_of, parse
from rules.checks.explain import explain
from rules.duty import audience
from rules.reading.people import parse as parse_people
from rules.words import Alert, Severity

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
BOOK = parse_book(
    {
        "b.yaml": """
version: 1
routes: [{name: all, urgency: fast, policy: office}]
policies: {office: {steps: [{notify: ["person:ann@x.org"], wait: 90m}, {notify: ["person:bob@x.org"], wait: 1h}]}}
"""
    }
)
PEOPLE = directory_of(
    parse_people(
        """
people:
  - {email: ann@x.org, name: Ann, contacts: [{channel: ntfy, address: "https://ntfy.example/a"}]}
  - {email: bob@x.org, name: Bob, contacts: [{channel: email, address: bob@x.org}]}
""",
        "people.yaml",
        {},
    )
)
WHOLE = """
people: crew.yml
tests:
  - name: at night
    kind: ticket
    source: desk
    at: 2026-12-05T03:12
    payload: {id: 7, text: "7", ratio: 0.5, empty: , yes: true, list: [1, 1_0, nan-ish, 0x10]}
    expect: {alerts: 1, urgency: fast, route: all, policy: office, channels: [push, email], people: [b, a],
             times: [0s, 90m]}
  - {name: in a file, at: "2026-12-05T00:12:00Z", file: one.json, expect: {urgency: fast}}
"""


def test_a_file_of_cases():
    found = parse(WHOLE, "c.yaml", "Europe/Moscow")

    first, second = found.cases
    assert found.people == "crew.yml"
    assert (first.name, first.place, first.kind, first.source) == ("at night", "c.yaml:4", "ticket", "desk")
    assert first.at == second.at == NOW
    assert first.payload == {
        "id": 7, "text": "7", "ratio": 0.5, "empty": None, "yes": True, "list": [1, "1_0", "nan-ish", "0x10"],
    }  # fmt: skip
    assert first.expected == Expected(
        1, ("fast",), ("all",), ("office",), ("push", "email"), ("a", "b"), ("0s", "1h30m")
    )
    assert (second.kind, second.source, second.payload, second.file) == (
        "alertmanager",
        "alertmanager",
        None,
        "one.json",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tests: 5", ["c.yaml:1: tests: must be a list ([…] or lines that begin with '-')"]),
        ("cases: []", ["c.yaml:1: cases: unknown key", "c.yaml:1: tests: missing"]),
        ("tests: [{name: a, at: 2026-12-05, expect: {alerts: 0}}]", ["c.yaml:1: tests[0]: must have a payload or"]),
        (
            "tests: [{name: a, at: noon, file: x, payload: {}, expect: {}}]",
            [
                "c.yaml:1: tests[0]: must have",
                "c.yaml:1: tests[0].at: 'noon' is no",
                "c.yaml:1: tests[0].expect: expects",
            ],
        ),
        (
            "tests: [{name: a, at: 1066-10-14, file: x, expect: {urgency: loud, channels: [pigeon]}}]",
            [
                "c.yaml:1: tests[0].at: must lie between 1970 and 2200",
                "c.yaml:1: tests[0].expect.urgency: 'loud' is none of",
                "c.yaml:1: tests[0].expect.channels[0]: 'pigeon' is none of",
            ],
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text, expected):
    with pytest.raises(BadCases) as problem:
        parse(text, "c.yaml", "UTC")
    assert len(problem.value.complaints) == len(expected)
    assert all(one.startswith(start) for one, start in zip(problem.value.complaints, expected, strict=True))


def found(count=1):
    sent = [Alert("p", f"f{n}", True, f"No. {n}", Severity.ERROR, NOW) for n in range(count)]
    return [explain(alert, BOOK, PEOPLE, NOW + timedelta(0), audience.notices) for alert in sent]


@pytest.mark.parametrize(
    ("expected", "count", "lines"),
    [
        (Expected(1, ("fast",), ("all",), ("office",), ("push",), ("ann@x.org",), ("0s", "1h30m")), 1, []),
        (Expected(alerts=2), 1, ["alerts: expected 2, found 1"]),
        (Expected(urgency=("emergency",)), 1, ["urgency: expected emergency, found fast"]),
        (Expected(people=()), 1, ["people: expected none, found ann@x.org"]),
        (Expected(channels=("push", "email")), 1, ["channels: expected push, email, found push"]),
        (Expected(times=("0s",)), 2, [
            "times: expected 0s, found 0s, 1h30m (alert 1: No. 0)",
            "times: expected 0s, found 0s, 1h30m (alert 2: No. 1)",
        ]),
        (Expected(urgency=("fast",)), 0, ["the payload has no alert in it"]),
        (Expected(alerts=0), 0, []),
    ],
)  # fmt: skip
def test_what_differs_is_said(expected, count, lines):
    assert differences(expected, found(count)) == lines
