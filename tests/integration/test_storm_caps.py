"""Nobody is called to death: caps per person and channel, the rest counted and linked in roll-ups (M12, P13)."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from gateway.acts import several, undo
from gateway.flows.receipts import Receipt, Verdict, take
from gateway.store.db import transaction
from gateway.store.outgoing import bundles
from rules.lifecycle import Signal
from tests.fakes.http import reply
from tests.integration.test_undo import ANNA
from tests.integration.test_when_to_tell import go
from tests.samples import BOOK, PEOPLE, alert, group

ONE_EACH = BOOK.replace("policy: infra}", "policy: infra, group_by: [alertname, instance]}", 1)


def finished(world, **having):
    return sorted(one.finished_at for one in world.deliveries(who="anna@example.org", status="sent", **having))


def apart(moments, least):
    return all(after - before >= least for before, after in pairwise(moments))


def rolled_up(world):
    """Four incidents, which take two roll-ups: one that has gone out, and one that waits."""
    for number in range(4):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    return world.deliveries(kind="digest")


def test_m12_a_storm_is_a_call_and_roll_ups_and_nothing_is_lost(staffed_of, providers):
    world = staffed_of(ONE_EACH)
    for batch in range(10):  # 500 in a minute
        alerts = [
            alert(fingerprint=f"f{batch}-{one}", instance=f"host{batch}-{one}", rack="r7") for one in range(50)
        ]  # fmt: skip
        assert world.post(group(*alerts)).status_code == 202
        world.delivers()
        world.clock.advance(seconds=6)
    for _ in range(3):
        go(world, minutes=1)
    assert len(world.incidents()) == 500
    assert apart(finished(world, channel="pagerduty"), timedelta(minutes=2))
    rolled = finished(world, kind="digest")
    assert 2 <= len(rolled) <= 3
    assert apart(rolled, timedelta(minutes=2))
    hers = world.deliveries(who="anna@example.org", level=1)
    state = Counter(one.status for one in hers)
    assert set(state) == {"sent", "bundled"}
    digests = {one.id: one.status for one in world.deliveries(kind="digest")}
    assert {one.bundle_id for one in hers if one.status == "bundled"} <= set(digests)
    assert len({one.incident_id for one in hers}) == 500
    titles = [one.json()["title"] for one in providers.ntfy.requests]
    assert any("incidents need you" in title and "rack=r7" in title for title in titles)
    assert world.timeline().count("bundled") >= 490


def test_what_was_answered_meanwhile_is_not_in_the_roll_up(staffed_of, providers):
    world = staffed_of(ONE_EACH)
    for number in range(2):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    (digest,) = world.deliveries(kind="digest")
    assert digest.status == "sent"
    for number in (2, 3):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    waiting = world.deliveries(kind="digest", status="queued")
    assert len(waiting) == 1
    for incident in world.incidents():
        world.acknowledges(incident.id)
    go(world, minutes=3)
    assert world.deliveries(kind="digest")[-1].status == "cancelled"


def test_what_an_answer_kept_out_of_a_roll_up_is_told_when_the_answer_is_taken_back(staffed_of, providers):
    """Whether the roll-up was called off, or went out without it; what it has said is not said again."""
    world = staffed_of(ONE_EACH)
    first, waiting = rolled_up(world)
    bundled = world.deliveries(status="bundled", bundle_id=waiting.id)
    numbers = [one.incident_id for one in bundled]
    said = [one.incident_id for one in world.deliveries(status="bundled", bundle_id=first.id)]
    assert (first.status, waiting.status) == ("sent", "queued")
    assert numbers
    world.clock.advance(seconds=1)
    token = several.act([*said, *numbers], Signal.ACKNOWLEDGE, ANNA, world.clock.now()).token
    go(world, minutes=3)
    assert world.deliveries(id=waiting.id)[0].status == "cancelled"
    assert sorted(undo.take_back(token, ANNA, world.clock.now()).done) == sorted([*said, *numbers])
    again = {one.id: (one.status, one.bundle_id, bool(one.fallback_at)) for one in world.deliveries()}
    assert {again[one.id] for one in bundled} == {("queued", None, True)}
    assert {one.status for one in world.deliveries(bundle_id=first.id)} == {"bundled"}
    go(world, minutes=3)
    told = {one.incident_id for one in world.deliveries(who="anna@example.org", status="sent")}
    told |= {one.incident_id for one in world.deliveries(status="bundled") if one.bundle_id != first.id}
    assert set(numbers) <= told


def test_a_roll_up_that_never_goes_out_gives_back_what_it_was_to_say(staffed_of, providers):
    world = staffed_of(ONE_EACH)
    for number in range(2):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    (digest,) = world.deliveries(kind="digest")
    (held,) = world.deliveries(status="bundled")
    assert (held.bundle_id, held.channel) == (digest.id, "pagerduty")
    with transaction() as session:
        bundles.release(session, digest.id, world.clock.now())
    (held,) = world.deliveries(id=held.id)
    assert (held.status, held.bundle_id) == ("queued", None)
    assert held.due_at == world.clock.now()


def test_a_roll_up_that_is_only_logged_lets_its_pages_take_their_fallback(staffed_of):
    """Anna's roll-ups go by SMS, which nobody is paid to carry; her pages then go by e-mail."""
    world = staffed_of(
        ONE_EACH,
        people=PEOPLE.replace(', {channel: ntfy, address: "NTFY/anna"}', ""),
        NABAT_TWILIO_URL="", NABAT_TWILIO_ACCOUNT_SID="", NABAT_TWILIO_AUTH_TOKEN="",
        NABAT_TWILIO_FROM="",
    )  # fmt: skip
    for number in range(3):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    go(world, minutes=3)
    digest, *_ = world.deliveries(kind="digest")
    assert (digest.channel, digest.status) == ("sms", "logged")
    assert world.deliveries(status="bundled") == []
    rolled = {one.incident_id for one in world.deliveries(bundle_id=digest.id)}
    mailed = {one.incident_id for one in world.deliveries(channel="email", part="fallback", who="anna@example.org")}
    assert rolled
    assert rolled <= mailed


def test_the_pages_of_a_roll_up_whose_channel_is_down_take_their_fallback_in_time(staffed_of, providers):
    world = staffed_of(ONE_EACH)
    first, waiting = rolled_up(world)
    assert (first.status, waiting.status, waiting.channel) == ("sent", "queued", "ntfy")
    providers.ntfy.usual = lambda _asked: reply(503)
    unsaid = {one.incident_id for one in world.deliveries(status="bundled", bundle_id=waiting.id)}

    def fallen_back():
        return {one.incident_id for one in world.deliveries(part="fallback", who="anna@example.org", level=1)}

    world.clock.set(waiting.due_at)
    go(world, seconds=59)
    assert not unsaid & fallen_back()
    go(world, seconds=1)
    assert unsaid <= fallen_back()
    assert not {one.incident_id for one in world.deliveries(bundle_id=first.id)} & fallen_back()  # those were said
    assert {one.fallback_at for one in world.deliveries(status="bundled")} == {None}
    providers.ntfy.usual = lambda _asked: reply()
    go(world, minutes=2)
    assert world.deliveries(id=waiting.id)[0].status == "sent"


def test_a_roll_up_that_bounces_gives_back_what_still_calls_and_nothing_else(staffed_of):
    """Anna's roll-ups go by SMS, and hers are taken in and never arrive."""
    world = staffed_of(ONE_EACH, people=PEOPLE.replace(', {channel: ntfy, address: "NTFY/anna"}', ""))
    for number in range(6):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    go(world, minutes=2)
    digest = world.deliveries(kind="digest", who="anna@example.org")[-1]
    assert (digest.channel, digest.status) == ("sms", "sent")
    rolled = [one.incident_id for one in world.deliveries(bundle_id=digest.id)]
    assert len(rolled) > 1
    world.acknowledges(rolled[0])
    bounced = Receipt("twilio", "x", "sms", Verdict.FAILED, digest.id, reference=digest.provider_ref, words="off")
    assert take([bounced], world.clock.now()) == ["failed"]
    again = {one.incident_id: one.status for one in world.deliveries(who="anna@example.org", channel="pagerduty")
             if one.incident_id in rolled and one.kind == "opened"}  # fmt: skip
    assert again == {rolled[0]: "bundled", **dict.fromkeys(rolled[1:], "queued")}
