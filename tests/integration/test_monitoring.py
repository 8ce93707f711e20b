"""What monitoring systems do to us: scenarios M1–M4, M8, and what lies beside them."""

from gateway.actions import Actor, act
from gateway.store.db import transaction
from gateway.store.incidents import cases
from rules.lifecycle import Signal
from tests.samples import alert, group, webhook


def test_m1_first_alert(world):
    answer = world.post(webhook())
    assert answer.status_code == 202
    incident = world.incident()
    assert answer.json == {"accepted": 1, "quarantined": 0, "incidents": [incident.id]}
    assert (incident.urgency, incident.status, incident.alert_count) == (0, "triggered", 1)
    assert incident.rule == "critical"
    promised = [(one.channel, one.who, one.kind) for one in world.deliveries()]
    assert promised == [("pagerduty", "anna@example.org", "opened"), ("ntfy", "anna@example.org", "opened")]
    assert world.timeline() == ["opened"]
    assert (incident.local_hour, incident.night) == (5 * 24 + 3, True)  # Saturday 03:12 in Moscow
    assert (incident.ack_due_at - incident.opened_at).total_seconds() == 300


def test_m2_repeats_are_counted_and_told_to_nobody(world):
    world.alert()
    for _ in range(50):
        world.alert()
    assert world.seen(world.incident().id) == 51
    assert len(world.deliveries()) == 2
    assert world.timeline() == ["opened"]


def test_m3_partial_resolve_in_the_sequence_that_breaks_peers(world):
    world.post(group(alert(fingerprint="a1", instance="db01"), alert(fingerprint="b2", instance="db02")))
    number = world.incident().id
    world.post(group(alert("resolved", fingerprint="a1", instance="db01"), alert(fingerprint="b2", instance="db02")))
    assert world.incident().status == "triggered"
    assert len(world.deliveries()) == 2
    world.clock.advance(minutes=8)
    world.post(group(alert("resolved", fingerprint="b2", instance="db02"), status="resolved"))
    incident = world.incident()
    assert (incident.id, incident.status, incident.resolve_kind) == (number, "resolved", "auto")
    assert world.timeline() == ["opened", "joined", "cleared", "resolved"]
    assert {one.status for one in world.deliveries(kind="opened")} == {"cancelled"}


def test_m4_a_resolve_before_its_firing_opens_nothing(world):
    assert world.alert("resolved", fingerprint="c3") == []
    assert world.alert(fingerprint="c3") == []
    assert world.incidents() == []
    assert world.deliveries() == []
    world.alert(fingerprint="c3", starts="2026-12-05T00:30:00Z")  # a new episode is another matter
    assert world.incident().status == "triggered"


def test_what_opens_closes_and_opens_again_in_one_payload_is_two_incidents_and_the_second_calls(world):
    later = {"starts": "2026-12-05T00:21:00Z"}
    world.post(group(alert(), alert("resolved"), alert(**later)))
    first, second = world.incidents()
    assert (first.status, second.status) == ("resolved", "triggered")
    assert {one.status for one in world.deliveries(incident_id=first.id, kind="opened")} == {"cancelled"}
    assert {one.status for one in world.deliveries(incident_id=second.id)} == {"queued"}


def test_what_a_person_resolved_while_it_fires_comes_back_only_after_a_while(world):
    (number,) = world.alert()
    act(number, Signal.RESOLVE, Actor("Anna", "dashboard"), world.clock.now())
    world.clock.advance(minutes=4)
    world.alert()
    assert len(world.incidents()) == 1
    world.alert(fingerprint="another", instance="db02")  # another alert is another matter
    assert len(world.incidents()) == 2
    world.clock.advance(minutes=2)
    world.alert(name="InstanceDown", fingerprint="a1")
    assert world.seen(world.incidents()[1].id) == 2  # still firing: it is not lost, and joins what is open


def test_a_new_episode_comes_back_at_once_whoever_resolved_the_old_one(world):
    (number,) = world.alert()
    act(number, Signal.RESOLVE, Actor("Anna", "dashboard"), world.clock.now())
    world.alert(starts="2026-12-05T00:11:45Z")
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_an_end_that_lies_in_the_future_does_not_silence_the_next_episode(world):
    world.alert()
    world.post(group({**alert("resolved"), "endsAt": "2026-12-05T20:00:00Z"}, status="resolved"))
    world.clock.advance(hours=2)
    world.alert(starts="2026-12-05T02:10:00Z")
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_what_is_heard_after_a_resolve_leaves_who_resolved_it_as_it_is(world):
    (number,) = world.alert()
    act(number, Signal.ACKNOWLEDGE, Actor("Oleg", "dashboard"), world.clock.now())
    world.clock.advance(minutes=1)
    act(number, Signal.RESOLVE, Actor("Anna", "dashboard"), world.clock.now())
    before = world.incident()
    told = (before.ack_at, before.ack_by, before.resolved_at, before.resolved_by, before.resolve_kind)
    assert told[1:] == ("Oleg", world.clock.now(), "Anna", "person")
    with transaction() as session:  # a word of its sender, read before the resolve and written after it
        case = cases.load(session, [number])[number]
        case.title = "newer words"
        cases.save(session, [case], world.clock.now())
    after = world.incident()
    assert (after.title, after.status) == ("newer words", "resolved")
    assert (after.ack_at, after.ack_by, after.resolved_at, after.resolved_by, after.resolve_kind) == told
