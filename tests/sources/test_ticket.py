"""Generic tickets: events, states, priorities, people."""

import json
from datetime import UTC, datetime

import pytest

from gateway.loader import load
from gateway.sources import BadPayload, Heard
from gateway.sources.ticket import parse
from rules.senders.writeback import names_of
from rules.words import Severity
from tests.conftest import SHARED
from tests.databases import missing

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
AT = "2026-12-05T00:00:00Z"


def parsed(**body):
    return parse({"id": "T-1", "updated_at": AT, **body}, Heard("desk", NOW))


def read(**body):
    (alert,) = parsed(**body).alerts
    return alert


@pytest.mark.parametrize(
    ("event", "status", "firing", "touch"),
    [
        ("created", "", True, False),
        ("created", "closed", True, False),
        ("reopened", "closed", True, False),
        ("solved", "open", False, False),
        ("closed", "", False, False),
        ("ticket.closed", "", False, False),
        ("updated", "Closed", False, False),
        ("commented", "resolved", False, False),
        ("assigned", "done", False, False),
        ("updated", "In_Progress", True, False),
        ("arrival", "open", True, False),
        ("updated", "on hold", True, True),
        ("commented", "", True, True),
        ("exploded", "", True, True),
        (None, None, True, True),
    ],
)
def test_events_and_states(event, status, firing, touch):
    alert = read(event=event, status=status)
    assert (alert.firing, alert.touch) == (firing, touch)
    assert alert.starts_at == datetime(2026, 12, 5, tzinfo=UTC)
    assert alert.ends_at == (None if firing else alert.starts_at)


@pytest.mark.parametrize(
    ("given", "event"),
    [
        ("ticket.created", "created"),
        ("ticket:Solved", "solved"),
        ("opened", "created"),
        ("exploded", "updated"),
        (7, "updated"),
    ],
)
def test_event_names(given, event):
    assert read(event=given).ticket.event == read(event=given).labels["event"] == event


@pytest.mark.parametrize(
    ("given", "priority", "severity"),
    [
        ("critical", "critical", "critical"),
        ("HIGH", "high", "error"),
        ("normal", "normal", "warning"),
        ("low", "low", "info"),
        ("P1", "high", "error"),
        (None, "high", "error"),
        ("", "high", "error"),
        (3, "high", "error"),
    ],
)
def test_priorities(given, priority, severity):
    alert = read(priority=given)
    assert (alert.ticket.priority, alert.labels["priority"], alert.severity) == (priority, priority, severity)


def test_a_source_has_its_own_default_priority():
    heard = Heard("desk", NOW, default_priority="critical")
    assert parse({"id": "1"}, heard).alerts[0].severity is Severity.CRITICAL


def test_what_is_not_known_is_noted():
    assert parsed(event="exploded", priority="P1").notes == [
        "event 'exploded' is not known: read as updated",
        "priority 'p1' is not known: read as high",
    ]


@pytest.mark.parametrize("given", [None, "", "  ", True, [], {}, ["T"], {"a": 1}])
def test_a_ticket_without_an_id_is_refused(given):
    with pytest.raises(BadPayload) as caught:
        parsed(id=given)
    assert caught.value.place == "id"


@pytest.mark.parametrize("body", [None, [], [{"id": 1}], "T-1", 5])
def test_what_is_no_ticket_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, Heard("desk", NOW))


def test_a_long_id_is_hashed_and_kept():
    alert = read(id="T" * 65)
    assert (len(alert.fingerprint), alert.ticket.key) == (32, "T" * 65)
    assert alert.fingerprint != read(id="T" * 66).fingerprint


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"subject": "S", "title": "T"}, "S"),
        ({"title": "T\nU"}, "T U"),
        ({}, "T-1"),
        ({"subject": " ", "title": None}, "T-1"),
    ],
)
def test_titles(fields, title):
    assert read(**fields).title == title


def test_an_unusable_time_is_flagged():
    alert = read(updated_at="yesterday", event="closed")
    assert (alert.starts_at, alert.clock_suspect, alert.ticket.updated_at) == (NOW, True, None)


@pytest.mark.parametrize(
    ("given", "requester"),
    [
        ("p@client.example", {"email": "p@client.example"}),
        ("Пётр <p@client.example>", {"name": "Пётр", "email": "p@client.example"}),
        (
            {"name": "P", "email": "p@client.example", "vip": True},
            {"name": "P", "email": "p@client.example", "vip": True},
        ),
        (
            {"email": "p@client.example\r\nBcc: all@client.example"},
            {"name": "p@client.example Bcc: all@client.example"},
        ),
        ("nobody", {"name": "nobody"}),
        (None, {}),
        ([], {}),
        (["a@x.example", {"email": "b@x.example"}, "bad"], {"email": "a@x.example", "others": ["b@x.example"]}),
    ],
)
def test_requesters(given, requester):
    assert read(requester=given).ticket.requester == requester


def test_of_a_thousand_requesters_twenty_are_kept_and_noted():
    found = parsed(requester=[f"u{number}@client.example" for number in range(1000)])
    requester = found.alerts[0].ticket.requester
    assert (requester["email"], len(requester["others"])) == ("u0@client.example", 19)
    assert found.notes == ["requester: only the first 20 of 1000 are kept"]


@pytest.mark.parametrize(
    ("given", "public"),
    [
        ({"text": "x", "public": True}, True),
        ({"text": "x"}, False),
        ({"text": "x", "public": "yes"}, False),
        ("x", False),
    ],
)
def test_a_comment_is_public_only_by_a_plain_yes(given, public):
    comment = read(comment=given).ticket.comment
    assert (comment["text"], comment["public"]) == ("x", public)


def test_comments_from_elsewhere():
    assert read(comment={"author": {"name": "A"}, "attachments": [1, 2]}).ticket.comment == {
        "author": "A", "text": "", "attachments": 2, "public": False,
    }  # fmt: skip
    assert read(comment=7).ticket.comment == {}
    assert read(comment={}).ticket.comment == {}


def test_links_and_long_texts():
    alert = read(url="javascript:x", description="ж" * 20_000)
    assert (alert.url, alert.annotations["url"]) == ("", "javascript:x")
    assert len(alert.annotations["description"].encode()) <= 16_384
    assert read(url="https://desk.example/1").url == "https://desk.example/1"


def test_labels_of_the_sender_win():
    labels = read(labels={"site": "own", "x": 1}, site="kazan", service="mail").labels
    assert labels == {"site": "own", "x": "1", "priority": "high", "event": "updated", "service": "mail"}


def corpus():
    manifest = SHARED / "corpus/visible/manifest.jsonl"
    cases = [json.loads(line) for line in manifest.read_text().splitlines()] if manifest.exists() else []
    return [case for case in cases if case["cls"] == "ticket" and "body" in case] or [None]


@pytest.mark.parametrize("case", corpus(), ids=lambda case: case["id"] if case else "none")
def test_hostile_tickets_are_read(case):
    if case is None:
        missing(f"no shared corpus (TEST_SHARED) at {SHARED}")
    (alert,) = parse(load((SHARED / "corpus/visible" / case["body"]).read_bytes()), Heard("desk", NOW)).alerts
    assert alert.severity in (Severity.CRITICAL, Severity.ERROR)
    assert alert.title


OURS = Heard("desk", NOW, own=names_of(" Nabat@Example.org ,5b10a2, "))


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ({"by": "nabat@example.ORG"}, True),
        ({"by": {"email": "x@example.org", "id": "5B10A2"}}, True),
        ({"by": {"login": " nabat@example.org "}}, True),
        ({"by": {"name": "nabat@example.org"}}, False),  # what somebody chose to be called
        ({"by": ["nabat@example.org"]}, False),
        ({"by": ""}, False),
        ({}, False),
        ({"event": "commented", "comment": {"text": "x", "author": "nabat@example.org"}}, True),
        ({"event": "commented", "comment": {"text": "x", "author": {"email": "nabat@example.org"}}}, True),
        ({"event": "commented", "by": "anna", "comment": {"text": "x", "author": "nabat@example.org"}}, False),
        ({"event": "updated", "comment": {"text": "x", "author": "nabat@example.org"}}, False),
    ],
)
def test_what_our_own_account_did_is_passed_over(said, ours):
    body = {"id": "T-1", "event": "updated", **said}
    assert [len(parse(body, heard).alerts) for heard in (OURS, Heard("desk", NOW))] == [not ours, 1]


def test_what_our_own_account_ends_is_over_and_says_nothing_else():
    said = {
        "id": "T-1",
        "event": "commented",
        "status": "closed",
        "by": "5b10a2",
        "comment": {"text": "x", "public": 1},
    }
    (alert,) = parse(said, OURS).alerts
    assert (alert.firing, alert.ticket.event, alert.ticket.comment, alert.labels["event"]) == (
        False,
        "solved",
        {},
        "solved",
    )
