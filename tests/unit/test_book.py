"""The rule book: what it accepts, what it says about mistakes, and that no alert is ever without a route."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.book import BadRuleBook, RuleBook, fallback_route, parse
from rules.reading.book_keys import DEFAULT_CLASSES
from rules.words import Step, Urgency, Way

ROOT = Path(__file__).parent.parent.parent
MISTAKES = sorted((ROOT / "tests/rulebooks").glob("bad-*.yaml"))
NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
FRESH = {"book.yaml": (ROOT / "rules/book/book.yaml").read_text()}

HEAD = "version: 1\ntimezone: Asia/Yekaterinburg\n"
ROUTES = """
routes:
  - name: database
    match: ['service="db"', 'severity=~"critical|error"']
    urgency: emergency
    policy: databases
    group_by: [alertname, cluster]
  - {name: the rest, urgency: ordinary, policy: office}
"""
POLICIES = """
policies:
  databases:
    steps:
      - {notify: ["schedule:db", "person:boris@example.org"], wait: 1h30m}
      - {notify: ["team:db", "role:admin"], wait: 2d}
    repeat: 3
  office: {steps: [{notify: ["team:office"], wait: 1w}]}
"""


def complaints(texts):
    with pytest.raises(BadRuleBook) as problem:
        parse(texts)
    assert str(problem.value) == "\n".join(problem.value.complaints)
    return list(problem.value.complaints)


@pytest.mark.parametrize("file", MISTAKES, ids=lambda file: file.stem)
def test_a_mistake_is_named_with_its_line(file):
    raw = file.read_bytes()
    lines = raw.decode("utf-8", "replace").splitlines()
    expected = [f"{file.name}:{line.removeprefix('# expect: ')}" for line in lines if line.startswith("# expect: ")]
    started = time.monotonic()

    assert complaints({file.name: raw}) == expected
    assert time.monotonic() - started < 5


def test_there_are_mistakes_to_learn_from():
    assert len(MISTAKES) > 40


def test_a_book_in_one_file():
    book = parse({"book.yaml": HEAD + ROUTES + POLICIES})

    route = book.at(NOW).route({"service": "db", "severity": "critical"})
    assert (route.rule, route.urgency, route.policy, route.repeat) == ("database", Urgency.EMERGENCY, "databases", 3)
    assert route.group_by == ("alertname", "cluster")
    assert route.steps == (
        Step(("schedule:db", "person:boris@example.org"), timedelta(minutes=90)),
        Step(("team:db", "role:admin"), timedelta(days=2)),
    )
    assert (route.channels, route.fallback) == ((Way.VOICE, Way.PUSH), (Way.SMS, Way.EMAIL))
    assert route.acknowledge_within == timedelta(minutes=5)
    assert route.match == ('service="db"', 'severity=~"critical|error"')
    assert route.book_version == book.version
    assert book.timezone == "Asia/Yekaterinburg"
    assert dict(book.classes) == dict(DEFAULT_CLASSES)
    assert book.policies["office"].repeat == 0


def test_the_first_route_that_matches_decides_and_is_one_shared_object():
    book = parse({"book.yaml": HEAD + ROUTES + POLICIES})

    rest = book.at(NOW).route({"service": "db", "severity": "info"})
    assert rest.rule == "the rest"
    assert rest.group_by == ("alertname",)
    assert rest is book.at(NOW).route({}) is book.routes[1].route


def test_explain_ends_with_the_rule_that_decided():
    book = parse({"book.yaml": HEAD + ROUTES + POLICIES})

    first, last = book.at(NOW).explain({"service": "db", "severity": "info"})

    assert (first.rule, first.matched, [one.ok for one in first.conditions]) == ("database", False, [True, False])
    assert (last.rule, last.matched, last.conditions) == ("the rest", True, ())
    assert [one.rule for one in book.at(NOW).explain({"service": "db", "severity": "error"})] == ["database"]


def test_a_class_is_changed_key_by_key():
    urgencies = "urgencies:\n  fast: {channels: [sms]}\n  ordinary: {fallback: [push], acknowledge_within: 1d}\n"
    classes = parse({"book.yaml": HEAD + urgencies + ROUTES + POLICIES}).classes

    assert classes[Urgency.FAST].channels == (Way.SMS,)
    assert classes[Urgency.FAST].fallback == (Way.EMAIL,)
    assert classes[Urgency.ORDINARY].channels == (Way.EMAIL,)
    assert classes[Urgency.ORDINARY].fallback == (Way.PUSH,)
    assert classes[Urgency.ORDINARY].acknowledge_within == timedelta(days=1)
    assert classes[Urgency.EMERGENCY] == DEFAULT_CLASSES[Urgency.EMERGENCY]


def test_files_are_joined_in_the_order_of_their_names():
    first = "version: 1\nroutes:\n  - {name: mail, match: [service=mail], urgency: fast, policy: office}\n"
    book = parse({"20-rest.yaml": HEAD + ROUTES + POLICIES, "10-mail.yaml": first})

    assert [rule.name for rule in book.routes] == ["mail", "database", "the rest"]


def test_files_may_not_contradict_each_other():
    other = "version: 1\ntimezone: UTC\npolicies:\n  office: {steps: [{notify: ['team:x'], wait: 1h}]}\n"

    assert complaints({"a.yaml": HEAD + ROUTES + POLICIES, "b.yaml": other}) == [
        "b.yaml:2: timezone: already set in a.yaml:2",
        "b.yaml:4: policies.office: already defined in a.yaml:18",
    ]


def test_a_catch_all_in_an_early_file_hides_the_later_ones():
    other = "routes:\n  - {name: mail, match: [service=mail], urgency: fast, policy: office}\n"

    assert complaints({"a.yaml": HEAD + ROUTES + POLICIES, "b.yaml": other})[0] == (
        "b.yaml:2: routes[0]: never reached: 'the rest' above it takes everything that this one would"
    )


def test_an_unreadable_file_is_told_of_without_what_follows_from_it():
    assert complaints({"a.yaml": "routes: [", "b.yaml": b"\xff", "c.yaml": ROUTES}) == [
        "a.yaml:1: not valid YAML: did not find expected node content",
        "b.yaml:1: not UTF-8",
    ]


def test_a_directory_without_files_is_no_book():
    assert complaints({}) == ["rule book: there is no YAML file in it"]


def test_anchors_that_stay_small_are_fine():
    book = parse({"book.yaml": HEAD + ROUTES.replace("policy: databases", "policy: &p databases") + POLICIES})

    assert book.routes[0].route.policy == "databases"


def test_the_version_follows_the_content_and_not_the_comments():
    text = HEAD + ROUTES + POLICIES
    version = parse({"book.yaml": text}).version

    assert len(version) == 12
    assert parse({"book.yaml": "# a comment\n" + text}).version == version
    assert parse({"other.yaml": text}).version != version
    assert parse({"book.yaml": text.replace("1w", "2w")}).version != version


def test_a_byte_order_mark_and_windows_line_ends_are_fine():
    text = HEAD + ROUTES + POLICIES

    assert parse({"book.yaml": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()}).routes


@pytest.mark.parametrize(
    ("labels", "urgency"),
    [
        ({"kind": "alert", "severity": "critical"}, Urgency.EMERGENCY),
        ({"kind": "alert", "severity": "Page"}, Urgency.EMERGENCY),
        ({"kind": "alert", "severity": "error"}, Urgency.URGENT),
        ({"kind": "alert", "severity": "sev-7"}, Urgency.URGENT),
        ({"kind": "alert", "severity": "warning"}, Urgency.ORDINARY),
        ({"kind": "alert", "severity": "none"}, Urgency.ORDINARY),
        ({"kind": "ticket", "severity": "critical", "priority": "critical"}, Urgency.FAST),
        ({"kind": "ticket", "severity": "critical", "priority": "high"}, Urgency.FAST),
        ({"kind": "ticket", "severity": "error", "priority": "normal"}, Urgency.ORDINARY),
        ({}, Urgency.ORDINARY),
    ],
)
def test_the_book_of_a_fresh_install(labels, urgency):
    route = parse(FRESH).at(NOW).route(labels)

    assert route.urgency is urgency
    assert all(step.notify == ("role:admin",) for step in route.steps)
    if urgency is Urgency.EMERGENCY:
        assert (route.steps[0].wait, route.repeat) == (timedelta(minutes=5), 2)


def test_the_book_of_a_fresh_install_has_the_default_classes():
    assert dict(parse(FRESH).classes) == dict(DEFAULT_CLASSES)


def test_a_book_that_nobody_checked_still_routes_to_somebody():
    empty = RuleBook("0", "UTC", {}, (), {})

    route = empty.at(NOW).route({"a": "b"})
    assert route == fallback_route(empty)
    assert route.urgency is Urgency.URGENT
    assert route.steps == (Step(("role:admin",), timedelta(minutes=15)),)


NAMES = st.sampled_from(["severity", "env", "service", "kind", "Ω"])
VALUES = st.sampled_from(["", "critical", "prod", "db", "a b", "Ω", "x" * 30])


@st.composite
def books(draw):
    """A book of any routes that can be written, with a catch-all at its end."""
    matcher = st.builds(lambda name, sign, value: f"{name}{sign}{value!r}".replace("'", '"'), NAMES, SIGNS, VALUES)
    matches = draw(st.lists(st.lists(matcher, min_size=1, max_size=3, unique=True), max_size=6))
    lines = [
        f"  - {{name: r{i}, match: {['Q' + one for one in match]}, urgency: {draw(URGENCIES)}, policy: p}}"
        for i, match in enumerate(matches)
    ]
    routes = "\n".join(lines).replace("'Q", "'")
    end = f"  - {{name: all, urgency: {draw(URGENCIES)}, policy: p}}"
    return f"version: 1\nroutes:\n{routes}\n{end}\npolicies: {{p: {{steps: [{{notify: ['role:admin'], wait: 5m}}]}}}}\n"


SIGNS = st.sampled_from(["=", "!=", "=~", "!~"])
URGENCIES = st.sampled_from([urgency.value for urgency in Urgency])


@settings(derandomize=True, max_examples=150, deadline=None)
@given(books(), st.lists(st.dictionaries(st.one_of(NAMES, st.text()), st.one_of(VALUES, st.text())), max_size=40))
def test_no_alert_is_without_a_route(text, label_sets):
    try:
        book = parse({"book.yaml": text})
    except BadRuleBook as problem:  # routes that could never be reached: the one mistake that such a book can have
        assert all("never reached" in complaint for complaint in problem.complaints)  # noqa: PT017
        return
    for labels in label_sets:
        route = book.at(NOW).route(labels)
        assert route.steps
        assert book.at(NOW).explain(labels)[-1].rule == route.rule
        assert fallback_route(book).steps


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.text("[]{}:,-&*!|>'\"#% \n\tab1~?")))
def test_any_text_is_a_book_or_complaints_with_places(text):
    with pytest.raises(BadRuleBook) as problem:
        parse({"any.yaml": text})
    assert all(complaint.startswith("any.yaml:") for complaint in problem.value.complaints)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "{a: " * 200_000,
        "- x\n" * 250_000,
        "".join(f"key{number}: 1\n" for number in range(29_000)),
        "? " * 300_000,
        "a: 1\n" * 29_000,
        "x" * 2_000_000,
        "version: 1\nroutes:\n" + "".join(f"  - {{name: r{n}, match: [a=~x{n}.*]}}\n" for n in range(2_500)),
    ],
    ids=["lists", "mappings", "items", "keys", "questions", "doubles", "size", "patterns"],
)
def test_a_bomb_is_refused_in_time(text):
    started = time.monotonic()

    assert len(complaints({"bomb.yaml": text})) <= 201
    assert time.monotonic() - started < 6


def test_a_thousand_routes_are_asked_in_two_milliseconds():
    routes = "".join(
        f"  - {{name: r{n}, match: ['service=\"s{n}\"', 'env=~\"prod.*\"'], urgency: fast, policy: office}}\n"
        for n in range(999)
    )
    text = f"version: 1\nroutes:\n{routes}  - {{name: all, urgency: fast, policy: office}}\n{POLICIES}"
    book = parse({"book.yaml": text})
    labels = {"service": "none of them", "env": "production"}

    fastest = min(_seconds(lambda: book.at(NOW).route(labels)) for _ in range(20))

    assert fastest < 0.002
    timed = text.replace("urgency: fast", "when: work, urgency: fast", 500)
    book = parse({"book.yaml": f"calendars: {{work: {{days: mon-sun, holidays: RU}}}}\n{timed}"})
    assert min(_seconds(lambda: book.at(NOW).route(labels)) for _ in range(20)) < 0.002


def _seconds(call):
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


TIMED = """
calendars: {work: {days: mon-fri, hours: "09:00-18:00"}}
routes:
  - {name: archive, continue: true, match: ['env!="lab"'], urgency: ordinary, policy: office}
  - name: off hours
    when: not work
    match: [{any: ['severity="critical"', 'page=yes']}, {not: ['env="test"', {all: [env=stage, team=qa]}]}]
    urgency: emergency
    policy: databases
  - {name: the rest, urgency: fast, policy: databases}
"""
WORKING = datetime(2026, 12, 4, 4, 30, tzinfo=UTC)  # 09:30 in Yekaterinburg


@pytest.mark.parametrize(
    ("labels", "now", "rule", "told_too"),
    [
        ({"severity": "critical"}, NOW, "off hours", ["archive"]),
        ({"severity": "critical"}, WORKING, "the rest", ["archive"]),
        ({"page": "yes", "env": "lab"}, NOW, "off hours", []),
        ({"severity": "critical", "env": "test"}, NOW, "the rest", ["archive"]),
        ({"severity": "critical", "env": "stage"}, NOW, "off hours", ["archive"]),
        ({"severity": "critical", "env": "stage", "team": "qa"}, NOW, "the rest", ["archive"]),
        ({}, NOW, "the rest", ["archive"]),
    ],
)
def test_groups_the_time_and_routes_that_go_on(labels, now, rule, told_too):
    reading = parse({"book.yaml": HEAD + TIMED + POLICIES}).at(now)

    route = reading.route(labels)
    assert (route.rule, [also.rule for also in route.steps[0].also]) == (rule, told_too)
    assert all(also.channels == (Way.EMAIL,) for also in route.steps[0].also)
    assert reading.route(dict(labels)) is route  # one object for all alerts alike: a storm counts on it
    matched = [one.rule for one in reading.explain(labels) if one.matched]
    assert matched == [*told_too, rule]


def test_a_book_reads_the_same_for_a_minute_and_no_longer():
    book = parse({"book.yaml": HEAD + TIMED + POLICIES})
    nine = datetime(2026, 12, 4, 4, 0, tzinfo=UTC)

    assert book.at(nine) is book.at(nine + timedelta(seconds=59))
    assert book.at(nine - timedelta(microseconds=1)).standings["work"].open is False
    assert book.at(nine).standings["work"].open is True
    for minute in range(200):  # however many moments it is asked for
        book.at(nine + timedelta(minutes=minute))
    assert parse(FRESH).at(NOW) is not parse(FRESH).at(NOW)
    plain = parse(FRESH)
    assert plain.at(NOW) is plain.at(nine)


def test_groups_are_told_of_with_what_their_labels_are():
    verdict = parse({"book.yaml": HEAD + TIMED + POLICIES}).at(NOW).explain({"page": "no"})[1]

    assert [one.as_text() for one in verdict.conditions] == [
        'any: [severity="critical", page=yes]: severity is missing, page is no',
        'not: [env="test", all: [env=stage, team=qa]]: env is missing, team is missing',
        "when: not work: work is closed (Sat 2026-12-05 05:12 Asia/Yekaterinburg, not one of its days)",
    ]
