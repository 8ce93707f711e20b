"""What people change about an incident itself: how urgent it is, its title, its alerts, and what they think of it."""

from datetime import timedelta

import pytest

from gateway import actions
from gateway.acts import amend, merging
from gateway.flows import by_hand
from gateway.store.db import reading
from gateway.store.figures import verdicts
from rules.lifecycle import Given, Reason, Signal
from rules.words import Urgency
from tests.integration.test_machine_api import Program
from tests.samples import BOOK, PEOPLE, alert, group

ANNA = actions.Actor("Anna", "dashboard", None, "anna@example.org")
FAST = BOOK + "urgencies: {fast: {channels: [push], fallback: [email], acknowledge_within: 1h}}\n"


def channels(world, **having):
    return sorted((one.channel, one.who.partition("@")[0]) for one in world.deliveries(**having))


def test_what_is_made_more_urgent_calls_by_the_ways_of_its_new_class(world):
    (number,) = world.alert(severity="warning")
    assert channels(world) == [("email", "irina")]
    reason = amend.set_urgency(number, Urgency.EMERGENCY, "the shop is down with it", ANNA, world.clock.now())

    incident = world.incident()
    assert (reason, incident.urgency, incident.status, incident.level) == (Reason.ESCALATED, 0, "triggered", 2)
    assert ("pagerduty", "irina") in channels(world, level=2)
    assert incident.ack_due_at - world.clock.now() == timedelta(minutes=5)
    kept = world.entries("urgency")[0]
    assert (kept.actor, kept.detail["from"], kept.detail["to"]) == ("Anna", "ordinary", "emergency")
    assert kept.detail["why"] == "the shop is down with it"


def test_what_is_made_less_urgent_stops_calling(staffed, providers):
    world = staffed
    (number,) = world.alert()
    world.delivers()
    amend.set_urgency(number, Urgency.ORDINARY, "a test machine", ANNA, world.clock.now())
    world.delivers()

    assert [one["event_action"] for one in providers.pagerduty.events] == ["trigger", "acknowledge"]
    world.passes(minutes=6)
    assert channels(world, level=2) == [("email", "oleg")]
    assert world.incident().status == "triggered"


def test_whoever_was_to_be_called_and_was_not_yet_is_told_by_the_gentler_ways(world):
    (number,) = world.alert()
    amend.set_urgency(number, Urgency.ORDINARY, "a test machine", ANNA, world.clock.now())

    assert channels(world, status="queued") == [("email", "anna")]
    assert channels(world, status="cancelled") == [("ntfy", "anna"), ("pagerduty", "anna")]


def test_the_next_step_is_told_at_once_when_a_person_wants_it(world):
    (number,) = world.alert()
    assert world.acknowledges(number) is Reason.ACKNOWLEDGED
    assert actions.act(number, Signal.HURRY, ANNA, world.clock.now()) is Reason.HURRIED

    assert (world.incident().status, world.incident().level) == ("triggered", 2)
    assert ("pagerduty", "oleg") in channels(world, level=2)
    assert world.entries("hurried")[0].actor == "Anna"
    actions.act(number, Signal.HURRY, ANNA, world.clock.now())
    assert actions.act(number, Signal.HURRY, ANNA, world.clock.now()) is Reason.NOBODY_NEXT


def test_what_is_merged_goes_on_in_the_other_one(world):
    (one,) = world.alert(name="Slow", fingerprint="s1")
    (two,) = world.alert(name="Down", fingerprint="d1")
    assert merging.merge(one, two, ANNA, world.clock.now()) is True

    gone, stays = world.incidents()
    assert (gone.status, gone.resolve_kind, gone.merged_into) == ("resolved", "merged", two)
    assert (stays.alert_count, world.timeline(two)[-1], world.timeline(one)[-1]) == (2, "merged in", "merged")
    assert {status.status for status in world.deliveries(incident_id=one)} == {"cancelled"}
    world.alert("resolved", name="Slow", fingerprint="s1")
    assert world.incidents()[1].status == "triggered"  # the other one fires still
    assert world.alert(name="Slow", fingerprint="s1", starts="2026-12-05T00:30:00Z") == [two]
    world.alert("resolved", name="Down", fingerprint="d1")
    world.post(group(alert("resolved", name="Slow", fingerprint="s1", starts="2026-12-05T00:30:00Z") | {
        "endsAt": "2026-12-05T00:40:00Z"}, status="resolved"))  # fmt: skip
    assert world.incidents()[1].status == "resolved"


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({}, {"severity": "warning"}, "is more urgent than"),
        ({}, None, "there is no incident #99"),
        ({}, {}, "into itself"),
    ],
)
def test_what_is_not_merged(world, first, second, said):
    (one,) = world.alert(name="One", fingerprint="1", **first)
    into = one if second == {} else 99 if second is None else world.alert(name="Two", fingerprint="2", **second)[0]
    with pytest.raises(actions.NotPossible, match=said):
        merging.merge(one, into, ANNA, world.clock.now())
    assert [incident.status for incident in world.incidents()][:1] == ["triggered"]


def test_alerts_are_split_off_into_an_incident_of_their_own(world):
    (number,) = world.post(group(*(alert(fingerprint=f"a{n}", instance=f"db{n}") for n in range(3)))).json["incidents"]
    ids = [1, 2, 3]
    with pytest.raises(actions.NotPossible, match="at least one must fire"):
        merging.split(number, ids, ANNA, world.clock.now())
    made = merging.split(number, ids[1:], ANNA, world.clock.now())

    old, new = world.incidents()
    assert (new.id, new.title, new.alert_count, old.alert_count) == (made, "InstanceDown on db1", 2, 1)
    assert (new.status, new.level, world.timeline(made)) == ("triggered", 1, ["split from", "opened"])
    assert ("pagerduty", "anna") in channels(world, incident_id=made)
    world.alert("resolved", fingerprint="a0", instance="db0")
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
    world.alert("resolved", fingerprint="a1", instance="db1")
    world.alert("resolved", fingerprint="a2", instance="db2")
    assert [one.status for one in world.incidents()] == ["resolved", "resolved"]


def test_what_is_split_off_what_somebody_works_on_calls_nobody(world):
    (number,) = world.post(group(*(alert(fingerprint=f"a{n}") for n in range(2)))).json["incidents"]
    world.acknowledges(number)
    made = merging.split(number, [2], ANNA, world.clock.now())

    assert (world.incidents()[1].status, world.incidents()[1].ack_by) == ("acknowledged", "Anna")
    assert world.deliveries(incident_id=made) == []


@pytest.mark.parametrize("signal", [Signal.SNOOZE, Signal.ACKNOWLEDGE])
def test_what_is_split_off_while_it_rests_for_a_time_rests_no_longer_than_that(world, signal):
    (number,) = world.post(group(*(alert(fingerprint=f"a{n}") for n in range(3)))).json["incidents"]
    until = world.clock.now() + timedelta(hours=1)
    actions.act(number, signal, ANNA, world.clock.now(), Given(until=until))
    made = merging.split(number, [2], ANNA, world.clock.now())
    old, new = world.incidents()
    assert (new.status, new.snoozed_until, new.next_at, new.phase) == (
        old.status, old.snoozed_until, old.next_at, old.phase)  # fmt: skip
    assert (new.ack_by, old.snoozed_firing, new.snoozed_firing) == (
        old.ack_by, *((2, 1) if signal is Signal.SNOOZE else (None, None)))  # fmt: skip
    world.passes(hours=1)
    world.passes(minutes=11)
    assert {one.status for one in world.incidents()} == {"triggered"}
    assert ("pagerduty", "anna") in channels(world, incident_id=made)


def test_what_a_person_opens_is_told_at_once(world_of):
    """Nothing more is to come of it, and its class is what that person says: also what it insists on."""
    waits = "urgency: ordinary, policy: infra, at_least: {alerts: 3, within: 10m}"
    world = world_of(BOOK.replace("urgency: ordinary, policy: support", waits))
    world.people(
        PEOPLE.replace("NTFY", "https://ntfy.example.org").replace(
            '/anna"}]}', '/anna"}], notify: {emergency: [email]}}'
        )
    )
    told = by_hand.Told("The shop is down", Urgency.EMERGENCY)
    by_hand.open_incident(told, "anna@example.org", "Anna", "dashboard", world.clock.now())
    assert channels(world) == [("email", "anna"), ("pagerduty", "anna")]


def test_e12_verdict(world):
    """E12: three calls that were right and one that should not have been a call."""
    numbers = [world.alert(name="DiskFull", fingerprint=f"f{n}", instance=f"db{n}")[0] for n in range(1)]
    for n in range(1, 4):
        amend.resolve(numbers[-1], ANNA, world.clock.now())
        world.clock.advance(minutes=10)
        numbers += world.alert(name="DiskFull", fingerprint=f"f{n}", instance=f"db{n}")
    amend.resolve(numbers[-1], ANNA, world.clock.now())
    people = {person.email: person.id for person in world.directory().people.values()}
    for number in numbers[:3]:
        assert amend.judge(number, people["anna@example.org"], ANNA, world.clock.now(), value="useful", call=True)
    since, until = world.clock.now() - timedelta(days=1), world.clock.now() + timedelta(days=1)

    def tally():
        with reading() as session:
            (found,) = verdicts.tallies(session, since, until)
        return found

    assert tally().precision == (3, 3)
    assert amend.judge(numbers[3], people["anna@example.org"], ANNA, world.clock.now(), call=False)
    found = tally()
    assert (found.rule, found.alertname, found.precision, found.useful) == ("critical", "DiskFull", (3, 4), 3)
    assert amend.judge(numbers[3], people["anna@example.org"], ANNA, world.clock.now(), call=False) is False
    assert world.timeline(numbers[3])[-1] == "verdict"


def test_e13_close_while_firing(world):
    """E13: what a person resolved while it fires, and muted, opens nothing until it clears."""
    (number,) = world.alert()
    amend.resolve(number, ANNA, world.clock.now(), mute=True, fixed_by="changed the disk")
    for _ in range(3):
        world.clock.advance(minutes=10)
        assert world.alert() == [number]
    assert (len(world.incidents()), world.incident().status, world.incident().fixed_by) == (
        1, "resolved", "changed the disk",
    )  # fmt: skip
    world.alert("resolved")
    assert world.alert(starts="2026-12-05T01:30:00Z") != [number]


def test_programs_can_do_the_same(world):
    program = Program(world, "read", "act")
    (one,) = world.post(group(alert(fingerprint="a1"), alert(fingerprint="a2"))).json["incidents"]
    (two,) = world.alert(name="Other", fingerprint="b1")
    path = f"/incidents/{one}"
    wanted = [
        ("escalate", {"level": 1}, 200, "hurried"),
        ("escalate", {"level": 1}, 200, "already passed on"),
        ("escalate", {"level": "x"}, 400, None),
        ("urgency", {"urgency": "ordinary", "reason": "a test"}, 200, "lowered"),
        ("urgency", {"urgency": "ordinary", "reason": "a test"}, 200, "not due"),
        ("urgency", {"urgency": "huge", "reason": "a test"}, 400, None),
        ("urgency", {"urgency": "fast"}, 400, None),
        ("title", {"title": "The disk of db01"}, 200, "retitled"),
        ("title", {"title": "  "}, 400, None),
        ("split", {"alerts": [2]}, 200, "split"),
        ("split", {"alerts": ["2"]}, 400, None),
        ("split", {"alerts": []}, 409, None),
        ("fixed", {"text": "x"}, 409, None),
        ("verdict", {"person": "anna@example.org", "verdict": "useful"}, 409, None),
        ("merge", {"into": two}, 200, "merged"),
        ("merge", {"into": two}, 409, None),
        ("merge", {"into": True}, 400, None),
        ("fixed", {"text": "a new disk"}, 200, "fixed"),
        ("verdict", {"person": "anna@example.org", "verdict": "false"}, 200, "judged"),
        ("verdict", {"person": "anna@example.org", "verdict": "false"}, 200, "unchanged"),
        ("verdict", {"person": "nobody@example.org", "verdict": "false"}, 400, None),
        ("verdict", {"person": "anna@example.org"}, 400, None),
    ]
    for what, said, code, result in wanted:
        answer = program.post(f"{path}/{what}", json=said)
        assert (answer.status_code, answer.json.get("result")) == (code, result), (what, said, answer.json)
    assert program.post("/incidents/99/title", json={"title": "x"}).status_code == 404
    reader = Program(world, "read", name="reader")
    assert {reader.post(f"{path}/{what}", json={}).status_code for what, *_ in wanted} == {403}
