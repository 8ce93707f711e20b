"""Datadog: fields by any of their names, what a title says, and what is no alert."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.datadog import parse

HEARD = Heard("dd", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
MONITOR = {"ALERT_ID": "5", "ALERT_TITLE": "Load", "ALERT_TRANSITION": "Triggered"}


def read(**fields):
    (alert,) = parse({**MONITOR, **fields}, HEARD).alerts
    return alert


@pytest.mark.parametrize("body", [None, [], "x", 5])
def test_what_is_no_payload_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("word", "firing"),
    [("Triggered", True), ("Re-Triggered", True), ("No Data", True), ("Re-No Data", True), ("Warn", True),
     ("Renotify", True), ("Recovered", False), ("recovered", False), ("Something new", True)],
)  # fmt: skip
def test_transitions_and_the_unknown_fires(word, firing):
    assert read(ALERT_TRANSITION=word).firing is firing


@pytest.mark.parametrize(
    ("given", "severity"),
    [({"ALERT_PRIORITY": "P1"}, "critical"), ({"ALERT_PRIORITY": "p2"}, "error"), ({"ALERT_PRIORITY": "P3"}, "warning"),
     ({"ALERT_PRIORITY": "P5"}, "info"), ({"ALERT_PRIORITY": "P4", "ALERT_TYPE": "error"}, "info"),
     ({"ALERT_TYPE": "warning"}, "warning"), ({"ALERT_TRANSITION": "Warn"}, "warning"),
     ({"PRIORITY": "normal"}, "error"), ({"ALERT_PRIORITY": "$ALERT_PRIORITY"}, "error")],
)  # fmt: skip
def test_severities(given, severity):
    assert read(**given).severity == severity


@pytest.mark.parametrize(
    ("title", "name", "firing", "scope"),
    [("[Triggered on {host:a}] Load", "Load", True, "host:a"), ("[P2] [Recovered] Load", "Load", False, ""),
     ("[EU] Load", "[EU] Load", True, ""), ("[Recovered]", "[Recovered]", False, ""), ("Load", "Load", True, "")],
)  # fmt: skip
def test_a_title_says_what_no_field_does(title, name, firing, scope):
    (alert,) = parse({"title": title}, HEARD).alerts
    assert (alert.title, alert.firing, alert.annotations.get("scope", "")) == (name, firing, scope)


def test_one_monitor_has_an_alert_for_each_scope():
    keys = [read(ALERT_SCOPE=scope).fingerprint for scope in ("host:a", "host:b", "$ALERT_SCOPE")]
    assert len(set(keys)) == 3
    assert read(AGGREG_KEY="k", ALERT_SCOPE="host:a").fingerprint == "k"


def test_the_groups_of_a_monitor_end_by_themselves(world):
    for scope in ("host:a", "host:b"):
        assert world.post({**MONITOR, "ALERT_SCOPE": scope}, "datadog").status_code == 202
    over = {**MONITOR, "ALERT_TRANSITION": "Recovered"}
    world.post({**over, "ALERT_SCOPE": "host:a"}, "datadog")
    assert "triggered" in [one.status for one in world.incidents()]
    world.post({**over, "ALERT_SCOPE": "host:b"}, "datadog")
    assert {one.status for one in world.incidents()} == {"resolved"}
