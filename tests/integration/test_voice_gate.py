"""A call has to be earned (E1, E2, E8, E9, E10): off hours or unanswered, still firing, within the budget."""

from datetime import UTC, datetime

from sqlalchemy import text, update

from gateway import actions
from gateway.store.db import transaction
from gateway.store.tables import AlertRow
from rules.lifecycle import Signal
from tests.integration.test_when_to_tell import Sender, go
from tests.samples import BOOK, alert, group

WORK = 'calendars: {work: {days: mon-fri, hours: "09:00-18:00", holidays: RU}}\n'
GATE = WORK + "voice: {only_when: not work, or_unacknowledged_for: 3m, budget: {calls: 3, per: 8h}}\n"
BUSINESS = datetime(2026, 12, 7, 8, tzinfo=UTC)  # a Monday, 11:00 in Moscow


def called(providers):
    return [one["routing_key"].split("-")[0] for one in providers.pagerduty.events if one["event_action"] == "trigger"]


def reasons(world):
    return [(one.detail["name"], one.detail["why"]) for one in world.entries("voice gate")]


def test_e1_the_voice_gate_passes(staffed_of, providers):
    world = staffed_of(BOOK.replace("policy: infra}", "policy: infra, hold_for: 60s}", 1) + GATE)
    one = alert(service="mail") | {"annotations": {"summary": "db01 is down"}}
    world.post(group(one))
    go(world, seconds=60)
    (event,) = providers.pagerduty.events
    assert event["payload"]["summary"].startswith("EMERGENCY mail: db01 is down (why: critical, off hours)")
    assert reasons(world) == [("Anna", "in time")]


def test_e2_what_ceased_before_the_call_is_dialled_calls_nobody(staffed_of, providers):
    world = staffed_of(BOOK + GATE)
    world.alert()
    with transaction() as session:
        session.execute(update(AlertRow).values(firing=False))  # our state at dial time, whatever was promised
    world.delivers()
    assert called(providers) == []
    assert reasons(world) == [("Anna", "not firing")]


def test_e8_over_budget_the_next_person_is_called_and_she_gets_a_push(staffed_of, providers):
    world = staffed_of(BOOK + GATE)
    for number in range(4):
        (made,) = world.alert(name=f"A{number}", fingerprint=f"a{number}")
        world.delivers()
        world.delivers()
        if number < 3:
            actions.act(made, Signal.RESOLVE, actions.Actor("Anna", "dashboard"), world.clock.now())
        world.clock.advance(minutes=20)
    assert called(providers) == ["anna", "anna", "anna", "oleg"]
    assert len([one for one in world.deliveries(incident_id=made, channel="ntfy") if one.status == "sent"]) == 1
    assert reasons(world)[-2:] == [("Anna", "over budget"), ("Oleg", "in time")]
    (entry, *_) = [one for one in world.entries("voice gate") if one.detail["why"] == "over budget"]
    assert (entry.detail["calls"], entry.detail["per_s"]) == (3, 8 * 3600)


def test_over_budget_with_nobody_else_the_call_is_made(staffed_of, providers):
    alone = (
        BOOK.replace("policy: infra}", "policy: alone}")
        + "  alone: {steps: [{notify: ['person:irina@example.org'], wait: 1h}]}\n"
    )
    world = staffed_of(alone + GATE.replace("calls: 3", "calls: 1"))
    for number in range(2):
        world.alert(name=f"A{number}", fingerprint=f"a{number}")
        world.delivers()
        world.clock.advance(minutes=20)
    assert called(providers) == ["irina", "irina"]
    assert reasons(world) == [("Irina", "in time"), ("Irina", "nobody else")]


def test_e9_in_business_hours_push_first_and_the_call_if_nobody_acknowledges(staffed_of, providers):
    world = staffed_of(BOOK + GATE)
    world.clock.set(BUSINESS)
    world.alert(starts="2026-12-07T08:00:00Z")
    world.delivers()
    assert (called(providers), len(providers.ntfy.requests)) == ([], 1)
    go(world, minutes=2, seconds=59)
    assert called(providers) == []
    go(world, seconds=1)
    assert called(providers) == ["anna"]
    assert reasons(world) == [("Anna", "push first"), ("Anna", "unanswered")]
    assert world.entries("voice gate")[0].detail["calendar"] == "work"
    assert not world.deliveries(part="fallback")


def test_e9_an_acknowledgement_within_that_time_calls_nobody(staffed_of, providers):
    world = staffed_of(BOOK + GATE)
    world.clock.set(BUSINESS)
    (number,) = world.alert(starts="2026-12-07T08:00:00Z")
    go(world, minutes=2)
    world.acknowledges(number)
    go(world, minutes=30)
    assert called(providers) == []


def test_whom_no_push_reaches_is_called_at_once_in_business_hours_too(staffed_of, providers):
    world = staffed_of(BOOK.replace("schedule:infra", "person:oleg@example.org", 1) + GATE)
    world.clock.set(BUSINESS)
    world.alert(starts="2026-12-07T08:00:00Z")
    world.delivers()
    assert (called(providers), reasons(world)) == (["oleg"], [("Oleg", "no push")])


def test_e10_a_holiday_is_off_hours(staffed_of, providers):
    world = staffed_of(BOOK + GATE)
    world.clock.set(datetime(2027, 1, 1, 9, tzinfo=UTC))  # a Friday, 12:00 in Moscow
    world.alert(starts="2027-01-01T09:00:00Z")
    world.delivers()
    assert (called(providers), reasons(world)) == (["anna"], [("Anna", "in time")])


def test_without_the_key_every_call_leaves_at_once(staffed_of, providers):
    world = staffed_of()
    world.clock.set(BUSINESS)
    world.alert(starts="2026-12-07T08:00:00Z")
    world.delivers()
    assert (called(providers), reasons(world)) == (["anna"], [])


def test_an_incident_that_cannot_be_read_keeps_no_other_from_being_called_for(staffed_of, providers):
    world = staffed_of(BOOK + GATE, NABAT_CAPS="off")
    (broken,), _ = (world.alert(name=name, fingerprint=name) for name in ("a", "b"))
    with transaction() as session:
        session.execute(text("UPDATE incident SET route = '{broken' WHERE id = :id"), {"id": broken})
    world.delivers()
    assert called(providers) == ["anna", "anna"]


FLAPS = "flapping: {changes: 4, within: 30m, quiet: 15m}\n"


def test_what_comes_back_before_its_call_has_left_is_called_for_like_any_other(staffed_of, providers):
    world = staffed_of(BOOK + GATE + FLAPS)
    world.clock.set(BUSINESS)
    sender = Sender(world)
    sender.fires()
    go(world, minutes=1)
    sender.clears()
    go(world, minutes=1)
    sender.fires()
    go(world, minutes=2, seconds=59)
    assert called(providers) == []
    go(world, seconds=1)
    assert called(providers) == ["anna"]
    sender.clears()
    go(world, minutes=1)
    sender.fires()
    go(world, minutes=4)
    assert called(providers) == ["anna"]  # once: the rest is flapping


def flapping(staffed_of):
    """Twice it fired for a minute, and ceased before anybody was called."""
    world = staffed_of(BOOK + GATE + FLAPS)
    world.clock.set(BUSINESS)
    sender = Sender(world)
    for _ in range(2):
        sender.fires()
        go(world, minutes=1)
        sender.clears()
        go(world, minutes=1)
    return world, sender


def test_what_flaps_and_was_not_called_for_yet_is_when_it_fires_at_that_moment(staffed_of, providers):
    world, sender = flapping(staffed_of)
    assert world.incident().phase == "flapping"
    go(world, minutes=5)
    assert called(providers) == []
    sender.fires()
    go(world, minutes=1)
    assert called(providers) == ["anna"]
    assert [why for _, why in reasons(world)].count("not firing") == 0


def test_what_flapped_and_is_over_calls_nobody(staffed_of, providers):
    world, _ = flapping(staffed_of)
    for _ in range(20):
        go(world, minutes=1)
    assert (world.incident().status, called(providers)) == ("resolved", [])
