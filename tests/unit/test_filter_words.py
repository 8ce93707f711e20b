"""The words of the filter box: how they are split, what is refused, and that the address says the same again."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from dashboard.incidents import filters
from dashboard.incidents.storms import Fold, fold
from gateway.lists.filters import moment_of
from gateway.lists.grammar import Part, split
from gateway.lists.matching import Light
from gateway.lists.sheet import safe

NOW, MOSCOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC), ZoneInfo("Europe/Moscow")


def read(**args):
    return filters.read(MultiDict(args), NOW, MOSCOW)


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("", []),
        ("two words", [Part("", "two"), Part("", "words")]),
        ('"exact text" more', [Part("", "exact text"), Part("", "more")]),
        ("service:billing", [Part("service", "billing")]),
        ('service:"two words"', [Part("service", "two words")]),
        ("cluster=billing", [Part("label", "cluster=billing")]),
        ("-env=dev", [Part("label", "env!=dev")]),
        ("-env=~dev|test", [Part("label", 'env!~"dev|test"')]),
        ('name="a b"', [Part("label", 'name="a b"')]),
        ("env=~(", [Part("label", 'env=~"("', "unreadable")]),
        ("colour:red", [Part("colour", "red", "unknown word")]),
        ("-service:x", [Part("service", "x", "not without")]),
        ("10:30 db01:9100", [Part("", "10:30"), Part("", "db01:9100")]),
        ("https://example/x", [Part("", "https://example/x")]),
        ('"never closed', [Part("", "never closed")]),
    ],
)  # fmt: skip
def test_what_is_typed_is_split(typed, parts):
    assert split(typed) == parts


def test_while_somebody_types_a_word_without_its_end_is_no_word_yet():
    assert split("disk service:bil", going_on=True) == [Part("", "disk")]
    assert split("disk service:bil ", going_on=True)[1:] == [Part("service", "bil")]


@pytest.mark.parametrize(
    "typed",
    [
        "service:billing urgency:emergency cluster=billing -env=dev exact", 'status:all from:-7d to:now "service:x"',
        'team:infra assignee:me source:"am one" sort:-alerts', 'q "with \\" quotes"', "urgency:1,3 label",
        "target:missed paged:mon-03",
    ],
)  # fmt: skip
def test_the_address_says_the_same_again(typed):
    wanted = read(q=typed)
    assert wanted.problems == ()
    again = filters.read(MultiDict(parse_qsl(wanted.query)), NOW, MOSCOW)
    assert again == wanted


def test_what_cannot_be_read_is_left_out_with_a_reason_and_the_rest_holds():
    wanted = read(
        q="colour:red urgency:loud from:soon paged:mon-24 target:x counted:no service:billing",
        sort="up",
        status="open",
        after="x",
    )
    assert [(one.word, one.reason) for one in wanted.problems] == [
        ("sort", "no such value"), ("colour", "unknown word"), ("urgency", "no such value"), ("from", "no time"),
        ("paged", "no hour"), ("target", "no such value"), ("counted", "no such value"),
    ]  # fmt: skip
    assert (wanted.service, wanted.status, wanted.urgencies, wanted.sort) == ("billing", "open", (), "-urgency")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", "2026-12-05T03:12"), ("-2h", "2026-12-05T01:12"), ("-7d", "2026-11-28T03:12"),
        ("yesterday-22:00", "2026-12-04T22:00"), ("today-09:00", "2026-12-05T09:00"),
        ("2026-11-22", "2026-11-22T00:00"),
        ("2026-11-22T03:00+00:00", "2026-11-22T06:00"), ("soon", None), ("-5", None), ("-999999w", None),
        ("yesterday-77:00", None),
    ],
)  # fmt: skip
def test_moments(text, at):
    found = moment_of(text, NOW, MOSCOW)
    assert (f"{found.astimezone(MOSCOW):%Y-%m-%dT%H:%M}" if found else None) == at


@pytest.mark.parametrize("start", "=+-@\t\uff1d\uff0b\uff0d\uff20")
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\ufeff", "\u200b\u202e", "\u3000 "])
def test_no_cell_is_a_formula(before, start):
    assert safe(f"{before}{start}1+1") == f"'{before}{start}1+1"
    assert safe(f"{before}1+1") == f"{before}1+1"
    assert safe(f"1{start}") == f"1{start}"


def lights(count, source=1, place=0, every=10, start=0):
    return [
        Light(start + n, place, source, (1_780_000_000 - n * every) * 1_000_000, 1) for n in range(count)
    ]  # fmt: skip


def test_a_storm_is_one_line_where_its_first_one_stood():
    other = lights(1, source=2, start=900)
    shown = fold([*lights(2, place=1, start=800), *other, *lights(30, start=100)], read())
    assert [type(one) for one in shown] == [Light, Light, Light, Fold]
    assert shown[-1].ids == tuple(range(129, 99, -1))
    assert all(isinstance(one, Light) for one in fold(lights(20), read()))  # more than twenty
    assert all(isinstance(one, Light) for one in fold(lights(30, every=16), read()))  # within five minutes
    assert len(fold(lights(30), read(fold="no"))) == 30
