"""When somebody is told: hold_for (E2), flapping (M11), reopen_within, acknowledged for a time (E7)."""

from datetime import timedelta

import pytest

from gateway import actions
from gateway.acts import amend, merging, silencing
from gateway.flows import silences
from gateway.store.db import reading, transaction
from gateway.store.upkeep import selfwatch, vitals
from rules.lifecycle import Given, Reason, Signal
from rules.words import Suppressor, Urgency
from tests.fakes.http import reply
from tests.integration.test_silences import Operator
from tests.samples import BOOK, alert, group

HELD = BOOK.replace("urgency: emergency, policy: infra}", "urgency: emergency, policy: infra, hold_for: 60s}")
BACK = BOOK + "reopen_within: 30m\n"
FLAPS = BOOK + "flapping: {changes: 4, within: 30m, quiet: 15m}\n"

BY_MAIL = """
people:
  - {email: anna@example.org, name: Anna, role: responder, contacts: [{channel: email, address: anna@example.org}]}
  - {email: oleg@example.org, name: Oleg, role: responder, contacts: [{channel: email, address: oleg@example.org}]}
  - {email: irina@example.org, name: Irina, role: admin, contacts: [{channel: email, address: irina@example.org}]}
teams: [{name: infra, members: [anna@example.org, oleg@example.org]}, {name: support, members: [irina@example.org]}]
schedules:
  - {name: infra, timezone: UTC, layers: [{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}]}
"""


class Sender:
    """One alert that begins and ceases to fire."""

    def __init__(self, world):
        self.world, self.began = world, ""

    def _now(self):
        return self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def fires(self, **more):
        self.began = self._now()
        return self.world.alert(starts=self.began, **more)

    def clears(self, **more):
        one = {**alert("resolved", starts=self.began, **more), "endsAt": self._now()}
        return self.world.post(group(one, status="resolved")).json["incidents"]


def go(world, **time):
    """Time goes by, and messages go out."""
    world.delivers()
    world.passes(**time)
    world.delivers()


def calls(world):
    return [
        one.who.split("@")[0] for one in world.deliveries(channel="pagerduty") if one.kind in ("opened", "escalated")
    ]


def acts(world, number, signal):
    return actions.act(number, signal, actions.Actor("Anna", "dashboard"), world.clock.now())


def said(world, kind):
    return sorted({(one.who.split("@")[0], one.channel) for one in world.deliveries(kind=kind)})


def test_e2_the_gate_holds_and_it_heals_by_itself(staffed_of):
    world = staffed_of(HELD)
    sender = Sender(world)
    sender.fires()
    go(world, seconds=40)
    assert (world.incident().level, world.incident().phase, world.deliveries()) == (0, "held", [])
    sender.clears()
    go(world, minutes=5)
    assert (world.incident().status, world.incident().resolve_kind) == ("resolved", "healed")
    assert world.deliveries() == []
    assert world.timeline() == ["held", "resolved"]
    (held, resolved) = world.entries()
    assert (held.detail["why"], resolved.detail["healed"]) == ("hold_for", True)


def test_what_does_not_heal_is_told_when_the_hold_is_over(staffed_of):
    world = staffed_of(HELD)
    world.alert()
    go(world, seconds=59)
    assert world.deliveries() == []
    go(world, seconds=1)
    assert calls(world) == ["anna"]
    assert (world.incident().level, world.incident().phase) == (1, "")
    go(world, minutes=5)
    assert calls(world) == ["anna", "oleg"]
    assert [one for one in world.timeline() if one != "sent"] == ["held", "opened", "escalated"]


def test_a_hold_is_not_for_the_auditor_to_mend(staffed_of):
    world = staffed_of(HELD.replace("60s", "10m"))
    world.alert()
    go(world, minutes=5)
    with reading() as session:
        assert vitals.undelivered(session, world.clock.now(), configured=True) == []
        assert selfwatch.missing(session, world.clock.now()) == []


def test_a_person_ends_the_hold(staffed_of):
    world = staffed_of(HELD)
    (number,) = world.alert()
    assert acts(world, number, Signal.ACKNOWLEDGE) is Reason.ACKNOWLEDGED
    go(world, minutes=30)
    assert world.deliveries() == []
    assert acts(world, number, Signal.RESOLVE) is Reason.RESOLVED
    assert world.incident().resolve_kind == "person"
    (other,) = world.alert(name="Other", fingerprint="b2")
    actions.assign(other, "oleg@example.org", actions.Actor("Anna", "dashboard"), world.clock.now())
    go(world, seconds=0)
    assert calls(world) == ["anna"]


def test_the_same_problem_back_is_the_same_incident_and_stays_acknowledged(staffed_of):
    world = staffed_of(BACK)
    sender = Sender(world)
    (number,) = sender.fires()
    world.acknowledges(number)
    world.clock.advance(minutes=10)
    sender.clears()
    assert world.incident().status == "resolved"
    world.clock.advance(minutes=29)
    assert sender.fires() == [number]
    incident = world.incident()
    assert (incident.status, incident.level, incident.resolved_at) == ("acknowledged", 1, None)
    assert calls(world) == ["anna"]
    assert said(world, "reopened") == [("anna", "ntfy")]
    world.clock.advance(minutes=1)
    sender.clears()
    world.clock.advance(minutes=31)
    assert sender.fires() != [number]
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_unanswered_it_goes_on_with_the_step_where_it_stood_and_calls_there_again(staffed_of, providers):
    world = staffed_of(BACK)
    sender = Sender(world)
    (number,) = sender.fires()
    world.delivers()
    go(world, minutes=5)
    world.delivers()
    world.clock.advance(minutes=1)
    sender.clears()
    world.delivers()
    world.clock.advance(minutes=20)
    assert sender.fires() == [number]
    world.delivers()
    sent = [(one["routing_key"].split("-")[0], one["event_action"]) for one in providers.pagerduty.events]
    assert [*sent[:2], *sorted(sent[2:4]), *sent[4:]] == [
        ("anna", "trigger"), ("oleg", "trigger"), ("anna", "resolve"), ("oleg", "resolve"), ("oleg", "trigger")
    ]  # fmt: skip
    go(world, minutes=10)
    assert calls(world) == ["anna", "oleg", "oleg", "irina"]
    world.clock.advance(minutes=1)
    sender.clears()
    world.delivers()
    assert [one["event_action"] for one in providers.pagerduty.events][-3:].count("resolve") >= 2


def test_what_a_person_resolved_is_another_incident(staffed_of):
    world = staffed_of(BACK)
    sender = Sender(world)
    (number,) = sender.fires()
    acts(world, number, Signal.RESOLVE)
    world.clock.advance(minutes=6)
    sender.clears()
    world.clock.advance(minutes=6)
    assert sender.fires() != [number]


def test_m11_flapping_is_said_once_and_ends_when_it_is_quiet(staffed_of):
    world = staffed_of(FLAPS)
    sender = Sender(world)
    (number,) = sender.fires()
    for turn in (sender.clears, sender.fires, sender.clears, sender.fires, sender.clears):
        go(world, minutes=4)
        assert turn() == [number]
    assert calls(world) == ["anna"]
    assert said(world, "flapping") == [("anna", "ntfy")]
    assert len(world.deliveries(kind="flapping")) == 1
    assert world.timeline().count("flapping") == 1
    go(world, minutes=14, seconds=59)
    assert (world.incident().status, world.incident().phase) == ("triggered", "flapping")
    go(world, seconds=1)
    assert (world.incident().status, world.incident().resolve_kind) == ("resolved", "auto")
    assert calls(world) == ["anna"]
    assert len(world.incidents()) == 1


def test_what_still_fires_when_it_is_quiet_goes_on_up_the_ladder(staffed_of):
    world = staffed_of(FLAPS)
    sender = Sender(world)
    sender.fires()
    for turn in (sender.clears, sender.fires, sender.clears, sender.fires):
        go(world, minutes=2)
        turn()
    go(world, minutes=15)
    assert calls(world) == ["anna", "oleg"]
    assert (world.incident().phase, "flapping over" in world.timeline()) == ("", True)


def test_e7_a_forgotten_acknowledgement_is_reminded_of_and_then_the_ladder_begins_anew(staffed_of, providers):
    world = staffed_of()
    (number,) = world.alert()
    go(world, minutes=1)
    given = Given(until=world.clock.now() + timedelta(minutes=30))
    actions.act(number, Signal.ACKNOWLEDGE, actions.Actor("Anna", "dashboard"), world.clock.now(), given)
    pushed = len(providers.ntfy.requests)
    go(world, minutes=29, seconds=59)
    assert (said(world, "reminder"), world.incident().status) == ([], "acknowledged")
    go(world, seconds=1)
    assert said(world, "reminder") == [("anna", "ntfy")]
    assert len(providers.ntfy.requests) == pushed + 1
    assert calls(world) == ["anna"]
    go(world, minutes=9, seconds=59)
    assert world.incident().status == "acknowledged"
    go(world, seconds=1)
    assert (world.incident().status, world.incident().level) == ("triggered", 2)
    assert {one.who for one in world.deliveries(level=2, kind="escalated")} == {"anna@example.org"}
    go(world, minutes=5)
    assert calls(world)[-1] == "oleg"
    assert "acknowledgement over" in world.timeline()


def test_whoever_is_reminded_may_acknowledge_again(staffed_of):
    world = staffed_of()
    (number,) = world.alert()
    now = world.clock.now()
    given = Given(until=now + timedelta(minutes=5))
    actions.act(number, Signal.ACKNOWLEDGE, actions.Actor("Anna", "dashboard"), now, given)
    go(world, minutes=5)
    assert world.acknowledges(number) is Reason.ACKNOWLEDGED
    go(world, hours=5)
    assert (world.incident().status, world.incident().level) == ("acknowledged", 1)


def test_each_acknowledgement_for_a_time_is_reminded_of(staffed_of):
    world = staffed_of()
    (number,) = world.alert()
    for times in (1, 2, 3):
        now = world.clock.now()
        given = Given(until=now + timedelta(minutes=30))
        actions.act(number, Signal.ACKNOWLEDGE, actions.Actor("Anna", "dashboard"), now, given)
        go(world, minutes=30)
        assert [one.status for one in world.deliveries(kind="reminder")] == ["sent"] * times
    assert calls(world) == ["anna"]


@pytest.mark.parametrize("minutes", [30, 15])
@pytest.mark.parametrize("early", [True, False])
def test_an_acknowledgement_that_ends_within_a_silence_is_reminded_of_when_that_is_over(staffed_of, minutes, early):
    """Whether its time ends within it, or that of whoever was reminded before it began."""
    world = staffed_of()
    (number,) = world.alert()
    go(world, seconds=1)
    acknowledged_for(world, number, minutes)
    go(world, minutes=20)
    operator = Operator(world)
    silence = operator.silence("alertname=InstanceDown")
    reminded = said(world, "reminder")
    assert len(reminded) == (minutes == 15)
    go(world, minutes=30)
    assert (said(world, "reminder"), calls(world)) == (reminded, ["anna"])
    assert world.incident().suppressed_by == f"silence:{silence}"
    if early:
        operator.ask("DELETE", f"silences/{silence}")
    operator.passes(hours=0 if early else 2)
    go(world, seconds=4)
    if minutes == 30:
        assert (said(world, "reminder"), calls(world)) == ([("anna", "ntfy")], ["anna"])
        assert world.incident().status == "acknowledged"
        go(world, minutes=10)
    assert ("acknowledgement over" in world.timeline(), world.incident().status) == (True, "triggered")
    assert {one.who for one in world.deliveries(level=2, kind="escalated")} == {"anna@example.org"}  # it begins anew


def test_what_was_raised_after_that_is_told_at_the_end_and_asks_nobody(staffed_of):
    world = staffed_of()
    (number,) = world.alert(severity="warning")
    acknowledged_for(world, number, 5)
    operator = Operator(world)
    silence = operator.silence("alertname=InstanceDown", page_emergencies=False)
    go(world, minutes=6)
    assert world.incident().suppressed_by
    amend.set_urgency(number, Urgency.URGENT, "", actions.Actor("Anna", "dashboard"), world.clock.now())
    operator.ask("DELETE", f"silences/{silence}")
    go(world, seconds=4)
    assert (said(world, "reminder"), world.incident().status) == ([], "triggered")
    assert {one.level for one in world.deliveries(kind="escalated")} == {2}


def acknowledged_for(world, number, minutes):
    given = Given(until=world.clock.now() + timedelta(minutes=minutes))
    return actions.act(number, Signal.ACKNOWLEDGE, actions.Actor("Anna", "dashboard"), world.clock.now(), given)


@pytest.mark.parametrize("first", [True, False])
def test_an_acknowledgement_for_a_time_ends_though_it_flaps(staffed_of, first):
    """Whether it flaps after it was acknowledged or before."""
    world = staffed_of(FLAPS)
    sender = Sender(world)
    (number,) = sender.fires()
    go(world, seconds=1)
    if first:
        acknowledged_for(world, number, 60)
    for turn in (sender.clears, sender.fires) * 2:
        go(world, minutes=1)
        turn()
    if not first:
        assert acknowledged_for(world, number, 5) is Reason.ACKNOWLEDGED
        assert acknowledged_for(world, number, 56) is Reason.ACKNOWLEDGED  # the newest word counts
    assert (world.incident().status, world.incident().phase) == ("acknowledged", "flapping")
    go(world, minutes=15)
    assert (world.incident().status, world.incident().phase) == ("acknowledged", "timed")
    go(world, minutes=40, seconds=58)
    assert said(world, "reminder") == []
    go(world, seconds=2)
    assert said(world, "reminder") == [("anna", "ntfy")]
    go(world, minutes=10)
    assert (world.incident().status, "acknowledgement over" in world.timeline()) == ("triggered", True)


def test_an_acknowledgement_that_ends_while_it_flaps_is_reminded_of_when_it_is_quiet(staffed_of):
    world = staffed_of(FLAPS)
    sender = Sender(world)
    (number,) = sender.fires()
    acknowledged_for(world, number, 5)
    for turn in (sender.clears, sender.fires) * 2:
        go(world, minutes=1)
        turn()
    go(world, minutes=15)
    assert said(world, "reminder") == [("anna", "ntfy")]
    go(world, minutes=10)
    assert world.incident().status == "triggered"


def test_what_is_split_off_what_flaps_is_acknowledged_for_no_longer(staffed_of):
    world = staffed_of(FLAPS)

    def both(status):
        at = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        began = {} if status == "resolved" else {"startsAt": at}
        ended = {"endsAt": at} if status == "resolved" else {}
        alerts = [{**alert(status, fingerprint=one), **began, **ended} for one in "ab"]
        return world.post(group(*alerts, status=status)).json["incidents"]

    (number,) = both("firing")
    until = world.clock.now() + timedelta(minutes=60)
    acknowledged_for(world, number, 60)
    for status in ("resolved", "firing") * 2:
        go(world, minutes=1)
        both(status)
    assert world.incident().phase == "flapping"
    made = merging.split(number, [2], actions.Actor("Anna", "dashboard"), world.clock.now())
    found = {one.id: (one.status, one.phase, one.next_at) for one in world.incidents()}
    assert found[made] == ("acknowledged", "timed", until)


def test_an_acknowledgement_for_a_time_is_no_longer_for_an_end_in_between(staffed_of):
    world = staffed_of(BACK)
    sender = Sender(world)
    (number,) = sender.fires()
    go(world, seconds=1)
    acknowledged_for(world, number, 20)
    for minutes, status, phase in ((5, "acknowledged", "timed"), (16, "triggered", "")):
        sender.clears()
        go(world, minutes=minutes)
        assert sender.fires() == [number]
        assert (world.incident().status, world.incident().phase) == (status, phase)


def test_whoever_works_on_it_hears_each_time_that_it_is_back_and_that_it_is_over(staffed_of):
    world = staffed_of(BACK)
    sender = Sender(world)
    (number,) = sender.fires()
    go(world, seconds=1)
    world.acknowledges(number)
    for times in (1, 2):
        go(world, minutes=10)
        sender.clears()
        go(world, minutes=5)
        told = {one.address_id for one in world.deliveries(kind="resolved")}
        assert len(world.deliveries(kind="resolved")) == times * len(told) > 0
        assert sender.fires() == [number]
        go(world, seconds=1)
        assert [one.status for one in world.deliveries(kind="reopened")] == ["sent"] * times


def test_what_flaps_again_after_it_was_quiet_is_said_again(staffed_of):
    world = staffed_of(FLAPS)
    sender = Sender(world)
    sender.fires()
    world.acknowledges(world.incident().id)
    for times in (1, 2):
        for turn in (sender.clears, sender.fires) * 2:
            go(world, minutes=1)
            turn()
        assert (world.incident().phase, len(world.deliveries(kind="flapping"))) == ("flapping", times)
        go(world, minutes=40)
        assert (world.incident().phase, world.incident().status) == ("", "acknowledged")


def test_what_flaps_and_is_acknowledged_stays_so_whatever_keeps_it_quiet(staffed_of):
    world = staffed_of(FLAPS)
    sender = Sender(world)
    (number,) = sender.fires()
    for turn in (sender.clears, sender.fires) * 2:
        go(world, minutes=1)
        turn()
    assert world.acknowledges(number) is Reason.ACKNOWLEDGED
    now = world.clock.now()
    wanted = silencing.silence(
        ['alertname="InstanceDown"'], now, now + timedelta(hours=2), "at work on it", spares=False
    )
    with transaction() as session:
        silencing.add(session, Suppressor.SILENCE, wanted, actions.Actor("Anna", "dashboard"), now)
    told = len(calls(world))
    for _ in range(3):
        go(world, minutes=50)
        silences.turn_due(world.clock.now())
    assert (world.incident().status, len(calls(world))) == ("acknowledged", told)


def test_who_is_not_reached_of_what_flaps_is_followed_by_the_next_step(staffed_of, providers):
    world = staffed_of(FLAPS)
    providers.pagerduty.usual = providers.ntfy.usual = lambda _: reply(503)
    sender = Sender(world)
    sender.fires()
    for turn in (sender.clears, sender.fires) * 2:
        go(world, seconds=5)
        turn()
    ends = world.incident().next_at
    assert calls(world) == ["anna", "anna"]  # the first was called off before it had reached her
    for _ in range(13):
        go(world, seconds=5)
    assert calls(world) == ["anna", "anna", "oleg"]
    assert (world.incident().phase, world.incident().next_at) == ("flapping", ends)


def test_the_rounds_of_a_ladder_that_goes_on_are_not_told_all_at_once(staffed_of):
    """Of people without a phone, so that no step is waited for."""
    book = BACK.replace("repeat: 0", "repeat: 3")
    world = staffed_of(book, BY_MAIL)
    sender = Sender(world)
    sender.fires()
    go(world, minutes=1)
    assert world.incident().level == 3
    sender.clears()
    go(world, minutes=5)
    sender.fires()
    world.delivers()
    assert world.incident().level == 6  # one round; the next one waits
    assert len(world.deliveries(kind="escalated", channel="email")) == 5
