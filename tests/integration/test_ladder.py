"""Who is told, and what happens when nobody answers or nothing gets through: scenarios E5 and E6, promises P8–P14."""

from datetime import UTC, datetime

from gateway.flows import settle
from gateway.store.db import transaction
from gateway.store.outgoing import outbox
from gateway.store.types import micros
from rules.lifecycle import Reason
from tests.fakes.http import drop, reply
from tests.samples import BOOK, PEOPLE


def triggers(pagerduty):
    return [event["routing_key"].split("-")[0] for event in pagerduty.events if event["event_action"] == "trigger"]


def actions_of(pagerduty):
    return [event["event_action"] for event in pagerduty.events]


def test_an_emergency_calls_and_pushes_and_the_end_of_it_is_told(staffed, providers):
    staffed.alert(instance="db01:9100", service="mail")
    staffed.delivers()
    (event,) = providers.pagerduty.events
    incident = staffed.incident()
    assert event["dedup_key"] == f"nabat-{incident.uuid}"
    assert event["payload"]["summary"].startswith("EMERGENCY mail: InstanceDown on db01:9100")
    assert len(providers.ntfy.requests) == 1

    staffed.clock.advance(minutes=2)
    staffed.alert("resolved", instance="db01:9100", service="mail")
    staffed.delivers()
    assert actions_of(providers.pagerduty) == ["trigger", "resolve"]
    assert len(providers.ntfy.requests) == 2
    assert staffed.timeline() == ["opened", "sent", "sent", "resolved", "sent", "sent"]


def test_e6_nobody_answers_so_the_next_step_is_called(staffed, providers):
    number = staffed.alert()[0]
    staffed.delivers()
    staffed.passes(minutes=4, seconds=59)
    staffed.delivers()
    assert triggers(providers.pagerduty) == ["anna"]
    staffed.passes(seconds=1)
    staffed.delivers()
    assert triggers(providers.pagerduty) == ["anna", "oleg"]
    staffed.passes(minutes=10)
    staffed.delivers()
    assert triggers(providers.pagerduty) == ["anna", "oleg", "irina"]

    # The ladder is over; an emergency goes on telling the last step, but a key that has the incident is left alone.
    staffed.passes(minutes=15)
    staffed.delivers()
    assert triggers(providers.pagerduty) == ["anna", "oleg", "irina"]
    (again,) = staffed.entries("told again")
    assert "its own escalation goes on calling" in again.detail["not_told"][0]["reason"]

    assert staffed.acknowledges(number) is Reason.ACKNOWLEDGED
    staffed.delivers()
    assert actions_of(providers.pagerduty)[3:] == ["acknowledge"] * 3  # every key that was triggered
    staffed.passes(hours=5)
    assert staffed.incident().level == 4


def test_e6_a_step_without_a_contact_for_the_class_is_skipped_at_once(world_of, providers):
    nobody = """
people:
  - {email: anna@example.org, name: Anna, role: responder}
  - {email: oleg@example.org, name: Oleg, role: responder}
  - {email: irina@example.org, name: Irina, role: responder,
     contacts: [{channel: pagerduty, address: "irina-key-0123456789abcdef012345"}]}
teams: [{name: infra, members: [anna@example.org]}, {name: support, members: [irina@example.org]}]
schedules: [{name: infra, timezone: UTC, layers: [{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}]}]
"""
    world = world_of(people=nobody, NABAT_PAGERDUTY_EVENTS_URL=providers.pagerduty.url)
    world.alert()
    world.delivers()
    assert triggers(providers.pagerduty) == ["irina"]
    assert world.incident().level == 3
    reasons = [entry.detail["not_told"][0]["reason"] for entry in world.entries() if entry.detail.get("not_told")]
    assert reasons == ["no verified contact for voice, push or sms or email"] * 2


def test_nothing_is_sent_after_an_answer(staffed, providers):
    number = staffed.alert()[0]
    assert staffed.acknowledges(number) is Reason.ACKNOWLEDGED
    assert staffed.acknowledges(number) is Reason.ALREADY_ACKNOWLEDGED
    assert staffed.delivers() == 0
    assert providers.pagerduty.events == []
    staffed.alert("resolved")
    assert staffed.delivers() == 0  # who was told of nothing hears of no end


def test_a_failing_provider_is_tried_again_with_growing_pauses(staffed, providers):
    providers.pagerduty.then(reply(503), reply(500), drop(), reply(429, headers={"Retry-After": "20"}))
    staffed.alert()
    staffed.delivers()
    for seconds in (2, 3, 5):
        staffed.passes(seconds=seconds)
        staffed.delivers()
    assert triggers(providers.pagerduty)[4:] == []
    (call,) = staffed.deliveries(channel="pagerduty")
    assert (call.attempts, call.status, call.ambiguous) == (4, "queued", 1)
    staffed.passes(seconds=19)
    assert staffed.delivers() == 0  # the provider's wish is honoured
    staffed.passes(seconds=2)
    staffed.delivers()
    (call,) = staffed.deliveries(channel="pagerduty")
    assert (call.attempts, call.status) == (5, "sent")
    assert len({event["dedup_key"] for event in providers.pagerduty.events}) == 1
    assert staffed.timeline().count("attempt failed") == 4


def test_a_channel_that_fails_for_good_starts_the_fallback_at_once(staffed, providers):
    providers.pagerduty.then(reply(400, {"status": "invalid event"}))
    staffed.alert()
    staffed.delivers()
    (sms,) = staffed.deliveries(channel="sms")
    assert (sms.part, sms.who, sms.status) == ("fallback", "anna@example.org", "sent")
    assert len(providers.twilio.requests) == 1
    assert staffed.incident().level == 1  # the push went through: somebody was reached


def test_when_every_channel_of_a_step_fails_for_good_the_next_step_starts(staffed, providers):
    providers.pagerduty.then(reply(400))
    providers.ntfy.then(reply(404))
    providers.twilio.then(reply(400, {"code": 21211}))
    providers.mail.at("rcpt", "550 5.1.1 no such user")
    staffed.alert()
    staffed.delivers()
    assert {one.status for one in staffed.deliveries(who="anna@example.org")} == {"failed"}
    assert [one.channel for one in staffed.deliveries(who="anna@example.org")] == ["pagerduty", "ntfy", "sms", "email"]
    assert triggers(providers.pagerduty) == ["anna", "oleg"]  # the first was refused
    assert staffed.incident().level == 2


def test_what_is_not_out_in_a_minute_gets_its_fallback_and_the_next_step(staffed, providers):
    providers.pagerduty.usual = lambda _: reply(503)
    providers.ntfy.usual = lambda _: reply(503)
    staffed.alert()
    for _ in range(12):
        staffed.delivers()
        staffed.passes(seconds=5)
    staffed.delivers()
    assert [one.status for one in staffed.deliveries(channel="sms")] == ["sent"]
    assert staffed.incident().level == 2


def test_an_ordinary_incident_is_an_email_that_can_be_understood_by_itself(staffed, providers):
    staffed.alert(severity="warning", name="DiskFull", instance="db1")
    staffed.delivers()
    (mail,) = providers.mail.mails
    assert "DiskFull on db1" in mail["Subject"]
    (delivery,) = staffed.deliveries()
    assert mail["Message-ID"] == f"<nabat-{delivery.id}@example.org>"
    assert "https://nabat.example.org/p/" in mail.get_body(("plain",)).get_content()


def test_without_a_provider_the_message_is_written_to_the_log_and_shown(world_of):
    world = world_of()
    world.alert(severity="warning")
    world.delivers()
    (delivery,) = world.deliveries()
    assert (delivery.status, delivery.channel) == ("logged", "email")
    assert "NABAT_SMTP_URL" in delivery.provider_ref
    assert world.timeline() == ["opened", "logged"]


def test_a_worker_that_died_loses_its_lease_and_its_word_counts_no_more(staffed, providers):
    staffed.alert(severity="warning")
    dead = staffed.sender
    taken = leased_by(staffed)
    assert len(taken) == 1
    assert staffed.delivers() == 0
    staffed.clock.advance(seconds=16)
    staffed.worker_is_replaced()
    staffed.delivers()
    assert len(providers.mail.mails) == 1
    settle_late(staffed, taken[0])
    (delivery,) = staffed.deliveries()
    assert (delivery.status, delivery.attempts, delivery.ambiguous) == ("sent", 2, 1)
    assert staffed.timeline() == ["opened", "attempt failed", "sent"]
    assert dead.flights == {}


def leased_by(world):
    with transaction() as session:
        return outbox.lease(session, "email", 5, world.clock.now(), micros(world.clock.now()))


def settle_late(world, leased):
    with transaction() as session:
        settle.settle(session, [settle.Result(leased, "never", "too late")], world.clock.now())


def test_whose_turn_ends_while_their_call_does_not_get_through_is_told_by_the_fallback_all_the_same(
    staffed_of, providers
):
    both = PEOPLE.replace(
        "every: 1w, members: [anna@example.org]", "every: 1w, members: [anna@example.org, oleg@example.org]"
    )
    world = staffed_of(BOOK, both)
    providers.pagerduty.usual = lambda _: reply(503)
    world.clock.set(datetime(2026, 12, 7, 5, 59, 30, tzinfo=UTC))  # half a minute before Oleg's turn
    world.alert(starts="2026-12-07T05:59:00Z")
    world.delivers()
    for _ in range(7):
        world.passes(seconds=10)
        world.delivers()
    assert [(one.who, one.way) for one in world.deliveries(part="fallback")] == [("anna@example.org", "sms")]
    assert len(providers.twilio.requests) == 1
