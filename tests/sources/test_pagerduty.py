"""PagerDuty's Events API: what is refused, and by what an event without a key is known."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.pagerduty import parse

HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
TRIGGER = {"event_action": "trigger", "payload": {"summary": "Down", "source": "x", "severity": "error"}}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], ""),
        ({}, "event_action"),
        ({"event_action": "triggered"}, "event_action"),
        ({"event_action": "trigger"}, "payload.summary"),
        ({"event_action": "trigger", "payload": {"summary": " \n"}}, "payload.summary"),
        ({"event_action": "resolve"}, "dedup_key"),
        ({"event_action": "acknowledge", "dedup_key": ""}, "dedup_key"),
        ({"payload": {"summary": "Down", "severity": "error"}}, "event_action"),  # no change has a severity
        ({"dedup_key": "a", "payload": {"summary": "Down"}}, "event_action"),
        ({"event": {"payload": {"summary": "Down"}}}, "event_action"),  # came to an address that takes no changes
    ],
)
def test_what_is_no_event_is_refused(body, place):
    with pytest.raises(BadPayload) as wrong:
        parse(body, HEARD)
    assert wrong.value.place == place


@pytest.mark.parametrize("name", ["change", "event"])
def test_what_an_event_has_besides_makes_no_other_kind_of_it(name):
    assert [one.title for one in parse(TRIGGER | {name: {"id": 1}}, HEARD).alerts] == ["Down"]


def test_an_event_without_a_key_is_an_alert_by_itself():
    later = Heard("theirs", HEARD.now + timedelta(seconds=1))
    one, again, another = (parse(TRIGGER, heard).alerts[0].fingerprint for heard in (HEARD, HEARD, later))
    assert one == again != another
    assert parse(TRIGGER | {"dedup_key": ""}, HEARD).alerts[0].fingerprint


def test_a_key_of_any_length_is_the_same_at_its_end():
    key = "k" * 255
    (begins,) = parse(TRIGGER | {"dedup_key": key}, HEARD).alerts
    (ends,) = parse({"event_action": "resolve", "dedup_key": key}, HEARD).alerts
    assert begins.fingerprint == ends.fingerprint
    assert len(begins.fingerprint) <= 64


def test_what_came_to_the_address_for_changes_is_a_change():
    parsed = parse({"change": TRIGGER}, HEARD)
    assert (parsed.alerts, parsed.notes) == ([], ["a change, about no alert: Down"])


@pytest.mark.parametrize(
    ("word", "severity"), [("critical", "critical"), ("INFO", "info"), ("odd", "error"), (5, "error")]
)
def test_a_severity_that_nobody_knows_is_the_sources_default(word, severity):
    payload = {**TRIGGER["payload"], "severity": word}
    assert parse({**TRIGGER, "payload": payload}, HEARD).alerts[0].severity == severity
