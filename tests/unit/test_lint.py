"""What `rules check` says beyond mistakes: routes nothing meets, and people who cannot be told."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from rules.book import parse
from rules.checks.book_cases import directory_of
from rules.checks.lint import lint
from rules.checks.lint_people import lint_people
from rules.reading.people import parse as parse_people
from rules.words import Directory

HIDDEN = "b.yaml:4: routes[1]: warning: never reached"
NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
REST = """
  - {name: all, urgency: ordinary, policy: office}
policies: {office: {steps: [{notify: ["team:office"], wait: 1h}]}}
"""
PEOPLE = """
people:
  - {email: ann@x.org, name: Ann, role: responder, contacts: [{channel: email, address: ann@x.org}]}
  - {email: bob@x.org, name: Bob, role: responder, contacts: [{channel: ntfy, address: "https://ntfy.example/bob"}]}
  - {email: cat@x.org, name: Cat, role: responder}
  - {email: max@x.org, name: Max, role: viewer, contacts: [{channel: email, address: max@x.org}]}
teams:
  - {name: ops, members: [ann@x.org, bob@x.org]}
  - {name: board, members: [max@x.org, ann@x.org]}
  - {name: nobody, members: []}
schedules:
  - {name: late, timezone: UTC, layers: [{start: "2026-12-12T00:00", every: 1w, members: [ann@x.org]}]}
  - {name: always, timezone: UTC, layers: [{start: "2026-11-02T00:00", every: 1w, members: [ann@x.org]}]}
"""


def routes(*lines, before=""):
    book = parse({"b.yaml": "version: 1\n" + before + "routes:\n" + "".join(f"  - {line}\n" for line in lines) + REST})
    return [one.as_text() for one in lint(book, NOW)]


def route(name, match, more=""):
    return f"{{name: {name}, match: {match}, urgency: fast, policy: office{more}}}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([route("a", "[x=1]"), route("b", "[x=2]")], []),
        ([route("a", "['x=~\"1|2\"']"), route("b", "[x=2]")], ["b.yaml:4: routes[1]: warning: never reached: 'a'"]),
        ([route("a", "['x=~\"1|2\"']"), route("b", "[x=3]")], []),
        ([route("a", "['x!=\"\"']"), route("b", "['x=~\"1|2\"', y=1]")], [HIDDEN]),
        ([route("a", "['x!=\"\"']"), route("b", "['x=~\"1|\"', y=1]")], []),
        ([route("a", "[{any: [x=1, y=1]}]"), route("b", "[y=1, z=1]")], [HIDDEN]),
        ([route("a", "[{all: [x=1, y=1]}]"), route("b", "[y=1, z=1]")], []),
        ([route("a", "[{not: [x=1]}]"), route("b", "[x=2]")], []),
        ([route("a", "['x=~\"1|2\"']", ", continue: true"), route("b", "[x=2]")], []),
        ([route("a", "[x=1, x=2]")], ["b.yaml:3: routes[0]: warning: never met: x=1 cannot hold"]),
        ([route("a", "[x=1, 'x=~\"2.*\"']")], ["b.yaml:3: routes[0]: warning: never met"]),
        ([route("a", "[x=1, 'x!=\"\"']")], []),
        ([route("a", "['x=~\".*\"']")], ["b.yaml:3: routes[0]: warning: x=~\".*\" holds for everything"]),
        ([route("a", "[{not: ['x!~\".*\"']}]")], ["b.yaml:3: routes[0]: warning: x!~\".*\" holds for nothing"]),
    ],
)  # fmt: skip
def test_routes(lines, expected):
    found = routes(*lines)

    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found


def test_routes_by_the_time_hide_only_what_they_take():
    before = "calendars: {work: {days: mon-fri}}\n"
    timed, plain = route("a", "['x=~\"1|2\"']", ", when: work"), route("b", "[x=1]")

    assert routes(timed, plain, before=before) == []
    assert len(routes(timed, route("b", "[x=1]", ", when: work"), before=before)) == 1


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("{days: mon-fri}", []),
        ("{days: sun, days_off: [2026-12-06]}", []),
        ("{short_days: {2020-01-01: '09:00-12:00'}, days: mon, hours: '09:00-10:00', holidays: RU}", []),
        ("{}", ["b.yaml:2: calendars.c: warning: never closes: leave it out"]),
    ],
)
def test_calendars(calendar, expected):
    assert routes(before=f"calendars: {{c: {calendar}}}\n") == expected


def test_a_calendar_that_never_opens():
    mondays = ", ".join(f"{datetime(2026, 11, 30, tzinfo=UTC) + timedelta(weeks=week):%Y-%m-%d}" for week in range(120))

    assert routes(before=f"calendars: {{c: {{days: mon, days_off: [{mondays}]}}}}\n") == [
        "b.yaml:2: calendars.c: warning: never opens in the next two years"
    ]


def test_a_channel_that_falls_back_on_itself_and_a_policy_without_a_route():
    before = "urgencies: {fast: {channels: [push], fallback: [email, push]}}\n"
    more = "  idle: {steps: [{notify: ['role:admin'], wait: 1h}]}\n"
    text = f"version: 1\n{before}routes:{REST}".replace("policies: {office: ", "policies:\n  office: ")
    book = parse({"b.yaml": text.rstrip().removesuffix("}") + "\n" + more})

    assert [one.as_text() for one in lint(book, NOW)] == [
        "b.yaml:2: urgencies.fast: warning: push is its own fallback: it would fail a second time",
        "b.yaml:7: policies.idle: warning: no route names this policy",
    ]


def people(*notify, urgency="fast", crew=PEOPLE):
    names = ", ".join(f'"{one}"' for one in notify)
    text = f"version: 1\nroutes: [{{name: all, urgency: {urgency}, policy: p}}]\n"
    book = parse({"b.yaml": f"{text}policies: {{p: {{steps: [{{notify: [{names}], wait: 1h}}]}}}}\n"})
    directory = directory_of(parse_people(crew, "people.yaml", {})) if crew else Directory()
    return [one.as_text().removeprefix("b.yaml:3: policies.p: ") for one in lint_people(book, directory, NOW)]


@pytest.mark.parametrize(
    ("notify", "urgency", "expected"),
    [
        (["person:bob@x.org"], "fast", []),
        (["person:ann@x.org"], "fast", ["warning: ann@x.org has no verified contact for push (fast): told by email"]),
        (
            ["person:cat@x.org", "person:bob@x.org"],
            "fast",
            ["warning: cat@x.org can be paged as fast and has no verified contact for push or email"],
        ),
        (["person:bob@x.org", "person:eve@x.org"], "fast", ["warning: person:eve@x.org: there is no such person"]),
        (
            ["person:bob@x.org", "person:max@x.org"],  # G2
            "fast",
            ["person:max@x.org: max@x.org is a viewer, and viewers are never paged"],
        ),
        (["team:board"], "ordinary", ["team:board: max@x.org is a viewer, and viewers are never paged"]),
        (["team:ops", "team:opps"], "ordinary", [
            "warning: team:opps: there is no such team",
            "warning: bob@x.org can be paged as ordinary and has no verified contact for email",
        ]),
        (["person:bob@x.org", "schedule:none"], "fast", ["warning: schedule:none: there is no such schedule"]),
        (["schedule:always"], "ordinary", []),
        (["team:nobody"], "fast", [
            "warning: team:nobody: the team has no members and no address",
            "reaches nobody: only the administrators would be told",
        ]),
        (["role:admin"], "fast", ["reaches nobody: only the administrators would be told"]),
    ],
)  # fmt: skip
def test_people(notify, urgency, expected):
    assert people(*notify, urgency=urgency) == expected


def test_a_schedule_that_is_empty_for_a_while():
    assert people("schedule:late", "team:ops", urgency="ordinary")[0] == (
        "warning: schedule:late: nobody is on call for 168 of the next 336 hours, first at 2026-12-05T00:12+00:00"
    )


def test_without_people_nothing_is_said_about_them():
    assert people("person:eve@x.org", crew="") == []


def test_a_thousand_routes_are_looked_through_in_time():
    lines = [route(f"r{n}", f"['env=\"prod\"', 'service=\"s{n}\"']") for n in range(999)]
    started = time.process_time()

    assert routes(*lines) == []
    assert time.process_time() - started < 10
