"""The past lived through again: what a book makes of alerts that come and go."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.book import parse
from rules.checks.backtest import Backtest, Was
from rules.words import Alert, Contact, Directory, Kind, Person, Role, Severity, Ticket, Urgency, Way

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)  # a Saturday
MINUTE = timedelta(minutes=1)
BOOK = """
version: 1
calendars: {{work: {{days: mon-fri, hours: "09:00-18:00"}}}}
routes:
  - {{name: first, match: [severity=critical], urgency: emergency, policy: p{more}}}
  - {{name: all, urgency: ordinary, policy: p}}
policies: {{p: {{steps: [{{notify: ["person:a@b"], wait: 5m}}, {{notify: ["person:c@d"], wait: 5m}}]}}}}
{rest}
"""


def person(email):
    contacts = (Contact("pagerduty", email, email), Contact("ntfy", email, email), Contact("email", email, email))
    return Person(email, email, Role.ADMIN, contacts=contacts)


PEOPLE = Directory({email: person(email) for email in ("a@b", "c@d")})


def lived(more="", rest="", *, script, was=(), until=60):
    """`script`: minute, name, and whether it fires then. What both sides, the same book twice, make of it."""
    book = parse({"book.yaml": BOOK.format(more=more, rest=rest)})
    test = Backtest(book, book, PEOPLE, {(1, "x"): was})
    began = {}
    for minute, name, fires, *labels in script:
        at = NOW + minute * MINUTE
        began[name] = at if fires else began[name]
        sent = Alert("am", name, fires, name, Severity.CRITICAL, began[name], None if fires else at,
                     labels={"alertname": name, "severity": "critical", **dict(labels)})  # fmt: skip
        test.hear(1, sent, at)
    found = test.compare(NOW + until * MINUTE)
    assert (found.changes, found.before) == ((), found.after)
    return found.before


HEALS = [(0, "x", True), (4, "x", False)]
STAYS = [(0, "x", True)]


@pytest.mark.parametrize(("more", "rest", "script", "until", "incidents", "calls"), [
    ("", "", HEALS, 60, 1, 1),
    ("", "", STAYS, 12, 1, 3),  # at 0, 5 and 10: an emergency goes on telling
    (", hold_for: 5m", "", HEALS, 60, 1, 0),
    (", hold_for: 5m", "", STAYS, 6, 1, 1),
    (", at_least: {alerts: 2, within: 5m}", "", STAYS, 60, 1, 0),
    (", group_by: [], at_least: {alerts: 2, within: 5m}", "", [*STAYS, (5, "y", True)], 6, 1, 1),
    (", hold_until: work", "", STAYS, 60, 1, 0),
    ("", "", [*HEALS, (10, "x", True), (12, "x", False)], 60, 2, 2),
    ("", "reopen_within: 30m", [*HEALS, (10, "x", True), (12, "x", False)], 60, 1, 2),
    ("", "flapping: {changes: 3, within: 30m, quiet: 15m}", [*HEALS, (6, "x", True), (8, "x", False)], 60, 1, 1),
    ("", "voice: {only_when: not work, or_unacknowledged_for: 3m}", STAYS, 1, 1, 1),
    ("", "voice: {only_when: work, or_unacknowledged_for: 3m}", HEALS, 60, 1, 1),
    ("", "voice: {only_when: work, or_unacknowledged_for: 4m}", HEALS, 60, 1, 0),
    ("", "voice: {budget: {calls: 1, per: 1h}}", [*HEALS, (5, "y", True), (6, "y", False)], 60, 2, 1),
    ("", "heartbeats: [{name: x, match: [alertname=x], every: 5m}]", STAYS, 60, 0, 0),
    ("", "inhibitions: [{source: [alertname=x], target: [alertname=y]}]",
     [*STAYS, (1, "y", True), (2, "y", False)], 3, 1, 1),
    ("", "inhibitions: [{source: [alertname=x], target: [alertname=y]}]",
     [*STAYS, (1, "y", True), (4, "x", False), (6, "y", False)], 60, 2, 2),
])  # fmt: skip
def test_what_a_book_makes_of_it(more, rest, script, until, incidents, calls):
    side = lived(more, rest, script=script, until=until)

    assert sum(side.incidents.values()) == incidents
    assert side.sent(Way.VOICE) == side.messages[Urgency.EMERGENCY, Way.VOICE] == calls


@pytest.mark.parametrize("later", [0, 0.02, 5])
def test_who_answered_then_answers_again(later):
    """An incident is opened a little after what opens it has come: when it is taken in."""
    was = [Was(NOW - MINUTE, 6, None), Was(NOW + timedelta(seconds=later), 7, NOW + 7 * MINUTE)]

    assert lived(script=STAYS, was=was).sent(Way.VOICE) == 2


def test_what_was_held_until_a_calendar_opens_is_one_digest():
    more = ", hold_until: work, group_by: [alertname]"
    book = BOOK.format(more=more, rest="").replace("urgency: emergency", "urgency: ordinary")
    test = Backtest(parse({"b.yaml": book}), parse({"b.yaml": book}), PEOPLE, {})
    for name in "xyz":
        labels = {"severity": "critical", "alertname": name}
        test.hear(1, Alert("am", name, True, name, Severity.CRITICAL, NOW, labels=labels), NOW)
    monday = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)

    assert test.compare(monday).before.sent(Way.EMAIL) == 0
    assert test.compare(monday + MINUTE).before.sent(Way.EMAIL) == 1


def test_a_ticket_that_is_raised_begins_the_new_ladder():
    book = parse({"b.yaml": BOOK.format(more="", rest="").replace("severity=critical", "priority=critical")})
    test = Backtest(book, book, PEOPLE, {})
    for minute, priority in ((0, "normal"), (1, "critical")):
        ticket = Ticket("T-1", "updated", priority)
        sent = Alert("desk", "T-1", True, "t", Severity.ERROR, NOW, kind=Kind.TICKET, ticket=ticket)
        test.hear(2, sent, NOW + minute * MINUTE)
    side = test.compare(NOW + 2 * MINUTE).before

    assert (side.sent(Way.EMAIL), side.sent(Way.VOICE)) == (1, 1)
