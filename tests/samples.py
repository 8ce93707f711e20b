"""Webhooks as small as they can be, and the people who are told."""

STARTED = "2026-12-05T00:11:30Z"


def alert(
    status="firing", name="InstanceDown", fingerprint="a1", severity="critical", starts="2026-12-05T00:11:30Z", **labels
):
    ended = "2026-12-05T00:20:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    return {
        "status": status,
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": {"summary": f"{name} on {labels.get('instance', 'db01')}"},
        "startsAt": starts,
        "endsAt": ended,
        "generatorURL": "http://prometheus/g0",
        "fingerprint": fingerprint,
    }


def group(*alerts, status="firing", **more):
    shape = {
        "version": "4",
        "receiver": "nabat",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "externalURL": "http://am:9093",
    }
    return shape | {"status": status, "groupLabels": {}, "commonLabels": {}, "alerts": list(alerts)} | more


def webhook(status="firing", **more):
    return group(alert(status, **more), status=status)


PEOPLE = """
people:
  - {email: anna@example.org, name: Anna, role: responder, timezone: Europe/Moscow,
     contacts: [{channel: pagerduty, address: "anna-key-0123456789abcdef0123456"},
                {channel: sms, address: "+79990000001"},
                {channel: email, address: anna@example.org}, {channel: ntfy, address: "NTFY/anna"}]}
  - {email: oleg@example.org, name: Oleg, role: responder, timezone: Europe/Moscow,
     contacts: [{channel: pagerduty, address: "oleg-key-0123456789abcdef0123456"},
                {channel: email, address: oleg@example.org}]}
  - {email: irina@example.org, name: Irina, role: admin, timezone: Europe/Moscow,
     contacts: [{channel: pagerduty, address: "irina-key-0123456789abcdef012345"},
                {channel: email, address: irina@example.org}]}
teams:
  - {name: infra, members: [anna@example.org, oleg@example.org]}
  - {name: support, members: [irina@example.org]}
schedules:
  - {name: infra, team: infra, timezone: Europe/Moscow,
     layers: [{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}]}
"""

BOOK = """
version: 1
timezone: Europe/Moscow
routes:
  - {name: critical, match: ['severity="critical"'], urgency: emergency, policy: infra}
  - {name: critical tickets, match: ['kind="ticket"', 'priority="critical"'], urgency: fast, policy: support}
  - {name: everything else, urgency: ordinary, policy: support}
policies:
  infra:
    steps:
      - {notify: ["schedule:infra"], wait: 5m}
      - {notify: ["person:oleg@example.org"], wait: 10m}
      - {notify: ["person:irina@example.org"], wait: 15m}
    repeat: 0
  support:
    steps: [{notify: ["team:support"], wait: 1h}]
"""
