"""Grafana: what it says differently from Alertmanager, whose words the rest are."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.grafana import parse

HEARD = Heard("graphs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize("body", [None, 5, "x", [], [{"state": "ok"}], {}, {"alerts": 5}, {"state": "alerting"}])
def test_what_is_no_webhook_of_it_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("said", "identity"),
    [
        ({"orgId": 4, "ruleId": 0, "ruleUrl": "u"}, "4:0"),
        ({"ruleId": 9}, "9"),
        ({"ruleUrl": "https://g.example/d/1"}, "https://g.example/d/1"),
        ({"evalMatches": [], "title": "[OK] Cold"}, "Cold"),
        ({"evalMatches": None, "title": " [Alerting] Cold"}, "Cold"),
        ({"evalMatches": None, "title": "[OK]"}, "Grafana"),
    ],
)
def test_an_alert_of_a_dashboard_is_known_by_what_it_has(said, identity):
    assert [one.fingerprint for one in parse({"state": "ok", **said}, HEARD).alerts] == [identity]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("?orgId=1", "https://g.example/?orgId=1"),
        ("//evil.example/x", "https://g.example/evil.example/x"),
        ("https://g.example/a", "https://g.example/a"),
        ("javascript:alert(1)", ""),
        (["/a"], ""),
    ],
)
def test_an_address_begins_at_grafanas_root_and_becomes_a_link_only_if_it_may(given, url):
    item = {"labels": {"alertname": "A"}, "generatorURL": given}
    assert [one.url for one in parse({"externalURL": "https://g.example", "alerts": [item]}, HEARD).alerts] == [url]


def test_the_state_stands_for_a_status_that_is_missing():
    body = {"state": "ok", "alerts": [{"labels": {"alertname": "A"}}]}
    assert [one.firing for one in parse(body, HEARD).alerts] == [False]
    assert [one.firing for one in parse({**body, "state": "alerting"}, HEARD).alerts] == [True]


def test_alerts_without_labels_end_though_the_title_says_another_state_by_then(world):
    def body(status, title):
        return {
            "version": "1",
            "orgId": 1,
            "status": status,
            "title": title,
            "alerts": [{"status": status, "labels": None}],
        }

    (number,) = world.post(body("firing", "[FIRING:1] Cold store (north)"), "grafana").json["incidents"]
    assert world.incident().title == "Cold store (north)"
    assert world.post(body("resolved", "[RESOLVED] Cold store (north)"), "grafana").json["incidents"] == [number]
    assert world.incident().status == "resolved"


def test_an_alert_of_a_dashboard_that_has_a_title_only_ends_too(world):
    said = {"evalMatches": [], "message": "door open"}
    for state, title in (("alerting", "[Alerting] Door"), ("ok", "[OK] Door")):
        assert world.post({**said, "state": state, "title": title}, "grafana").status_code == 202
    assert (world.incident().title, world.incident().status) == ("Door", "resolved")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"valueString": "B=22", "values": {"B": 22}}, {"valueString": "B=22"}),
        ({"values": {"B": 22}}, {"values": '{"B": 22}'}),
    ],
)
def test_what_was_measured_is_kept_once(said, kept):
    (alert,) = parse({"alerts": [{"labels": {"alertname": "A"}, "values": None, **said}]}, HEARD).alerts
    assert alert.annotations == kept
