"""Alertmanager's webhook: times, words, limits, and what other people's receivers were sent."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway.loader import BadJson, load
from gateway.sources import BadPayload, Heard
from gateway.sources.alertmanager import parse
from rules.senders.fields import MARK
from rules.words import Severity
from tests.conftest import SHARED
from tests.databases import missing

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
HEARD = Heard("am", NOW)
START = "2026-12-04T23:00:00Z"


def alert(**fields):
    return {"labels": {"alertname": "FanStopped"}, "annotations": {"summary": "Fan stopped"}, "fingerprint": "f1",
            "startsAt": START, "status": "firing", **fields}  # fmt: skip


def read(item, heard=HEARD, **body):
    (found,) = parse({"version": "4", "status": "firing", "alerts": [item], **body}, heard).alerts
    return found


def label(**labels):
    return read(alert(labels={"alertname": "FanStopped", **labels}))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-04T23:00:00.123456789Z", "2026-12-04T23:00:00.123456"),
        ("2026-12-04T23:00:00z", "2026-12-04T23:00:00"),
        ("2026-12-04t23:00:00.5z", "2026-12-04T23:00:00.500000"),
        ("2026-12-04 23:00:00Z", "2026-12-04T23:00:00"),
        ("2026-12-04 23:00:00 UTC", "2026-12-04T23:00:00"),
        ("2026-12-05T02:00:00+0300", "2026-12-04T23:00:00"),
        ("2026-12-05T02:00:00 +03:00", "2026-12-04T23:00:00"),
        ("2026-12-04T22:59:60Z", "2026-12-04T23:00:00"),
        ("2026-12-04T23:00:00", "2026-12-04T23:00:00"),  # no zone: UTC
        ("2026-12-05T12:00:00Z", "2026-12-05T12:00:00"),  # twelve hours ahead of us: their clock
    ],
)
def test_times_that_can_be_read(text, moment):
    found = read(alert(startsAt=text))
    assert found.starts_at == datetime.fromisoformat(f"{moment}+00:00")
    assert found.starts_at.tzinfo is UTC
    assert not found.clock_suspect


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        None,
        1780000000,
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:60Z",
        "2026-13-45T99:99:99Z",
        "2036-12-05T00:00:00Z",
        "infinity",
        "1969-12-31T23:59:59Z",
        "2026-12-04T23:00:00Z" + " " * 10_000,
    ],
)
def test_other_times_give_the_time_of_receipt_and_a_flag(text):
    found = read(alert(startsAt=text))
    assert (found.starts_at, found.clock_suspect, found.firing) == (NOW, True, True)


def test_a_missing_start_is_like_an_unreadable_one():
    item = alert()
    del item["startsAt"]
    assert (read(item).starts_at, read(item).clock_suspect) == (NOW, True)


def test_an_end_counts_only_when_resolved_and_never_decides():
    assert read(alert(endsAt="2026-12-04T22:00:00Z")).ends_at is None
    resolved = read(alert(status="resolved", endsAt="2026-12-04T23:30:00Z"))
    assert (resolved.firing, resolved.ends_at) == (False, datetime(2026, 12, 4, 23, 30, tzinfo=UTC))
    assert read(alert(status="resolved", endsAt="0001-01-01T00:00:00Z")).ends_at is None


@pytest.mark.parametrize(
    ("own", "group", "firing"),
    [
        ("FIRING", "resolved", True),
        (" Firing ", "resolved", True),
        ("Resolved", "firing", False),
        (None, "resolved", False),
        ("", " RESOLVED", False),
        (None, None, True),
        ("burning", "resolved", True),
        ({"state": "active"}, "firing", True),
    ],
)
def test_an_alert_speaks_for_itself_and_the_unknown_fires(own, group, firing):
    assert read(alert(status=own), status=group).firing is firing


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", "critical"),
        ("page", "critical"),
        ("DISASTER ", "critical"),
        ("high", "error"),
        ("major", "error"),
        ("warn", "warning"),
        ("minor", "warning"),
        ("none", "info"),
        ("low", "info"),
        ("", "warning"),
        (" ", "warning"),
        ("x onclick=alert(1)", "error"),
        (None, "warning"),
    ],
)
def test_severities(word, severity):
    found = label(severity=word)
    assert found.severity == severity
    assert found.labels["severity"] == (word or "")


def test_a_source_may_take_the_unknown_for_something_else():
    heard = Heard("am", NOW, default_severity=Severity.CRITICAL)
    assert read(alert(labels={"severity": "purple"}), heard).severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("annotations", "labels", "title"),
    [
        ({"summary": " Fan\nstopped  now "}, {"a": "1"}, "Fan stopped now"),
        ({"summary": " ", "message": "m", "title": "t"}, {"a": "1"}, "m"),
        ({"title": "t"}, {"alertname": "A"}, "t"),
        ({}, {"alertname": "A", "instance": "i:1"}, "A i:1"),
        ({}, {"team": "x", "a": "1"}, "team=x, a=1"),
        ({}, {"alertname": ""}, "alertname="),
        ([], {"alertname": "A"}, "A"),
        ("text", {"alertname": "A"}, "A"),
    ],
)
def test_titles(annotations, labels, title):
    assert read(alert(annotations=annotations, labels=labels)).title == title


def test_long_texts_are_cut_with_a_mark():
    found = read(alert(annotations={"summary": "ж" * 10_000_000, "description": "é" * 100_000}))
    assert len(found.title) == 1000
    assert found.title.endswith("…")
    assert len(found.annotations["description"].encode()) <= 16_384
    assert found.annotations["description"].endswith(MARK)
    found = label(big="v" * 1_000_000, **{"n" * 10_240: "v"})
    assert all(len(name) <= 1024 and len(value) <= 16_384 for name, value in found.labels.items())


def test_of_a_thousand_labels_64_are_kept_and_the_telling_ones_first():
    labels = {f"l{number}": "v" for number in range(1000)} | {"severity": "critical", "alertname": "Wide"}
    parsed = parse({"alerts": [alert(labels=labels)]}, HEARD)
    (found,) = parsed.alerts
    assert len(found.labels) == 64
    assert (found.labels["severity"], found.labels["alertname"], found.labels["l0"]) == ("critical", "Wide", "v")
    assert parsed.notes == ["alerts[0]: 938 more labels are kept in the payload only"]


def test_label_names_may_be_anything():
    names = ["a.b", "🔥", "with space", 'quo"te', "new\nline", ""]
    assert list(label(**dict.fromkeys(names, "v")).labels) == ["alertname", *names]


def test_dirty_names_and_values_are_cleaned():
    found = read(alert(labels={"a\x00": "x\x1by", "s": "\ud800"}, annotations={"t": "one\r\ntwo\x00"}))
    assert found.labels == {"a\ufffd": "x\ufffdy", "s": "\ufffd"}
    assert found.annotations == {"t": "one\ntwo\ufffd"}


@pytest.mark.parametrize("given", [None, "", "x" * 65, 17, "a\nb", ["a"], {"a": 1}])
def test_an_identity_that_does_not_fit_is_made(given):
    found = read(alert(fingerprint=given))
    assert found.fingerprint == read(alert(fingerprint=given)).fingerprint
    assert len(found.fingerprint) == 32


def test_a_made_identity_depends_on_all_labels_in_any_order():
    one = read(alert(fingerprint=None, labels={"a": "1", "b": 2}))
    assert one.fingerprint == read(alert(fingerprint=None, labels={"b": 2, "a": "1"})).fingerprint
    assert one.fingerprint != read(alert(fingerprint=None, labels={"a": "1", "b": 3})).fingerprint


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:x", "java\tscript:x", "data:text/html,x", "//host/x", "no link", "?orgId=1"],
)
def test_only_a_web_address_becomes_a_link(link):
    found = read(alert(generatorURL=link))
    assert found.url == ""
    assert "generatorURL" in found.annotations


def test_where_it_comes_from_is_kept_as_text():
    assert read(alert(), externalURL="javascript:x").annotations["externalURL"] == "javascript:x"
    assert read(alert(generatorURL="http://prom/g")).url == "http://prom/g"


@pytest.mark.parametrize(("given", "count"), [(40, 40), (-1, 0), ("7", 0), (True, 0), (10**400, 2**31 - 1), (None, 0)])
def test_what_the_sender_cut_off_is_counted(given, count):
    assert parse({"alerts": [], "truncatedAlerts": given}, HEARD).truncated == count


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([alert()], ""),
        (None, ""),
        ("x", ""),
        (True, ""),
        ({}, "alerts"),
        ({"alerts": {}}, "alerts"),
        ({"alerts": None}, "alerts"),
    ],
)
def test_what_is_no_webhook_is_refused_with_the_place(body, place):
    with pytest.raises(BadPayload) as caught:
        parse(body, HEARD)
    assert caught.value.place == place


def test_the_list_of_the_other_api_is_told_the_right_path():
    with pytest.raises(BadPayload, match="/ingest/alertmanager takes its webhook"):
        parse([alert()], HEARD)


def test_an_unknown_version_is_read_and_noted():
    assert parse({"version": "5", "alerts": [alert()]}, HEARD).notes == ["version 5 is not known"]


def test_ten_thousand_alerts_take_a_moment():
    body = {"alerts": [alert(labels={"alertname": "Many", "i": str(i)}, fingerprint=f"m{i}") for i in range(10_000)]}
    started = time.perf_counter()
    assert len(parse(body, HEARD).alerts) == 10_000
    assert time.perf_counter() - started < 30


def shared_payloads():
    return sorted((SHARED / "payloads").glob("alertmanager-*.json")) or [None]


@pytest.mark.parametrize("path", shared_payloads(), ids=lambda path: path.stem if path else "none")
def test_other_peoples_payloads_are_understood(path):
    if path is None:
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    body = load(path.read_bytes())
    if "-api-" in path.name:
        with pytest.raises(BadPayload):
            parse(body, HEARD)
        return
    parsed = parse(body, HEARD)
    assert len(parsed.alerts) == len(body["alerts"]) > 0
    assert parsed.quarantined == []
    for found, item in zip(parsed.alerts, body["alerts"], strict=True):
        assert found.firing is ((item.get("status") or body.get("status")) != "resolved")
        assert found.labels["alertname"]
        assert found.title
        assert abs(found.starts_at - NOW) < timedelta(days=5000)


def corpus():
    manifest = SHARED / "corpus/visible/manifest.jsonl"
    cases = [json.loads(line) for line in manifest.read_text().splitlines()] if manifest.exists() else []
    wanted = ("json", "schema", "time", "text", "url")
    return [case for case in cases if case["cls"] in wanted and "body" in case and case["target"] == "am"] or [None]


@pytest.mark.parametrize("case", corpus(), ids=lambda case: case["id"] if case else "none")
def test_hostile_bodies_have_their_effect(case):
    """Only what the answer would be: 4xx is refused here, 2xx gives alerts or says what it set aside."""
    if case is None:
        missing(f"no shared corpus (TEST_SHARED) at {SHARED}")
    body = (SHARED / "corpus/visible" / case["body"]).read_bytes()
    try:
        parsed = parse(load(body), HEARD)
    except (BadJson, BadPayload):
        assert 400 in case["status"]
    else:
        assert 202 in case["status"]
        assert parsed.alerts or parsed.quarantined or case["title"] == "alerts empty"
