"""Zabbix: what is none of a macro's values, by what a problem is known, and what an update says."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.zabbix import parse

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
HEARD = Heard("zbx", NOW)
EVENT = {"event_id": "9", "event_value": "1", "trigger_id": "4"}


@pytest.mark.parametrize("body", [None, [], "x", {}, {"event_value": "1"}, {"trigger_id": "", "event_id": None}])
def test_what_names_no_problem_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("given", "severity"),
    [("5", "critical"), ("4", "critical"), ("3", "error"), (2, "warning"), ("1", "info"), ("0", "info"),
     ("Disaster", "critical"), ("not classified", "info"), ("{EVENT.NSEVERITY}", "error"), ("9", "error")],
)  # fmt: skip
def test_severities(given, severity):
    assert [one.severity for one in parse({**EVENT, "event_nseverity": given}, HEARD).alerts] == [severity]


@pytest.mark.parametrize(
    ("given", "title"),
    [({"event_name": "Fan"}, "Fan"), ({"title": "Problem: Fan: slow"}, "Fan: slow"),
     ({"subject": "Resolved in 2m 3s: Fan"}, "Fan"), ({"event_name": "{EVENT.NAME}", "subject": "S"}, "S"),
     ({}, "trigger 4")],
)  # fmt: skip
def test_a_state_is_no_part_of_a_title(given, title):
    assert [one.title for one in parse({**EVENT, **given}, HEARD).alerts] == [title]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"event_update_action": "acknowledged", "event_update_user": "Oleg"}, ("acknowledged", "Oleg", "")),
     ({"event_update_action": "acknowledged, commented", "event_update_message": "me"}, ("acknowledged", "", "me")),
     ({"event_update_action": "{EVENT.UPDATE.ACTION}"}, ("acknowledged", "", "")),
     ({"event_ack_status": "No", "event_update_message": "hm"}, ("note", "", "updated: hm")),
     ({"event_update_action": "unacknowledged"}, ("note", "", "unacknowledged")),
     ({"event_update_action": "commented", "event_update_message": "x"}, ("note", "", "commented: x"))],
)  # fmt: skip
def test_what_somebody_did_there_is_told_and_says_nothing_about_firing(given, said):
    (alert,) = parse({**EVENT, "event_update_status": "1", **given}, HEARD).alerts
    assert (alert.said.what, alert.said.who, alert.said.text) == said
    assert (alert.fingerprint, alert.firing) == ("4", False)


def test_that_a_trigger_cannot_be_evaluated_is_another_problem_than_its_own():
    own, internal = (parse({**EVENT, "event_source": source}, HEARD).alerts[0].fingerprint for source in "03")
    assert own != internal


@pytest.mark.parametrize("given", ["soon", "0", "-5", "9" * 400, "1e9", None, {"a": 1}, "99999999999"])
def test_an_unusable_time_is_none(given):
    (alert,) = parse({**EVENT, "event_timestamp": given}, HEARD).alerts
    assert (alert.starts_at, alert.clock_suspect) == (NOW, True)


def test_a_problem_ends_also_without_any_time(world):
    body = {**EVENT, "event_name": "Disk is full"}
    (number,) = world.post(body, "zabbix").json["incidents"]
    update = {**body, "event_update_status": "1", "event_update_user": "Oleg"}
    assert world.post(update, "zabbix").json["incidents"] == [number]
    assert world.incident().status == "acknowledged"
    assert world.post({**body, "event_value": "0", "event_recovery_timestamp": "1796428500"}, "zabbix").json[
        "incidents"
    ] == [number]
    assert (world.incident().title, world.incident().status) == ("Disk is full", "resolved")
