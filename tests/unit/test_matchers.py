"""Label matchers: Alertmanager's notation, its escapes, its idea of a missing label."""

from datetime import UTC, datetime

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.matchers import MAX_PATTERN, Matcher, seen_labels
from rules.words import Alert, Kind, Severity, Ticket

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "label", "operator", "value"),
    [
        ('team="web"', "team", "=", "web"),
        ("team=web", "team", "=", "web"),
        (' team  !=  "web" ', "team", "!=", "web"),
        ('team=~"web|db"', "team", "=~", "web|db"),
        ("team!~web.*", "team", "!~", "web.*"),
        (r'say="a\"b"', "say", "=", 'a"b'),
        (r'path="C:\\temp"', "path", "=", r"C:\temp"),
        (r'text="two\nlines"', "text", "=", "two\nlines"),
        (r'ip=~"10\.0\..*"', "ip", "=~", r"10\.0\..*"),
        ('empty=""', "empty", "=", ""),
        ('odd="{a=b, c!=d}"', "odd", "=", "{a=b, c!=d}"),
        ('"дата-центр"="Казань"', "дата-центр", "=", "Казань"),
        ('"with \\"quotes\\" and = sign"=x', 'with "quotes" and = sign', "=", "x"),
        ("🔥=да", "🔥", "=", "да"),
        ("job:rate=5m", "job:rate", "=", "5m"),
    ],
)
def test_it_reads_a_matcher(text, label, operator, value):
    matcher = Matcher.parse(text)

    assert (matcher.label, matcher.operator, matcher.value, matcher.text) == (label, operator, value, text.strip())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "cannot read the matcher"),
        ("severity", "cannot read the matcher"),
        ('="critical"', "cannot read the matcher"),
        ('sev erity="critical"', "cannot read the matcher"),
        ('severity=="critical"', "cannot read the value"),
        ("severity=", 'write it in double quotes ("" for empty)'),
        ("severity='critical'", "cannot read the value"),
        ('severity="critical', "cannot read the value"),
        ('severity="critical" or', "cannot read the value"),
        ('severity="a"b"', "cannot read the value"),
        ("text=two words", "cannot read the value"),
        ('""="x"', "the label has no name"),
        ('a=~"("', "is not a regular expression: missing )"),
        (r'a=~"(.)\1"', "is not a regular expression"),  # a back reference: exponential, so RE2 has none
        ('a=~"(?<=x)y"', "is not a regular expression"),
        ('a=~"((a{100}){100}){100}"', "is not a regular expression"),
        (f'a=~"{"x" * (MAX_PATTERN + 1)}y*"', "longer than 1000 characters"),
        ("a=" + "x" * 5000, "cannot read the matcher"),
        ('a=~"\ud800+"', "half a surrogate pair"),
    ],
)
def test_it_says_what_it_cannot_read(text, complaint):
    with pytest.raises(ValueError, match=r".") as problem:
        Matcher.parse(text)

    assert complaint in str(problem.value)
    assert len(str(problem.value)) < 400


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ('env="prod"', {"env": "prod"}, True),
        ('env="prod"', {"env": "Prod"}, False),
        ('env="prod"', {}, False),
        ('env=""', {}, True),
        ('env!=""', {}, False),
        ('env!="prod"', {}, True),
        ('env=~"prod|"', {}, True),
        ('env=~"prod|"', {"env": "prod"}, True),
        ('env=~"prod|"', {"env": "production"}, False),
        ('env=~"prod.*"', {"env": "production"}, True),
        ('env=~"rod.*"', {"env": "production"}, False),  # anchored at both ends
        ('env=~"prod|.*x"', {"env": "prod1"}, False),
        ('env=~"(?i)PROD"', {"env": "prod"}, True),
        ('env!~"prod|stage"', {"env": "stage"}, False),
        ('env!~"prod.+"', {}, True),
        ('env=~".*"', {}, True),
        ('env=~".+"', {"env": "two\nlines"}, False),  # as in Go: a dot is not a line break
        ('who=~"Ж.я"', {"who": "Жуя"}, True),
        ('who=~".*"', {"who": "half \ud83d"}, True),
        ('who=~"x+"', {"who": "\x00"}, False),
    ],
)
def test_it_matches_as_alertmanager_does(text, labels, expected):
    matcher = Matcher.parse(text)

    assert matcher.matches(labels) is expected
    assert matcher.explain(labels).ok is expected


def test_a_condition_reads_like_a_sentence():
    matcher = Matcher.parse('severity="critical"')

    assert matcher.explain({"severity": "warning"}).as_text() == 'severity="critical": severity is warning'
    assert matcher.explain({}).as_text() == 'severity="critical": severity is missing'


def test_a_catastrophic_pattern_takes_no_time_to_match():
    matcher = Matcher.parse('a=~"(x+x+)+y"')

    assert matcher.matches({"a": "x" * 5000}) is False


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_value_can_be_written_in_quotes(value, other):
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    matcher = Matcher.parse(f'label="{quoted}"')

    assert matcher.value == value
    assert matcher.matches({"label": value})
    assert matcher.matches({"label": other}) is (value == other)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text('ab"\\=~!{}\n .*(', max_size=15))
def test_any_text_is_a_matcher_or_a_value_error(text):
    try:
        matcher = Matcher.parse(text)
    except ValueError:
        return
    assert matcher.matches({}) in (True, False)


def alert(labels, **more):
    return Alert("prometheus-kazan", "f1", True, "Disk full", Severity.ERROR, NOW, labels=labels, **more)


def test_our_labels_are_added_where_the_sender_has_none():
    assert seen_labels(alert({"alertname": "DiskFull"})) == {
        "alertname": "DiskFull",
        "kind": "alert",
        "source": "prometheus-kazan",
        "severity": "error",
    }


def test_what_the_sender_says_stays():
    sent = {"severity": "page", "source": "switch 4", "kind": "disk"}

    assert seen_labels(alert(sent)) == sent


def test_an_empty_label_counts_as_missing():
    assert seen_labels(alert({"severity": ""}))["severity"] == "error"


def test_a_ticket_has_a_priority_and_an_event():
    sent = alert({"service": "mail", "site": "kazan"}, kind=Kind.TICKET, ticket=Ticket("SD-7", "created", "high"))

    assert seen_labels(sent) == {
        "kind": "ticket",
        "source": "prometheus-kazan",
        "priority": "high",
        "event": "created",
        "service": "mail",
        "site": "kazan",
    }


def test_looking_changes_nothing():
    sent = alert({"a": "b"})
    seen_labels(sent)

    assert sent.labels == {"a": "b"}


PATTERNS = [
    "ab?c",
    "ab*",
    "ab{0,2}c",
    "ab+",
    "a(b|c)d",
    "a|bc.*",
    "ab.*",
    "(?i)ab.*",
    "ab\\\\.c",
    "a b:c-.*",
    "[ab]c",
    "",
    "a",
    "ab$",
]
TEXTS = [
    "",
    "a",
    "ac",
    "abc",
    "ab",
    "abb",
    "abbc",
    "bc",
    "bcd",
    "AB",
    "ab.c",
    "a b:c-d",
    "abd",
    "ab\n",
    "x",
    "a" * 300,
    "\ud800",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_short_ways_say_what_the_expression_says(pattern):
    """The plain beginning that is asked first, the value that is remembered, and the test that routes share."""
    whole = re2.compile(pattern.replace("\\\\", "\\").encode()).fullmatch
    yes, no = (Matcher.parse(f'x{sign}"{pattern}"') for sign in ("=~", "!~"))
    for text in [*TEXTS, *TEXTS, *reversed(TEXTS)]:
        fits = whole(text.encode("utf-8", "replace")) is not None
        assert yes.matches({"x": text}) is fits, text
        assert no.matches({"x": text}) is not fits, text
    assert Matcher.parse(f'x=~"{pattern}"') == yes
