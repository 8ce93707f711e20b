"""Azure Monitor: by what an alert is known, how bad it is, and what is set aside."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.azure import parse

HEARD = Heard("clouds", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
SAID = {"originAlertId": "o-1", "alertRule": "Rule", "monitorCondition": "Fired"}


def common(context=None, **more):
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": SAID | more, "alertContext": context}}


def one(body):
    (alert,) = parse(body, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {}, {"data": {}}, {"schemaId": "azureMonitorCommonAlertSchema"},
     {"data": {"context": {"name": "n"}}}, {"data": {"essentials": {"alertRule": "no identity"}}}],
)  # fmt: skip
def test_what_names_no_alert_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("given", "severity"),
    [("Sev0", "critical"), ("sev1", "error"), ("Sev2", "warning"), ("Sev3", "info"), ("Sev4", "info"), (2, "warning"),
     ("1", "error"), ("Sev5", "error"), (None, "error"), ("Severe", "error")],
)  # fmt: skip
def test_severities(given, severity):
    assert one(common(severity=given)).severity == severity
    older = {"schemaId": "AzureMonitorMetricAlert", "data": {"context": {"id": "r", "severity": given}}}
    assert one(older).severity == severity


@pytest.mark.parametrize(
    "targets", ["/subscriptions/s/x/vm1", ["/subscriptions/s/x/vm1"], ["/subscriptions/s/x/vm1/", 4]]
)
def test_one_target_may_come_as_a_text(targets):
    alert = one(common(alertTargetIDs=targets))
    assert (alert.title, alert.labels["instance"], alert.labels["subscription"]) == ("Rule: vm1", "vm1", "s")


def test_without_an_original_number_its_own_is_the_identity():
    assert one(common(originAlertId=None, alertId="/alerts/7")).fingerprint == "/alerts/7"


def test_two_values_of_a_dimension_are_two_alerts():
    def metric(status, value):
        every = [{"metricName": "m", "dimensions": [{"name": "Api", "value": value}]}]
        context = {"id": "r", "resourceId": "x", "condition": {"allOf": every}, "timestamp": "2026-12-05T00:00:00Z"}
        return one({"schemaId": "AzureMonitorMetricAlert", "data": {"status": status, "context": context}})

    put, get, over = metric("Activated", "Put"), metric("Activated", "Get"), metric("Deactivated", "Get")
    assert put.fingerprint != get.fingerprint == over.fingerprint
    assert (get.firing, over.firing) == (True, False)


@pytest.mark.parametrize(
    ("service", "context", "identity"),
    [
        ("ServiceHealth", {"status": "Resolved", "properties": {"trackingId": "T-9"}}, "servicehealth:t-9"),
        ("Resource Health", {"status": "Resolved", "properties": {}}, "resourcehealth:/x/vm1"),
        ("ResourceHealth", {"status": "", "properties": {}}, "o-1"),
        ("Platform", {"status": "Resolved", "properties": {"trackingId": "T-9"}}, "o-1"),
    ],
)
def test_health_is_known_by_what_it_is_about(service, context, identity):
    alert = one(common(context, monitoringService=service, alertTargetIDs=["/X/vm1"]))
    assert (alert.fingerprint, alert.firing) == (identity, identity == "o-1")


def test_an_older_form_is_set_aside_with_the_way_out():
    parsed = parse({"schemaId": "Microsoft.Insights/activityLogs", "data": {"context": {"activityLog": {}}}}, HEARD)
    assert parsed.alerts == []
    assert "switch the common alert schema on" in parsed.quarantined[0].reason
