"""People's own notification rules and quiet hours: rows that wait, are called off by an answer, and come sooner."""

import pytest
from sqlalchemy import select, update

from gateway import actions
from gateway.actions import Actor
from gateway.acts import amend, undo
from gateway.store.db import db, transaction
from gateway.store.directory import people as people_store
from gateway.store.tables import PersonRow, UndoRow
from rules.lifecycle import Signal
from rules.reading import people
from rules.words import Urgency
from tests.fakes.http import reply
from tests.integration.test_undo import does
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
    staffed.passes(minutes=5)  # then it is he alone whom the next step calls
    staffed.delivers()
    assert sent(providers)[1] == ["anna", "oleg"]


ASLEEP = ', quiet_hours: "22:00-07:00"}'
TICKET = {"event": "created", "id": "SD-1", "subject": "Mail", "priority": "critical"}  # by push, else by e-mail
IRINA = Actor("Irina", "dashboard", account="irina@example.org")


def given_to(world, who, number):
    return actions.assign(number, f"{who}@example.org", IRINA, world.clock.now())


def test_what_is_given_to_somebody_asleep_waits_for_the_morning_and_a_mail_says_it_at_once(staffed, providers):
    with_rules(staffed, providers, ASLEEP)
    (number,) = staffed.post(TICKET, kind="ticket").json["incidents"]
    given_to(staffed, "anna", number)
    staffed.delivers()
    told = staffed.deliveries(kind="assigned")
    assert [(one.channel, one.part, one.status) for one in told] == [
        ("email", "fallback", "sent"), ("ntfy", "held", "queued"),
    ]  # fmt: skip
    (line,) = staffed.entries("assigned")
    assert line.detail["not_told"][0]["reason"].startswith("quiet hours: push only when they end")
    staffed.passes(hours=3)
    staffed.delivers()
    assert sent(providers)[0] == 0
    staffed.passes(hours=1)  # it is seven in Moscow
    staffed.delivers()
    assert sent(providers)[0] == 1


def test_an_emergency_that_is_given_to_somebody_asleep_calls_them(staffed, providers):
    with_rules(staffed, providers, "}", ASLEEP.rstrip("}"))
    (number,) = staffed.alert()
    given_to(staffed, "oleg", number)
    staffed.delivers()
    assert sorted(sent(providers)[1]) == ["anna", "oleg"]


@pytest.mark.parametrize("then", ["taken over", "acknowledged", "resolved", "taken back"])
def test_nobody_is_told_in_the_morning_what_is_theirs_no_more_or_what_they_know(staffed, providers, then):
    with_rules(staffed, providers, ASLEEP)
    (number,) = staffed.post(TICKET, kind="ticket").json["incidents"]
    given_to(staffed, "anna", number)
    if then == "taken over":
        given_to(staffed, "irina", number)
    elif then == "taken back":
        (token,) = db.session.scalars(select(UndoRow.token))
        undo.take_back(token, IRINA, staffed.clock.now())
    else:
        anna = db.session.scalar(select(PersonRow.id).where(PersonRow.email == "anna@example.org"))
        signal = Signal.ACKNOWLEDGE if then == "acknowledged" else Signal.RESOLVE
        actions.act(number, signal, Actor("Anna", "dashboard", anna), staffed.clock.now())
    assert [one.status for one in staffed.deliveries(kind="assigned", part="held")] == ["cancelled"]


def test_whoever_gets_an_incident_back_hears_of_it_in_the_morning_after_all(staffed, providers):
    with_rules(staffed, providers, ASLEEP)
    (number,) = staffed.post(TICKET, kind="ticket").json["incidents"]
    given_to(staffed, "anna", number)
    staffed.delivers()
    (waits,) = staffed.deliveries(kind="assigned", part="held")
    due, who = waits.due_at, waits.who
    staffed.passes(minutes=1)
    given_to(staffed, "irina", number)
    token = db.session.scalar(select(UndoRow.token).order_by(UndoRow.id.desc()))
    staffed.passes(minutes=1)
    undo.take_back(token, IRINA, staffed.clock.now())
    again = [one for one in staffed.deliveries(kind="assigned", part="held") if one.status == "queued"]
    assert [(one.who, one.due_at, one.error) for one in again] == [(who, due, "")]
    staffed.passes(hours=4)
    staffed.delivers()
    assert sent(providers)[0] == 1


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


def test_an_email_to_somebody_asleep_is_nobody_woken(staffed_of, providers):
    """Whoever was to be woken cannot be; that mails are there ends no wait for the morning."""
    staffed = staffed_of(TOGETHER)
    with_rules(staffed, providers, "}", ', quiet_hours: "22:00-07:00"')
    providers.pagerduty.then(reply(400, {"status": "invalid event"}))
    providers.ntfy.then(reply(404))
    providers.twilio.then(reply(400, {"code": 21211}))
    staffed.alert()
    staffed.delivers()
    assert "oleg" in sent(providers)[1]


def test_over_budget_somebody_asleep_is_not_somebody_else_who_is_called(staffed_of, providers):
    staffed = staffed_of(TOGETHER + "voice: {budget: {calls: 1, per: 8h}}\n")
    with_rules(staffed, providers, "}", ', quiet_hours: "22:00-07:00"')
    for name in "AB":
        staffed.alert(name=name, fingerprint=name)
        staffed.delivers()
        staffed.delivers()
        staffed.clock.advance(minutes=1)
    assert sent(providers)[1] == ["anna", "oleg"]


def test_what_was_to_come_later_still_comes_later_after_a_step_back(staffed_of, providers):
    staffed = staffed_of(TOGETHER)
    with_rules(staffed, providers, quiet=', quiet_hours: "22:00-07:00"')
    (number,) = staffed.alert()
    before = {one.id: one.due_at for one in staffed.deliveries() if one.part in ("later", "held")}
    patient = {one.id for one in staffed.deliveries() if one.fallback_at}
    token = does(staffed, [number], Signal.ACKNOWLEDGE)
    staffed.clock.advance(seconds=10)
    undo.take_back(token, Actor("Anna", "dashboard", account="anna@example.org"), staffed.clock.now())
    assert {one.id: one.due_at for one in staffed.deliveries() if one.part in ("later", "held")} == before
    assert {one.id for one in staffed.deliveries() if one.fallback_at} == patient
    staffed.delivers()
    assert sent(providers) == (1, [], 0)


def test_the_floor_is_that_of_the_class_which_a_person_gives_it(staffed_of, providers):
    staffed = staffed_of(BOOK.replace("urgency: ordinary, policy: support", "urgency: ordinary, policy: infra"))
    with_rules(staffed, providers, ", notify: {emergency: [email], ordinary: [email]}}")
    (number,) = staffed.alert(severity="warning")
    anna = Actor("Anna", "dashboard", account="anna@example.org")
    amend.set_urgency(number, Urgency.EMERGENCY, "the shop is down", anna, staffed.clock.now())
    staffed.delivers()
    assert sent(providers)[1] == ["anna"]


def test_made_less_urgent_at_night_it_is_told_in_the_morning(staffed_of, providers):
    classes = "urgencies: {emergency: {channels: [voice], fallback: [sms]}, fast: {channels: [push], fallback: [sms]}}"
    staffed = staffed_of(BOOK + classes + "\n")
    with_rules(staffed, providers, ', quiet_hours: "22:00-07:00"}')
    (number,) = staffed.alert()
    anna = Actor("Anna", "dashboard", account="anna@example.org")
    amend.set_urgency(number, Urgency.FAST, "it can wait", anna, staffed.clock.now())
    (held,) = staffed.deliveries(status="queued")
    assert (held.channel, held.part, held.due_at.hour) == ("ntfy", "held", 4)


def test_whose_time_zone_is_none_here_is_told_and_keeps_nobody_from_being_told(staffed_of, providers):
    world = staffed_of(TOGETHER)
    with_rules(world, providers, "}", ', quiet_hours: "22:00-07:00"')
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "oleg@example.org").values(timezone="Mars/Olympus"))
        people_store.bump(session, world.clock.now())
    world.alert()
    world.delivers()
    assert sorted(sent(providers)[1]) == ["anna", "oleg"]
    assert {one.error for one in world.deliveries()} == {""}


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
