"""What would happen to an alert: the rules, the people, the times, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.book import parse
from rules.checks.explain import explain
from rules.words import Alert, Contact, Directory, Kind, Notice, NotTold, Severity, Ticket, Way

BOOK = parse(
    {
        "book.yaml": """
version: 1
timezone: Europe/Berlin
routes:
  - name: tickets
    match: [kind=ticket]
    urgency: fast
    policy: desk
  - name: shop is down
    match: ['severity="critical"', 'region=~"eu.*|"']
    urgency: emergency
    policy: on duty
    group_by: [region, alertname]
  - {name: the rest, urgency: ordinary, policy: desk, group_by: []}
policies:
  on duty:
    steps:
      - {notify: ["schedule:shop"], wait: 5m}
      - {notify: ["team:shop", "person:nora@example.com"], wait: 30m}
    repeat: 2
  desk:
    steps: [{notify: ["team:desk"], wait: 1h}]
    repeat: 1
"""
    }
)
NIGHT = datetime(2026, 10, 25, 0, 58, tzinfo=UTC)  # 02:58 summer time in Berlin, two minutes before 02:00 comes again
NOBODY = Directory()


def alert(**labels):
    return Alert("prometheus", "f1", True, "Shop answers 502", Severity.CRITICAL, NIGHT, labels=labels)


def notices(step, _route, directory, at):
    """A stand-in for the audience: the first target has a telephone, the second has nothing."""
    assert directory is NOBODY
    assert at.utcoffset() is not None
    told = [Notice(step.notify[0], "Olga", Contact("pagerduty", "SECRET", "h"), Way.VOICE)]
    return told, [NotTold(who, "has no address") for who in step.notify[1:]]


GATED = """
version: 1
timezone: Europe/Moscow
calendars: {work: {days: mon-fri, hours: "09:00-18:00"}}
routes: [{name: all, urgency: emergency, policy: p}]
policies: {p: {steps: [{notify: ["team:t"], wait: 5m}]}}
"""
GATE = "voice: {only_when: not work, or_unacknowledged_for: 3m, budget: {calls: 3, per: 8h}}\n"


def test_as_text():
    text = explain(alert(alertname="Http502", region="eu-1"), BOOK, NOBODY, NIGHT, notices).as_text()

    assert text == (
        f"""Shop answers 502: rule book {BOOK.version}
no  tickets
      kind=ticket: kind is alert
yes shop is down
      severity="critical": severity is critical
      region=~"eu.*|": region is eu-1
urgency: emergency (voice, push; answer expected within 5m)
policy: on duty
incident: alertname=Http502, region=eu-1
at +0m  02:58:00 CEST  schedule:shop
      voice: Olga (pagerduty)
at +5m  02:03:00 CET  team:shop, person:nora@example.com
      voice: Olga (pagerduty)
      not person:nora@example.com: has no address
then: the ladder is walked 2 more times, and from +1h45m the last step is told every 30m until somebody answers
voice gate: the book has none: a call leaves at once
caps (unless NABAT_CAPS=off): calls to one person at most 1 in 2m, 3 in 15m, 7 in 1h, 15 in 3h; the rest in roll-ups
caps (unless NABAT_CAPS=off): pushes to one person at most 10 in 2m; the rest in roll-ups
"""
    )


def test_of_a_rule_that_did_not_match_only_the_failing_conditions_are_shown():
    text = explain(alert(region="us-1"), BOOK, NOBODY, NIGHT, notices).as_text()

    assert 'no  shop is down\n      region=~"eu.*|": region is us-1\nyes the rest\n      (matches everything)' in text
    assert "incident: one for all alerts of this route" in text
    assert "then: the ladder is walked once more, and at +2h it stops: policy exhausted, shown as overdue" in text


def test_as_json():
    found = explain(alert(alertname="Http502"), BOOK, NOBODY, NIGHT, notices)
    data = json.loads(found.as_json())

    assert data == found.as_data()
    assert (data["rule"], data["urgency"], data["policy"]) == ("shop is down", "emergency", "on duty")
    assert data["group"] == ["alertname=Http502", "region="]
    assert [rule["matched"] for rule in data["rules"]] == [False, True]
    assert data["rules"][0]["conditions"] == [
        {"matcher": "kind=ticket", "label": "kind", "actual": "alert", "ok": False}
    ]
    assert [rung["at"] for rung in data["ladder"]] == ["2026-10-25T02:58:00+02:00", "2026-10-25T02:03:00+01:00"]
    assert data["ladder"][1]["not_told"] == [{"who": "person:nora@example.com", "reason": "has no address"}]
    assert "SECRET" not in found.as_json()


def test_a_step_that_reaches_nobody_says_so():
    text = explain(alert(), BOOK, NOBODY, NIGHT, lambda *_: ([], [])).as_text()

    assert "      nobody would be told\n" in text


def test_addresses_that_are_no_secrets_are_shown():
    told = [Notice("a@example.com", "", Contact("sms", "+33100000001", "h"), Way.SMS)]

    assert (
        "sms: a@example.com (sms +33100000001)"
        in explain(alert(), BOOK, NOBODY, NIGHT, lambda *_: (told, [])).as_text()
    )


def test_a_ticket_is_an_incident_of_its_own():
    ticket = Ticket("SD-5", "created", "high")
    sent = Alert("desk", "SD-5", True, "Printer", Severity.ERROR, NIGHT, kind=Kind.TICKET, ticket=ticket)

    found = explain(sent, BOOK, NOBODY, NIGHT, notices)

    assert found.route.rule == "tickets"
    assert found.group == ("ticket=SD-5",)


@pytest.mark.parametrize(
    ("more", "remark"), [({"firing": False}, "this alert is resolved"), ({"touch": True}, "says nothing about firing")]
)
def test_a_message_that_opens_nothing_says_so(more, remark):
    sent = Alert(
        **{"source": "p", "fingerprint": "f", "firing": True, "title": "", "severity": Severity.INFO} | more,
        starts_at=NIGHT,
    )

    text = explain(sent, BOOK, NOBODY, NIGHT, notices).as_text()

    assert text.startswith("(no title): ")
    assert remark in text.splitlines()[-1]


def test_the_ladder_waits_in_real_time():
    rungs = explain(alert(), BOOK, NOBODY, NIGHT, notices).ladder

    assert rungs[1].at.astimezone(UTC) - rungs[0].at.astimezone(UTC) == rungs[1].after == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("gate", "at", "said"),
    [
        ("", "2026-12-05T03:12", "the book has none: a call leaves at once"),
        (
            GATE,
            "2026-12-05T03:12",
            "a call leaves at once, if it still fires then: work is closed (Sat 2026-12-05 03:12",
        ),
        (GATE, "2026-12-07T11:00", "the push first, and the call 3m later unless somebody acknowledges, if it still"),
        (GATE, "2026-12-07T11:00", "who had 3 calls within 8h is not called; the next of the policy is"),
    ],
)
def test_it_says_what_the_voice_gate_would_do(gate, at, said):
    book = parse({"book.yaml": GATED + gate})
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Moscow"))

    remarks = explain(alert(), book, NOBODY, moment, notices).remarks_said()

    assert any(one.startswith("voice gate: ") and said in one for one in remarks)
