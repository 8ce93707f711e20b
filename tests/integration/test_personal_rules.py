"""People's own notification rules and quiet hours: rows that wait, are called off by an answer, and come sooner."""

import pytest

from gateway.store import people as people_store
from gateway.store.db import transaction
from rules import people
from tests.fakes.http import reply
from tests.samples import BOOK, PEOPLE

TOGETHER = BOOK.replace('["schedule:infra"], wait: 5m', '["schedule:infra", "person:oleg@example.org"], wait: 5m')
OWN = """, notify: {emergency: [push, voice after 1m, sms after 3m]}}"""


def with_rules(world, providers, more=OWN, quiet=""):
    """Anna as before, with rules of her own; and Oleg's quiet hours."""
    text = PEOPLE.replace("NTFY", providers.ntfy.url).replace('/anna"}]}', '/anna"}]' + more)
    text = text.replace("address: oleg@example.org}]}", "address: oleg@example.org}]" + quiet + "}")
    world.people(text)


def sent(providers):
    calls = [one["routing_key"].split("-")[0] for one in providers.pagerduty.events if one["event_action"] == "trigger"]
    return len(providers.ntfy.requests), calls, len(providers.twilio.requests)


def test_each_way_has_its_time_and_an_answer_calls_off_the_rest(staffed, providers):
    with_rules(staffed, providers)
    (number,) = staffed.alert()
    staffed.delivers()
    assert sent(providers) == (1, [], 0)
    assert [(one.channel, one.part, one.status) for one in staffed.deliveries()] == [
        ("ntfy", "primary", "sent"), ("pagerduty", "later", "queued"), ("sms", "later", "queued"),
    ]  # fmt: skip
    (opened,) = staffed.entries("opened")
    assert [one.get("after_s") for one in opened.detail["told"]] == [None, 60, 180]
    staffed.passes(seconds=59)
    staffed.delivers()
    assert sent(providers) == (1, [], 0)
    staffed.passes(seconds=1)
    staffed.delivers()
    assert sent(providers) == (1, ["anna"], 0)
    staffed.passes(seconds=30)
    staffed.acknowledges(number)
    staffed.passes(minutes=30)
    staffed.delivers()
    assert sent(providers) == (1, ["anna"], 0)
    (sms,) = staffed.deliveries(channel="sms")
    assert (sms.status, sms.error) == ("cancelled", "acknowledged")
    (call,) = staffed.deliveries(channel="pagerduty", kind="opened")
    assert call.latency_ms < 5_000  # reckoned from when it was to go out


def test_what_fails_brings_the_next_way_forward(staffed, providers):
    with_rules(staffed, providers)
    providers.ntfy.then(reply(403, {"error": "forbidden"}))
    staffed.alert()
    staffed.delivers()
    assert sent(providers)[1:] == (["anna"], 0)
    (moved,) = staffed.entries("fallback")
    assert [one["way"] for one in moved.detail["told"]] == ["voice"]
    staffed.passes(minutes=3)
    staffed.delivers()
    assert sent(providers)[1:] == (["anna"], 1)


def test_what_is_to_come_later_holds_up_nothing(staffed, providers):
    """The next step, and the end of it, are told at once though an earlier message to the same address waits."""
    with_rules(staffed, providers, ", notify: {emergency: [email, voice after 1m, push after 1h]}}")
    staffed.alert()
    staffed.delivers()
    staffed.passes(minutes=1)
    staffed.delivers()
    staffed.alert("resolved")
    staffed.delivers()
    assert {one.status for one in staffed.deliveries(channel="ntfy")} == {"cancelled"}
    assert [one.status for one in staffed.deliveries(kind="resolved", who="anna@example.org")] == ["sent", "sent"]


def test_quiet_hours_hold_only_while_somebody_else_is_reached(staffed_of, providers):
    staffed = staffed_of(TOGETHER)
    with_rules(staffed, providers, "}", ', quiet_hours: "22:00-07:00"')
    staffed.alert()  # 03:12 in Moscow
    staffed.delivers()
    assert sent(providers) == (1, ["anna"], 0)
    (mail,) = staffed.deliveries(who="oleg@example.org", way="email")
    assert mail.status == "sent"
    (held,) = staffed.deliveries(who="oleg@example.org", way="voice")
    assert (held.part, held.status, held.due_at.hour) == ("held", "queued", 4)  # seven in Moscow


def test_quiet_hours_end_where_nobody_else_could_be_reached(staffed_of, providers):
    staffed = staffed_of(TOGETHER)
    with_rules(staffed, providers, "}", ', quiet_hours: "22:00-07:00"')
    providers.pagerduty.then(reply(400, {"status": "invalid event"}))
    providers.ntfy.then(reply(404))
    providers.twilio.then(reply(400, {"code": 21211}))
    providers.mail.at("rcpt", "550 5.1.1 no such user")
    staffed.alert()
    staffed.delivers()
    assert "oleg" in sent(providers)[1]


def test_rules_and_quiet_hours_go_to_the_file_and_back(staffed, providers):
    with_rules(staffed, providers, quiet=', quiet_hours: "22:00-07:00"')
    vault = staffed.app.extensions["gateway"].vault
    with transaction() as session:
        text = people.dump(people_store.export_people(session, vault))
    assert "voice after 1m" in text
    assert "quiet_hours: 22:00-07:00" in text
    again = people.parse(text, "people.yaml", {})
    with transaction() as session:
        assert people_store.import_people(session, again, vault, staffed.clock.now()).changed == 0
    with_rules(staffed, providers, "}")  # a file that says nothing of it leaves it
    with transaction() as session:
        anna = people_store.directory(session).people["anna@example.org"]
    assert len(anna.wishes) == 1
    with pytest.raises(people.BadPeopleFile, match="at once"):
        people.parse("people: [{email: a@b.c, name: A, notify: {fast: [push after 1m]}}]", "f", {})
