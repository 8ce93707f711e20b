"""What other people's receivers were sent: each is taken in, and the end of something finds its beginning."""

from datetime import UTC, datetime

import pytest

from gateway import sources
from gateway.loader import load
from gateway.sources import Heard
from tests.conftest import SHARED
from tests.databases import missing

HEARD = Heard("theirs", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
SAID = {  # of each: whether it fires (None: says nothing of that), how bad it is, and words of its title
    "zabbix-webhook-problem": (True, "critical", "https://statuscode.app/ Status"),
    "zabbix-webhook-recovery": (False, "critical", "https://statuscode.app/ Status"),
    "azure-common-fired": (True, "info", "WCUS-R2-Gen2"),
    "azure-metric-activated": (True, "error", "StorageCheck: diag500"),
    "gcp-incident-closed-alerta": (False, "error", "Webserver Health: CPU usage"),
    "sentry-legacy-alerta": (True, "error", "This is an example Python exception"),
    "sentry-legacy-alerta-python": (True, "error", "This is an example Python exception"),
    "sentry-legacy-webhook": (True, "error", "ZeroDivisionError: divided by 0"),
    "sentry-platform-event-alert": (True, "error", "DataError: value too long for type character varying(15)"),
    "sentry-platform-metric-alert": (False, "error", "Too many errors"),
    "sentry-platform-versus-issue": (True, "error", "Example Issue"),
    "aws-cloudwatch-alarm-raw": (True, "error", "RDS_CPU_High"),
    "aws-cloudwatch-sns-lambda-multi": (True, "error", "EXAMPLE"),
    "aws-sns-cloudwatch-insufficient-data": (True, "warning", "notificationCountAlarm"),
    "aws-sns-cloudwatch-pagertree": (False, "error", "[ALARM_NAME]"),
    "aws-sns-cloudwatch-pagertree-ok": (False, "error", "Saffron-Octopus-RDS"),
    "aws-sns-hostile-duplicate-case-key-2": (True, "error", "m"),
    "aws-sns-hostile-duplicate-case-key-3": (None, "", ""),
    "aws-sns-hostile-duplicate-case-key-5": (True, "error", "m"),
    "aws-sns-subscription-confirmation": (None, "", ""),
    "gcp-incident-closed": (False, "error", "INTEG: Webhooks Health Check: Cloud Function - Executions"),
    "gcp-incident-open-keep-memory": (True, "warning", "memory-policy: Memory Usage > 90%"),
    "azure-metric-deactivated": (False, "info", "CpuUtilHigh: web01"),
    "github-issues-opened": (True, "error", "Spelling error in the README file"),
    "github-issues-labeled": (True, "error", "Spelling error in the README file"),
    "github-issues-edited": (True, "error", "Spelling error in the README file"),
    "github-issues-assigned": (True, "error", "Spelling error in the README file"),
    "github-issue-comment-created": (True, "error", "Spelling error in the README file"),
    "github-issue-comment-edited": (True, "error", "Spelling error in the README file"),
    "github-playground-issues": (True, "error", "Spelling error in the README file"),
    "github-ping-x": (None, "", ""),
    "linear-issue-create": (
        True,
        "critical",
        "This is regarding the outage that we faced during 11/12/22 from 2000 to 2200.",
    ),
    "linear-issue-update": (
        True,
        "critical",
        "This is regarding the outage that we faced on 11/12/22 from 2000 to 2200 and also on 25/12/22 "
        "from 0000 to 0230",
    ),
    "gitlab-playground-issue": (True, "error", "New API: create/update/delete file"),
    "gitlab-playground-confidential-issue": (True, "error", "New API: create/update/delete file"),
    "gitlab-playground-comment-issue": (False, "error", "test"),
    "gitlab-playground-pipeline": (None, "", ""),
    "zabbix-pdagent-problem": (True, "critical", "Zabbix server: just restarted"),
    "uptime-kuma-keep-full-up": (False, "error", "My Site"),
    "uptime-kuma-keep-no-msg": (False, "error", "Test"),
    "uptime-kuma-keep-port-down-no-url": (True, "error", "Port Monitor"),
    "pagerduty-events-v1-ack": (False, "info", "srv01/HTTP"),
    "pagerduty-events-v1-elastalert": (True, "error", "Stinkiest kittens"),
    "pagerduty-events-v1-resolve": (False, "error", "srv01/HTTP"),
    "pagerduty-events-v2-acknowledge": (False, "info", "dedupkeyhere"),
    "pagerduty-events-v2-trigger": (True, "info", "Example alert on host1.example.com"),
    "pagerduty-events-v2-trigger-elastalert": (True, "error", "Test PD Rule"),
    "pagerduty-events-v2-trigger-elastalert-min": (True, "error", "Test PD Rule"),
    "opsgenie-api-create-grafana-empty-message": (
        True,
        "warning",
        "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
    ),
    "opsgenie-api-create-grafana-responders": (True, "warning", "[FIRING:2]"),
    "opsgenie-api-create-grafana-tags-details": (True, "warning", "[FIRING:2]"),
    "pagerduty-change-build": (None,),
    "pagerduty-change-openapi-merge": (None,),
    "datadog-keep-template-unexpanded": (None,),
    "datadog-pagertree-recovered": (False, "error", "Datadog"),
    "datadog-pagertree-triggered": (True, "error", "Datadog"),
    "healthchecks-down": (True, "error", "my check"),
    "statuscake-ok": (False, "error", "https://www.example.com/app"),
    "nagios-pdagent-host-trigger": (True, "critical", "host.test.local: CRITICAL"),
    "nagios-pdagent-service-trigger": (True, "critical", "service=test-service on service.test.local: CRITICAL"),
    "nagios-pdagent-service-resolve": (False, "error", "service=test-service on service.test.local: CRITICAL"),
}
ANOTHER_WAY = ("pagerduty-webhook-", "opsgenie-webhook-")  # what these tell of incidents there
PAIRS = [
    ("datadog-pagertree-triggered", "datadog-pagertree-recovered"),
    ("nagios-pdagent-service-trigger", "nagios-pdagent-service-resolve"),
    ("zabbix-webhook-problem", "zabbix-webhook-recovery"),
]


def alerts_of(name):
    path = SHARED / "payloads" / f"{name}.json"
    if not path.exists():
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    kind = "sns" if name.startswith("aws-") else next(one for one in sources.names() if name.startswith(f"{one}-"))
    parsed = sources.find(kind).parse(load(path.read_bytes()), HEARD)
    assert parsed.quarantined == []
    assert parsed.alerts or parsed.notes
    return parsed.alerts


@pytest.mark.parametrize("name", SAID)
def test_it_is_understood(name):
    found = [(one.firing, one.severity.value, one.title) for one in alerts_of(name)]
    assert found == ([] if SAID[name][0] is None else [SAID[name]])


@pytest.mark.parametrize(("begins", "ends"), PAIRS)
def test_the_end_finds_the_beginning(begins, ends):
    (begun,), (ended,) = alerts_of(begins), alerts_of(ends)
    assert begun.fingerprint == ended.fingerprint
    assert (begun.firing, ended.firing) == (True, False)


def test_none_is_forgotten():
    kinds = {name.partition("-")[0] for name in SAID}
    there = {path.stem for path in (SHARED / "payloads").glob("*.json")}
    if not there:
        missing(f"no shared payloads (TEST_SHARED) at {SHARED}")
    mine = {name for name in there if name.partition("-")[0] in kinds and not name.startswith(ANOTHER_WAY)}
    assert mine == set(SAID)
