"""Bodies of any shape: the mappings that Nabat brings along, what is refused, and that no body takes long."""

import json
import time
from datetime import UTC, datetime

import pytest

from gateway.loader import load
from gateway.presets import presets
from gateway.sources import BadPayload, Heard
from gateway.sources.generic import parse
from rules import book
from rules.senders import jsonpaths, mappings
from rules.words import Kind
from tests.conftest import SHARED
from tests.databases import missing
from tests.sources.test_samples import REST

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
SNITCH = {"token": "c1", "name": "Nightly report", "notes": "See the wiki", "tags": ["cron"]}
# Of each sender: what both bodies say, what the beginning says besides, what the end does, and how bad it is.
PAIRS = {
    "newrelic": ({"id": "7f", "title": "Errors > 2 %", "priority": "HIGH", "createdAt": 1796429400000,
                  "alertConditionNames": ["Errors"]}, {"state": "ACTIVATED"},
                 {"state": "CLOSED", "updatedAt": 1796429500000}, "error"),
    "newrelic (before workflows)": (
        {"incident_id": 41, "condition_name": "Errors", "severity": "WARNING", "targets": [{"name": "shop"}]},
        {"current_state": "open", "timestamp": 1796429400000},
        {"current_state": "closed", "timestamp": 1796429500000}, "warning"),
    "pingdom": ({"check_id": 7, "check_name": "Shop", "importance_level": "HIGH"},
                {"current_state": "DOWN", "state_changed_timestamp": 1796429400},
                {"current_state": "UP", "state_changed_timestamp": 1796429500}, "error"),
    "prtg": ({"sensorid": "2044", "name": "Ping", "device": "gw1"}, {"status": "Down"},
             {"status": "Down ended (now: Up)"}, "error"),
    "prtg warning": ({"sensorid": "2044", "name": "Disk Free"}, {"status": "Down ended (now: Warning)"},
                     {"status": "Up"}, "warning"),
    "uptimerobot": ({"monitorID": "70", "monitorFriendlyName": "Shop"},
                    {"alertType": "1", "alertDateTime": "1796429400"},
                    {"alertType": 2, "alertDateTime": 1796429500}, "error"),
    "cronitor": ({"id": "kP", "monitor": "Backup", "environment": "prod"}, {"type": "ALERT"},
                 {"type": "RECOVERY"}, "error"),
    "site24x7": ({"MONITOR_ID": 28, "MONITORNAME": "Shop"},
                 {"STATUS": "TROUBLE", "INCIDENT_TIME_ISO": "2026-12-05T03:00:00+0300"},
                 {"STATUS": "UP", "INCIDENT_TIME_ISO": "2026-12-05T03:10:00+0300"}, "warning"),
    "dynatrace": ({"PID": "-71", "ProblemID": "P-26", "ProblemTitle": "CPU", "ProblemSeverity": "RESOURCE_CONTENTION"},
                  {"State": "OPEN"}, {"State": "RESOLVED"}, "warning"),
    "appdynamics": ({"incident_key": "shop web-1", "description": "Slow",
                      "details": {"severity": "ERROR", "event_name": "Slow"}},
                    {"event_type": "POLICY_OPEN_CRITICAL"}, {"event_type": "POLICY_CLOSE_CRITICAL"}, "error"),
    "deadmanssnitch": ({"data": {"snitch": SNITCH}}, {"type": "snitch.missing", "timestamp": "2026-12-05T00:00:00Z"},
                       {"type": "snitch.reporting", "timestamp": "2026-12-05T00:05:00.123Z"}, "error"),
    "logicmonitor": ({"alertid": "LMD1", "level": "critical", "host": "db1", "datasource": "Ping"},
                     {"alertstatus": "active"}, {"alertstatus": "clear"}, "critical"),
    "solarwinds": ({"AlertID": "9", "NodeName": "sw1", "AlertMessage": "Node down", "Severity": "Serious"},
                   {"ActionType": "create"}, {"ActionType": "Resolve"}, "error"),
    "scom": ({"alertId": "{a}", "alertName": "Disk", "severity": 2}, {"resolutionState": "New"},
             {"resolutionState": "Closed"}, "critical"),
    "kapacitor": ({"id": "cpu:db1", "message": "cpu is high"}, {"level": "WARNING"}, {"level": "OK"}, "warning"),
    "hyperping": ({"check": {"url": "https://x.example", "status": 502, "date": 1796429400000}},
                  {"event": "check.down"}, {"event": "check.up"}, "error"),
    "checkmk": ({"site": "prod", "host": "db1", "service": "CPU", "severity": "CRIT", "summary": "db1 CPU"},
                {"notification_type": "PROBLEM"}, {"notification_type": "RECOVERY"}, "critical"),
    "librenms": ({"device_id": "2", "rule_id": "13", "name": "Down", "title": "gw is down", "severity": "critical"},
                 {"state": "1"}, {"state": "0"}, "critical"),
    "checkly": ({"check_id": "9c", "check_name": "API"}, {"alert_type": "ALERT_DEGRADED"},
                {"alert_type": "ALERT_DEGRADED_RECOVERY"}, "warning"),
    "graylog": ({"event_definition_id": "67", "event_definition_title": "Brute force",
                 "event": {"priority": 3, "key": "gw", "fields": {"user": "x"}}}, {}, None, "error"),
    "elastalert2": ({"Id": "ssh", "Title": "Too many logins", "severity": "warning"}, {"event_type": "create"},
                    {"event_type": "resolve"}, "warning"),
    "kibana": ({"rule_id": "r1", "alert_id": "db1", "rule_name": "CPU"}, {"action_group": "threshold met"},
               {"action_group": "recovered"}, "warning"),
    "generic": ({"id": 5, "title": "Backup", "severity": "high"}, {"status": "down"}, {"status": "ok"}, "error"),
}  # fmt: skip


def read(source, body, maps=None):
    return parse(body, Heard(source, NOW, mappings=maps or {}))


def mapping(text):
    return book.parse({"book.yaml": f"mappings:\n{text}\n{REST}"}).mappings


@pytest.mark.parametrize("source", PAIRS)
def test_a_sender_that_is_known_needs_no_mapping(source):
    both, begins, ends, severity = PAIRS[source]
    first = read(source, both | begins)
    (begun,) = first.alerts
    assert first.notes == []
    assert (begun.firing, begun.severity, begun.kind) == (True, severity, Kind.ALERT)
    assert begun.title != begun.fingerprint
    assert begun.labels["alertname"]
    if ends is None:  # it never says so
        return
    found = read(source, both | ends)
    assert [(one.firing, one.fingerprint) for one in found.alerts] == [(False, begun.fingerprint)]
    assert found.notes == []
    assert found.alerts[0].starts_at >= begun.starts_at


def test_every_mapping_that_is_brought_along_is_tried():
    tried = {mappings.chosen(source, presets()).name for source in PAIRS}
    assert tried == presets().keys() - {"elastalert"}  # another name of elastalert2
    assert all(one.sender for one in presets().values())


@pytest.mark.parametrize(
    ("source", "body", "what", "who"),
    [
        ("logicmonitor", {"alertid": "LMD1", "alertstatus": "ack"}, "acknowledged", ""),
        ("checkmk", {"host": "db1", "notification_type": "ACKNOWLEDGEMENT (NORMAL)", "ack_author": "anna"},
         "acknowledged", "anna"),
        ("librenms", {"device_id": 2, "rule_id": 13, "state": 2}, "acknowledged", ""),
        ("scom", {"alertId": "{a}", "resolutionState": "249"}, "acknowledged", ""),
        ("prtg", {"sensorid": "2044", "status": "Down (Acknowledged)"}, "acknowledged", ""),
        ("newrelic", {"incident_id": 41, "current_state": "acknowledged", "owner": "Anna"}, "acknowledged", "Anna"),
    ],
)  # fmt: skip
def test_that_somebody_has_it_is_heard(source, body, what, who):
    (alert,) = read(source, body).alerts
    assert (alert.said.what, alert.said.who, alert.firing) == (what, who, False)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("prtg", {"sensorid": "2044", "status": "Down ended (now: Paused)"}),
        ("site24x7", {"MONITOR_ID": 28, "STATUS": "MAINTENANCE"}),
        ("checkmk", {"host": "db1", "notification_type": "DOWNTIMESTART"}),
        ("deadmanssnitch", {"type": "snitch.paused", "data": {"snitch": SNITCH}}),
    ],
)
def test_what_is_about_no_alert_is_passed_over_and_said(source, body):
    found = read(source, body)
    assert (found.alerts, found.quarantined, len(found.notes)) == ([], [], 1)


def test_a_certificate_is_another_alert_than_the_site_behind_it():
    down, certificate = (read("uptimerobot", {"monitorID": "70", "alertType": one}).alerts[0] for one in ("1", 3))
    assert (down.fingerprint, certificate.fingerprint) == ("70", "70:certificate")
    assert certificate.severity == "warning"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (None, "must be an object or a list"),
        ("x", "must be an object or a list"),
        ([], "id (check_id): says nothing: no later word would find this one"),
        ({"check_id": " \n"}, "id (check_id): says nothing: no later word would find this one"),
    ],
)
def test_what_the_mapping_cannot_read_is_refused_with_its_place(body, complaint):
    with pytest.raises(BadPayload) as problem:
        read("pingdom", body)
    assert str(problem.value) == complaint


@pytest.mark.parametrize("source", ["", "ping", "pingdomeu", "my pingdom", "x" * 100])
def test_a_source_without_a_mapping_is_told_so(source):
    with pytest.raises(BadPayload, match="no mapping has the name of the source"):
        read(source, {"check_id": 1})


@pytest.mark.parametrize("source", ["pingdom", "Pingdom", "pingdom-eu", "pingdom (shop)", "pingdom.eu"])
def test_the_name_of_a_source_begins_with_that_of_its_mapping(source):
    assert read(source, {"check_id": 7}).alerts[0].fingerprint == "7"


def test_the_longest_name_counts_and_the_books_own_goes_before_ours():
    own = mapping("  pingdom: {id: a}\n  pingdom eu: {id: b}")
    body = {"check_id": 7, "a": "own", "b": "longer"}
    found = {source: read(source, body, own).alerts[0].fingerprint for source in ("pingdom us", "pingdom eu 2")}
    assert found == {"pingdom us": "own", "pingdom eu 2": "longer"}


def test_a_word_nobody_knows_fires_and_is_said():
    found = read("pingdom", {"check_id": 7, "current_state": "WOBBLY"})
    assert found.alerts[0].firing
    assert found.notes == ["status 'WOBBLY' is not known: read as firing"]


@pytest.mark.parametrize(
    ("when", "moment"),
    [
        (1796429400, "2026-12-05T00:10:00+00:00"), ("1796429400.5", "2026-12-05T00:10:00.500000+00:00"),
        (1796429400_000, "2026-12-05T00:10:00+00:00"), (1796429400_000_000_000, "2026-12-05T00:10:00+00:00"),
        ("2026-12-05T03:10:00+0300", "2026-12-05T00:10:00+00:00"), ("20261205", "2026-12-05T00:00:00+00:00"),
        (0, None), (-5, None), (10**30, None), (True, None), ("١٧٩٦٤٢٩٤٠٠", None), ("1.2.3", None), ([1], None),
        (1896429400, None),
    ],
)  # fmt: skip
def test_a_moment_is_a_number_or_a_text(when, moment):
    (alert,) = read("pingdom", {"check_id": 7, "state_changed_timestamp": when}).alerts
    assert (None if alert.clock_suspect else alert.starts_at.isoformat()) == moment


@pytest.mark.parametrize(
    ("pattern", "word", "whether"),
    [
        ("down*", "down", True), ("*down", "is down", True), ("*a*b*", "xaxbx", True), ("*a*b*", "xbxax", False),
        ("ab*ba", "aba", False), ("a*", "b", False), ("*", "", True), ("a**b", "ab", True),
    ],
)  # fmt: skip
def test_a_star_stands_for_anything(pattern, word, whether):
    assert mappings.fits(tuple(pattern.split("*")), word) is whether


def test_of_several_patterns_the_first_that_is_written_counts():
    own = mapping("  x: {id: id, status: {from: s, resolved: ['*ended*'], firing: ['down*'], ignored: 'down ended!'}}")
    found = {word: read("x", {"id": 7, "s": word}, own) for word in ("Down", "Down ended", "down ENDED!")}
    assert [[one.firing for one in said.alerts] for said in found.values()] == [[True], [False], []]


def test_an_expression_that_cannot_be_asked_says_nothing():
    own = mapping("  x: {id: id, title: \"name[?starts_with(@, 'a')] | [0]\"}")
    for name in ([1, None, {}], "a", {"a": 1}, [["a"]], ["abc"]):
        (alert,) = read("x", {"id": "7", "name": name}, own).alerts
        assert alert.title == ("abc" if name == ["abc"] else "7")


HOSTILE = {  # and whether it is refused for its steps
    "a list of everything": ({"a": [{"b": [1] * 100}] * 4000}, True),
    "deep": ({"a": [[[[[[["x"] * 30] * 30] * 30]]]]}, False),
    "wide": ({"a": {str(n): n for n in range(40_000)}}, False),
    "a long text": ({"a": "ab" * 4_000_000}, False),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_body_takes_long(name):
    body, too_much = HOSTILE[name]
    own = mapping("""  x:
    {id: "'7'", title: "a[].b[].c || a.* | [0]", description: "a[][][][][][][]", url: a, note: to_string(@),
     labels: {"*": a, one: "a[?contains(to_string(@), 'aba')].b[]"},
     annotations: {"*": a, two: "contains(a, 'bb')"}}""")
    began = time.thread_time()
    if too_much:
        with pytest.raises(BadPayload, match="takes too many steps to read by the mapping 'x'"):
            read("x", body, own)
    else:
        assert len(json.dumps(dict(read("x", body, own).alerts[0].labels))) < 2**21
    assert time.thread_time() - began < 20  # it is one second where nobody else works


def test_steps_are_counted_over_all_expressions_of_a_body():
    looker, path = jsonpaths.Looker(steps=3), jsonpaths.read("a.b")
    assert looker.find(path, {"a": {"b": 1}}) == 1
    with pytest.raises(jsonpaths.TooMuch):
        looker.find(path, {"a": {"b": 1}})


REAL = {  # what other people's receivers were sent: whether it fires, and how bad it is
    "newrelic-alerta-test": (True, "info"), "newrelic-legacy-open": (True, "error"),
    "newrelic-workflow-open": (True, "error"), "pingdom-down": (True, "error"), "prtg-problem": (True, "error"),
    "uptimerobot-problem": (True, "error"), "cronitor-problem": (True, "error"), "site24x7-ok": (False, "error"),
    "dynatrace-problem": (True, "warning"), "appdynamics-ok": (False, "error"),
    "deadmanssnitch-problem": (True, "error"), "logicmonitor-problem": (True, "warning"),
    "solarwinds-ok": (False, "warning"), "scom-ok": (False, "critical"), "kapacitor-ok": (False, "error"),
    "hyperping-problem": (True, "error"), "checkmk-host-recovery": (False, "error"),
    "librenms-recovery": (False, "error"), "checkly-recovery": (False, "error"),
    "graylog-stream-alert": (True, "warning"), "elastic-elastalert-create": (True, "warning"),
    "elastic-elastalert-resolve": (False, "warning"), "elastic-kibana-rendered": (True, "warning"),
    "generic-problem": (True, "critical"), "generic-ok": (False, "critical"), "generic-prtg-unexpected-event": None,
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_what_others_were_sent_is_understood(name):
    path = SHARED / "payloads" / f"{name}.json"
    if not path.exists():
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    source = next(word for word in reversed(name.split("-")) if word in presets())
    found = read(source, load(path.read_bytes()))
    assert [(one.firing, one.severity) for one in found.alerts] == ([] if REAL[name] is None else [REAL[name]])
