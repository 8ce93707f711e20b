"""Not now, not me, not any more: snoozing, assigning, passing on, and resolving what still fires (E7, E13)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway import actions
from gateway.actions import Actor
from gateway.acts import amend
from gateway.flows import settle
from gateway.store.db import db, transaction
from gateway.store.outgoing import outbox
from gateway.store.tables import AlertRow, Audit, PersonRow
from gateway.store.types import micros
from rules.lifecycle import Given, Reason, Signal
from tests.integration.test_undo import back, does
from tests.samples import alert, group

ANNA = Actor("Anna", "dashboard", account="anna@example.org")


def snooze(world, number, **time):
    until = world.clock.now() + timedelta(**time)
    return actions.act(number, Signal.SNOOZE, ANNA, world.clock.now(), Given(until=until))


def resolve(world, number, *, mute=False):
    return amend.resolve(number, ANNA, world.clock.now(), mute=mute)


def assign(world, number, to, actor=ANNA):
    return actions.assign(number, to, actor, world.clock.now())


def calls(providers, action="trigger"):
    return [
        event["routing_key"].split("-")[0] for event in providers.pagerduty.events if event["event_action"] == action
    ]


def test_a_snooze_stops_the_ladder_and_then_it_goes_on(staffed, providers):
    (number,) = staffed.alert()
    staffed.delivers()
    assert snooze(staffed, number, minutes=30) is Reason.SNOOZED
    staffed.delivers()
    assert calls(providers, "acknowledge") == ["anna"]  # PagerDuty calls her no more either
    staffed.passes(minutes=29, seconds=59)
    assert staffed.delivers() == 0
    assert (staffed.incident().status, staffed.incident().level) == ("triggered", 1)
    staffed.passes(seconds=1)
    staffed.delivers()
    assert calls(providers) == ["anna", "oleg"]
    assert (staffed.incident().snoozed_until, staffed.incident().level) == (None, 2)
    staffed.passes(minutes=10)
    staffed.delivers()
    assert calls(providers) == ["anna", "oleg", "irina"]
    assert [one for one in staffed.timeline() if not one.startswith("sent")] == [
        "opened", "snoozed", "snooze over", "escalated"
    ]  # fmt: skip


def test_what_waits_to_be_sent_is_called_off_and_no_fallback_starts(staffed, providers):
    (number,) = staffed.alert()
    snooze(staffed, number, hours=1)
    assert staffed.delivers() == 0
    staffed.passes(minutes=2)
    assert staffed.delivers() == 0
    assert {one.status for one in staffed.deliveries()} == {"cancelled"}


def test_an_attempt_that_failed_while_it_is_snoozed_is_not_repeated(staffed, providers):
    (number,) = staffed.alert(severity="warning")
    with transaction() as session:
        taken = outbox.lease(session, "email", 5, staffed.clock.now(), micros(staffed.clock.now()))
    snooze(staffed, number, hours=1)
    with transaction() as session:
        settle.settle(session, [settle.Result(taken[0], "later", "busy")], staffed.clock.now())
    assert [one.status for one in staffed.deliveries()] == ["cancelled"]


def test_e7_an_acknowledgement_that_was_snoozed_comes_back(staffed, providers):
    (number,) = staffed.alert()
    staffed.acknowledges(number)
    snooze(staffed, number, minutes=30)
    assert staffed.incident().status == "acknowledged"
    staffed.passes(minutes=30)
    staffed.delivers()
    assert (staffed.incident().status, calls(providers)) == ("triggered", ["oleg"])


def test_the_end_of_a_snooze_is_told_even_where_the_ladder_had_ended(staffed, providers):
    (number,) = staffed.alert(severity="warning")
    staffed.delivers()
    snooze(staffed, number, hours=3)
    staffed.passes(hours=3)
    staffed.delivers()
    assert [one.kind for one in staffed.deliveries()] == ["opened", "escalated"]
    assert len(providers.mail.mails) == 2


def test_a_key_where_it_was_acknowledged_calls_nobody_so_the_fallback_is_told(staffed, providers):
    (number,) = staffed.alert()
    for minutes in (5, 10):
        staffed.delivers()
        staffed.passes(minutes=minutes)
    staffed.delivers()
    assert calls(providers) == ["anna", "oleg", "irina"]
    snooze(staffed, number, minutes=30)
    staffed.delivers()
    staffed.passes(minutes=30)
    assert [(one.channel, one.part) for one in staffed.deliveries(level=4, kind="escalated")] == [("email", "fallback")]
    (entry,) = staffed.entries("snooze over")
    assert "told by another way" in entry.detail["not_told"][0]["reason"]


def two(status="firing", **more):
    return group(alert(fingerprint="a1"), alert(status, fingerprint="a2", instance="db02", **more))


def test_it_wakes_when_more_fires_than_was_known(world):
    number = world.alert()[0]
    world.post(two())
    snooze(world, number, hours=1)
    world.post(two("resolved"))
    world.post(two(starts="2026-12-05T00:30:00Z"))  # the second one again: no more than then
    assert world.incident().snoozed_until is not None
    world.post(group(alert(fingerprint="a3", instance="db03")))
    assert (world.incident().snoozed_until, world.incident().level) == (None, 2)
    assert world.timeline().count("woken") == 1
    assert {one.who for one in world.deliveries(level=2)} == {"oleg@example.org"}


def of_three(world):
    """Of one that is snoozed the first fires, the second did when that was done, the third had ceased before."""
    made = [alert(fingerprint=f"a{number}", instance=f"db{number}") for number in (1, 2, 3)]
    (number,) = world.post(group(*made)).json["incidents"]
    world.clock.advance(minutes=10)
    world.post(group(ended(made[2], world), status="resolved"))
    world.clock.advance(minutes=10)
    snooze(world, number, hours=6)
    world.clock.advance(minutes=10)
    world.post(group(ended(made[1], world), status="resolved"))
    world.clock.advance(minutes=10)
    assert world.incident().snoozed_until is not None
    return number


def ended(one, world):
    return {**one, "status": "resolved", "endsAt": world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}


def begins(world, number):
    starts = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    world.post(group(alert(fingerprint=f"a{number}", instance=f"db{number}", starts=starts)))


@pytest.mark.parametrize(("which", "wakes"), [(2, False), (3, True), (4, True)])
def test_it_wakes_of_another_alert_than_those_that_fired_then_though_they_are_no_more(world, which, wakes):
    of_three(world)
    begins(world, which)
    assert (world.incident().snoozed_until is None) is wakes
    assert ("woken" in world.timeline()) is wakes
    world.clock.advance(minutes=1)
    begins(world, 1)  # it had ceased meanwhile, and nobody said so
    assert ("woken" in world.timeline()) is wakes


@pytest.mark.parametrize(("which", "wakes"), [(2, False), (3, True), (4, True)])
def test_what_took_anothers_place_while_it_was_answered_ends_a_snooze_that_is_gone_back_to(world, which, wakes):
    number = of_three(world)
    begins(world, 2)
    world.clock.advance(minutes=1)
    token = does(world, [number], Signal.ACKNOWLEDGE)
    world.clock.advance(minutes=1)
    world.post(group(ended(alert(fingerprint="a2", instance="db2"), world), status="resolved"))
    begins(world, which)
    assert world.incident().status == "acknowledged"
    assert back(world, token).done == [number]
    assert (world.incident().snoozed_until is None) is wakes


def test_it_wakes_when_the_ticket_becomes_more_urgent(world):
    ticket = {"event": "created", "id": "SD-1", "subject": "Почта", "priority": "low"}
    number = world.post(ticket, kind="ticket").json["incidents"][0]
    snooze(world, number, hours=1)
    world.post({**ticket, "event": "commented", "comment": {"text": "?"}}, kind="ticket")
    assert world.incident().snoozed_until is not None
    world.post({**ticket, "event": "updated", "priority": "critical"}, kind="ticket")
    assert world.incident().snoozed_until is None


@pytest.mark.parametrize("end", ["resolved", "acknowledged"])
def test_an_answer_ends_the_snooze(world, end):
    (number,) = world.alert()
    snooze(world, number, hours=1)
    if end == "resolved":
        world.alert("resolved")
    else:
        world.acknowledges(number)
    world.passes(hours=2)
    assert (world.incident().status, world.incident().snoozed_until, world.incident().level) == (end, None, 1)


def test_an_assignee_is_told_by_the_class_and_nothing_is_acknowledged(staffed, providers):
    (number,) = staffed.alert()
    staffed.delivers()
    assert assign(staffed, number, "Oleg@example.org ") is Reason.ASSIGNED
    staffed.delivers()
    assert calls(providers) == ["anna", "oleg"]
    assert "assigned to you" in providers.pagerduty.events[-1]["payload"]["summary"]
    incident = staffed.incident()
    assert (incident.status, incident.level) == ("triggered", 1)
    assert assign(staffed, number, "oleg@example.org") is Reason.ALREADY_ASSIGNED
    assert assign(staffed, number, str(incident.assignee_id)) is Reason.ALREADY_ASSIGNED
    assert assign(staffed, number, "irina@example.org") is Reason.REASSIGNED
    staffed.delivers()
    assert calls(providers) == ["anna", "oleg", "irina"]
    staffed.passes(minutes=5)
    assert staffed.incident().level == 2  # the ladder goes on
    staffed.alert("resolved")
    staffed.delivers()
    assert sorted(calls(providers, "resolve")) == ["anna", "irina", "oleg"]


def test_one_whose_key_has_it_already_is_told_by_another_way(staffed, providers):
    (number,) = staffed.alert()
    staffed.delivers()
    assign(staffed, number, "anna@example.org", Actor("Oleg", "dashboard"))
    told = {one.channel for one in staffed.deliveries(kind="assigned")}
    assert told == {"ntfy", "sms", "email"}
    assign(staffed, number, "oleg@example.org")
    staffed.clock.advance(minutes=1)
    assign(staffed, number, "anna@example.org", Actor("Oleg", "dashboard"))  # passed to and fro: told each time
    assert len(staffed.deliveries(kind="assigned", channel="sms")) == 2


def test_whoever_takes_it_for_themselves_is_not_told(world):
    (number,) = world.alert()
    oleg = db.session.scalar(select(PersonRow.id).where(PersonRow.email == "oleg@example.org"))
    assert assign(world, number, "oleg@example.org", Actor("Oleg", "dashboard", oleg)) is Reason.ASSIGNED
    assert world.deliveries(kind="assigned") == []


def test_one_who_cannot_be_reached_is_accepted_with_a_warning(world):
    world.people("people: [{email: lena@example.org, name: Lena, role: responder}]")
    (number,) = world.alert()
    assert assign(world, number, "lena@example.org") is Reason.ASSIGNED
    (entry,) = world.entries("assigned")
    assert entry.detail["not_told"][0]["reason"].startswith("no verified contact for voice, push or")
    assert world.deliveries(kind="assigned") == []


def test_nobody_and_viewers_are_refused(world):
    (number,) = world.alert()
    world.people("people: [{email: lena@example.org, name: Lena, role: viewer}]")
    for to in ("nobody@example.org", "", "99999", "lena@example.org"):
        with pytest.raises(actions.NotPossible):
            assign(world, number, to)
    assert assign(world, 99, "anna@example.org") is None
    assert world.timeline() == ["opened"]


def test_an_assignment_that_waits_is_called_off_by_the_end_only(world):
    (number,) = world.alert()
    assign(world, number, "irina@example.org")
    world.acknowledges(number)
    assert "queued" in {one.status for one in world.deliveries(kind="assigned")}
    resolve(world, number)
    assert {one.status for one in world.deliveries(kind="assigned")} == {"cancelled"}


def test_e13_by_itself_the_next_message_opens_it_anew(world):
    (number,) = world.alert()
    assert resolve(world, number) is Reason.RESOLVED
    world.clock.advance(minutes=5)
    assert world.alert() != [number]
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_e13_muted_until_it_clears(world):
    (number,) = world.alert()
    before = len(world.deliveries())
    assert resolve(world, number, mute=True) is Reason.RESOLVED
    for _ in range(3):
        world.clock.advance(minutes=5)
        assert world.alert() == [number]
    assert [one.status for one in world.incidents()] == ["resolved"]
    assert len(world.deliveries()) == before
    assert world.timeline() == ["opened", "resolved", "muted"]
    assert world.seen(number) == 4

    world.alert("resolved")
    assert not db.session.scalar(select(AlertRow.muted))
    world.alert(starts="2026-12-05T00:40:00Z")
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_e13_a_new_episode_is_not_muted_even_if_its_end_was_never_heard(world):
    (number,) = world.alert()
    resolve(world, number, mute=True)
    world.alert(starts="2026-12-05T00:40:00Z")
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_e13_only_what_fired_is_muted(world):
    (number,) = world.alert()
    resolve(world, number, mute=True)
    world.post(two())
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
    assert world.incidents()[1].alert_count == 1
    assert resolve(world, number, mute=True) is Reason.ALREADY_RESOLVED


def test_a_muted_ticket_is_opened_again_by_its_sender_only(world):
    ticket = {"event": "created", "id": "SD-1", "status": "open", "updated_at": "2026-12-05T00:00:00Z"}
    number = world.post(ticket, kind="ticket").json["incidents"][0]
    resolve(world, number, mute=True)
    world.post({**ticket, "event": "updated", "updated_at": "2026-12-05T00:05:00Z"}, kind="ticket")
    assert [one.status for one in world.incidents()] == ["resolved"]
    world.post({**ticket, "event": "reopened", "updated_at": "2026-12-05T00:06:00Z"}, kind="ticket")
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_what_people_do_is_in_the_audit_log_and_what_the_clock_does_is_not(world):
    (number,) = world.alert()
    assign(world, number, "oleg@example.org")
    snooze(world, number, minutes=5)
    world.passes(minutes=5)
    world.acknowledges(number)
    world.acknowledges(number)
    actions.add_note(number, "secret words", ANNA, world.clock.now())
    resolve(world, number)
    rows = list(db.session.scalars(select(Audit).order_by(Audit.id)))
    assert [row.action for row in rows] == ["assign", "snooze", "acknowledge", "note", "resolve"]
    assert {row.target for row in rows} == {f"incident {number}"}
    assert rows[0].detail == {"how": "dashboard", "name": "Anna", "to": "oleg@example.org"}
    assert "secret" not in repr([row.detail for row in rows])
