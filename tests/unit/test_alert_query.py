"""Queries as Opsgenie's clients write them."""

from datetime import UTC, datetime

import pytest

from rules.senders.alert_query import DEEPEST, LONGEST, MOST, BadQuery, Seen, read

MAIL = Seen(
    "mail/03", "Mail is DOWN: Почта", True, "P1", frozenset({"env:prod", "eu west"}), datetime(2026, 12, 5, tzinfo=UTC)
)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "  ",
        "status:open",
        "status : OPEN",
        "status=open",
        "NOT status: closed",
        "not not status: open",
        "alias: mail/03",
        'alias: "mail/03"',
        "alias: mail*",
        "alias: *l/0*",
        "message: down",
        'message: "mail is"',
        "message: ПОЧТА",
        "message: mail*down",
        "priority: p1",
        "priority: (P3 OR P1)",
        "tag: env:prod",
        'tags: "EU West"',
        "tag: env:*",
        "status: closed OR priority: P1",
        "status: closed AND priority: P2 OR tag: env:prod",
        "(status: open) AND (tag: env:test OR (tag: env:prod))",
        "status: open priority: P1",
        "createdAt > 1764892800000",
        "createdAt >= 2026-12-05",
        "createdAt<=2026-12-05T03:00:00+03:00",
    ],
)
def test_what_fits_an_alert(query):
    assert read(query)(MAIL)


@pytest.mark.parametrize(
    "query",
    [
        "status: closed",
        "status: resolved",
        "NOT status: open",
        "alias: mail",
        "alias: mail/03*03",
        "message: down*mail",
        "priority: P2",
        "priority: (P2 OR P3)",
        "tag: env",
        "status: open AND priority: P2",
        "status: open priority: P2",
        "status: closed AND (priority: P2 OR tag: env:prod)",
        "createdAt < 2026-12-05",
    ],
)
def test_what_does_not(query):
    assert not read(query)(MAIL)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("mail", "a condition such as status: open is wanted before: mail"),
        ("status: open mail", "a condition such as status: open is wanted before: mail"),
        ("owner: anna", "owner cannot be asked for: status, alias, tag, message, priority and createdAt can"),
        ("status: acked", "status is open or closed, not acked"),
        ("status > open", "status cannot be compared by >"),
        ("priority: P6", "priority is one of P1 to P5, not P6"),
        ("createdAt: 2026-12-05", "createdAt is compared by <, <=, > or >="),
        (
            "createdAt > yesterday",
            "createdAt takes milliseconds since 1970 or a date such as 2026-12-05, not yesterday",
        ),
        ("status:", "status has no value"),
        ("(status: open", "a bracket is not closed"),
        ("priority: (P1 P2)", "a bracket is not closed"),
        ("status: open)", "a bracket is closed that was not opened: )"),
        ("status: open AND", "a condition such as status: open is wanted before: "),
        ("NOT " * (DEEPEST + 1) + "status: open", f"more than {DEEPEST} brackets and NOTs within each other"),
        ("(" * 300, f"more than {DEEPEST} brackets and NOTs within each other"),
        (" ".join(["alias:a"] * (MOST + 1)), f"more than {MOST} conditions"),
        ("a" * (LONGEST + 1), f"the query is longer than {LONGEST} characters"),
    ],
)
def test_what_cannot_be_asked_is_said(query, words):
    with pytest.raises(BadQuery) as refused:
        read(query)
    assert str(refused.value) == words


def test_an_alias_is_looked_for_by_the_name_it_was_given():
    assert read("alias: something/long", lambda alias: "mail/03" if alias == "something/long" else "")(MAIL)
