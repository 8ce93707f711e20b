"""Opsgenie's Alert API: what is refused, how bad a priority is, and what is done to an alert that changes nothing."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.opsgenie import parse

HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("body", "place"),
    [([], ""), ({}, "message"), ({"alias": " "}, "message"), ({"action": "close", "identifier": ""}, "identifier")],
)  # fmt: skip
def test_what_is_no_alert_is_refused(body, place):
    with pytest.raises(BadPayload) as wrong:
        parse(body, HEARD)
    assert wrong.value.place == place


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ({"priority": "P1"}, "critical"), ({"priority": "p5"}, "info"), ({}, "warning"),
        ({"priority": "urgent"}, "warning"),
        ({"details": {"severity": "critical"}}, "critical"),
        ({"priority": "P4", "details": {"severity": "page"}}, "info"),
    ],
)  # fmt: skip
def test_a_priority_says_how_bad_it_is(said, severity):
    assert parse({"message": "Down", **said}, HEARD).alerts[0].severity == severity


@pytest.mark.parametrize("action", ["snooze", "assign", "unacknowledge", "tags", "message", "nonsense"])
def test_what_is_done_besides_is_about_nothing(action):
    parsed = parse({"body": {"note": "x"}, "identifier": "a", "action": action}, HEARD)
    assert (parsed.alerts, parsed.notes) == ([], [f"{action} changes nothing here"])


def test_a_note_without_words_is_none():
    assert parse({"body": [], "identifier": "a", "action": "notes"}, HEARD).alerts == []
