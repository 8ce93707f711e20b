"""The same messages in any order, any number of times, from any number of senders: promises P5, P6, P14, P19."""

import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from gateway.actions import Actor, act
from gateway.flows import deliver, escalate
from gateway.flows.strangers import SURE
from gateway.store.db import db, transaction
from gateway.store.outgoing import outbox
from gateway.store.tables import AlertRow, Entry, Incident
from gateway.store.types import micros
from rules.lifecycle import Signal
from tests.doors import BridgeDoor
from tests.samples import alert, group, webhook

MOMENTS = ["2026-12-05T00:00:00Z", "2026-12-05T00:05:00Z", "2026-12-05T00:10:00Z"]


def message(kind, start, end, fingerprint):
    made = alert("resolved" if kind == "resolved" else "firing", fingerprint=fingerprint, starts=MOMENTS[start])
    if kind == "resolved":
        made["endsAt"] = MOMENTS[max(start, end)]
    return made


def fires(messages):
    """The definition itself, over the set: F > R and F >= E."""
    never = "0"
    fired = max((MOMENTS[start] for kind, start, _ in messages if kind == "firing"), default=never)
    resolved = max((MOMENTS[start] for kind, start, _ in messages if kind == "resolved"), default=never)
    ended = max((MOMENTS[max(start, end)] for kind, start, end in messages if kind == "resolved"), default=never)
    return fired > resolved and fired >= ended


def is_firing(world, fingerprint):
    db.session.rollback()
    row = db.session.scalars(select(AlertRow).where(AlertRow.fingerprint == fingerprint, AlertRow.latest)).one()
    return row.firing


def test_the_state_of_an_alert_is_a_function_of_the_set_of_messages(world):
    """Every order of three messages with a repeat, and random longer ones; each alert has a fingerprint of its own."""
    kinds = [("firing", start, start) for start in range(3)]
    kinds += [("resolved", start, end) for start in range(3) for end in range(start, 3)]
    dice = random.Random(5)
    sets = [dice.sample(kinds, 3) for _ in range(25)]
    histories = [order for chosen in sets for order in itertools.permutations([*chosen, chosen[0]])]
    histories += [[dice.choice(kinds) for _ in range(dice.randint(4, 9))] for _ in range(60)]
    numbered = [(f"f{number}", history) for number, history in enumerate(histories)]
    for turn in range(max(len(history) for _, history in numbered)):
        batch = [message(*history[turn], name) for name, history in numbered if turn < len(history)]
        assert world.post(group(*batch)).status_code == 202
    wrong = [history for name, history in numbered if is_firing(world, name) != fires(history)]
    assert wrong == []


def test_an_incident_is_over_when_no_alert_of_it_fires_whatever_the_order(world):
    dice = random.Random(11)
    names = [f"a{number}" for number in range(6)]
    messages = [message(kind, 0, 1, name) for name in names for kind in ("firing", "resolved")]
    for _ in range(8):
        dice.shuffle(messages)
        for one in messages:
            world.post(group(one))
    assert {incident.status for incident in world.incidents()} <= {"resolved"}
    assert not any(is_firing(world, name) for name in names)


def together(world, work, items, threads=12):
    """Runs `work(item)` in threads that each have the app's context."""

    def one(item):
        with world.app.app_context():
            try:
                return work(item)
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, items))


def test_at_most_one_open_incident_per_key_under_any_concurrency(world):
    token = world.token()

    def post(number):
        body = webhook(name=f"Alert{number % 20}", fingerprint=f"f{number % 60}")
        headers = {"Authorization": f"Bearer {token}"}
        # Twelve threads share one processor with whoever holds the lock of their source (decision 4). On a busy machine
        # the last in that line waits for more than two seconds, and its sender comes again.
        for _ in range(30):
            answer = world.app.test_client().post("/ingest/alertmanager", json=body, headers=headers)
            if answer.status_code != 503:
                break
        return answer.status_code

    assert set(together(world, post, range(240))) == {202}
    open_ones = world.incidents()
    assert len(open_ones) == 20
    assert len({incident.dedup_key for incident in open_ones}) == 20
    assert db.session.scalar(select(func.sum(AlertRow.seen))) == 240
    assert len(world.deliveries()) == 40  # two ways to tell Anna of each


def test_what_comes_several_times_in_one_request_is_looked_for_under_each_of_its_keys(world):
    """Its last word opens nothing, or under another key: its first still belongs to the incident that is open."""
    (first,) = world.alert()
    gone = group(alert(fingerprint="a2"), alert("resolved", fingerprint="a2"))
    other = group(alert(fingerprint="a3"), alert(fingerprint="a3", name="Other"))
    for body in (gone, other):
        assert world.post(body).json == {"accepted": 2, "quarantined": 0, "incidents": [first]}
    db.session.rollback()
    rows = db.session.execute(select(AlertRow.fingerprint, AlertRow.incident_id, AlertRow.firing, AlertRow.seen))
    assert sorted(rows.all()) == [("a1", first, True, 1), ("a2", first, False, 2), ("a3", first, True, 2)]
    assert world.timeline() == ["opened", "joined", "cleared", "joined"]


def test_alerts_of_an_incident_stay_in_the_order_in_which_they_came(world):
    """Messages are about the first of them; fingerprints say nothing of it."""
    names = ["m", "z", "a", "k"]
    others = [alert(name="Other", fingerprint=f"other-{name}") for name in names]
    both = zip([alert(fingerprint=name) for name in names], others, strict=True)
    assert world.post(group(*(one for pair in both for one in pair))).status_code == 202
    db.session.rollback()
    found = db.session.scalars(select(AlertRow.fingerprint).order_by(AlertRow.incident_id, AlertRow.id)).all()
    assert sorted((found[:4], found[4:])) == [names, [f"other-{name}" for name in names]]


@pytest.mark.parametrize("sure", [1, SURE])
def test_new_alerts_are_taken_in_side_by_side_and_what_another_was_first_with_is_found(world, sure):
    """A pair of senders, twice: the same new alerts at the same moment, in orders of their own, two to an incident."""
    token, streak, dice = world.token(), world.app.extensions["gateway"].streak, random.Random(7)

    def post(body):
        headers = {"Authorization": f"Bearer {token}"}
        for _ in range(5):  # a sender that hears 503 comes again: nothing of it was stored
            answer = world.app.test_client().post("/ingest/alertmanager", json=body, headers=headers)
            if answer.status_code != 503:
                break
        return answer.status_code

    for turn in range(8):
        new = [alert(name=f"Alert{turn}-{number // 2}", fingerprint=f"f{turn}-{number}") for number in range(12)]
        streak.length = sure  # as if the last ones had been new
        assert together(world, post, [group(*dice.sample(new, 12)) for _ in range(4)]) == [202] * 4
    db.session.rollback()
    rows = db.session.execute(select(AlertRow.fingerprint, AlertRow.seen, AlertRow.latest))
    assert sorted(rows.all()) == sorted((f"f{turn}-{number}", 4, True) for turn in range(8) for number in range(12))
    assert len({incident.dedup_key for incident in world.incidents()}) == len(world.incidents()) == 48
    assert len(world.deliveries()) == 96


def test_requests_that_come_together_share_a_commit_and_each_gets_its_own_answer(world):
    door = BridgeDoor(world.app)
    try:
        headers = {"Authorization": f"Bearer {world.token()}"}

        def post(number):
            body = json.dumps(webhook(name=f"Alert{number}", fingerprint=f"f{number}")).encode()
            return json.loads(door.post("/ingest/alertmanager", body, **headers).body)["incidents"]

        with ThreadPoolExecutor(16) as pool:
            numbers = [number for (number,) in pool.map(post, range(200))]
        titles = {incident.id: incident.title for incident in world.incidents()}
        assert [titles[number] for number in numbers] == [f"Alert{number} on db01" for number in range(200)]
    finally:
        door.close()


def test_many_workers_escalate_each_incident_once(world):
    for number in range(15):
        world.alert(name=f"A{number}", fingerprint=f"f{number}")
    world.clock.advance(minutes=5)
    together(world, lambda _: escalate.escalate_due(world.clock.now()), range(5), threads=5)
    db.session.rollback()
    assert set(db.session.scalars(select(Incident.level))) == {2}
    assert db.session.scalar(select(func.count(Entry.id)).where(Entry.kind == "escalated")) == 15


def test_many_workers_send_each_message_once(staffed, providers):
    for number in range(20):
        staffed.alert(severity="warning", name=f"A{number}", fingerprint=f"f{number}")

    def work(_):
        sender = deliver.Sender(staffed.app.extensions["gateway"], clock=lambda _: micros(staffed.clock.now()))
        return deliver.work_off(sender, staffed.clock.now(), patience=40)

    together(staffed, work, range(4), threads=4)
    for _ in range(5):  # an attempt that found the server busy is made again, when its time has come
        staffed.clock.advance(seconds=30)
        work(0)
    assert {one.status for one in staffed.deliveries(channel="email")} == {"sent"}
    assert len(providers.mail.mails) == 20
    assert len({mail["Message-ID"] for mail in providers.mail.mails}) == 20


@pytest.mark.parametrize("turn", range(3))
def test_nothing_is_leased_after_an_answer_however_close_the_race(world, turn):
    numbers = [world.alert(name=f"A{number}", fingerprint=f"f{number}")[0] for number in range(20)]
    answered = {}

    def race(number):
        if number < 0:
            with transaction() as session:
                return [one.incident_id for one in lease(session, world)]
        act(number, Signal.ACKNOWLEDGE, Actor("Anna", "api"), world.clock.now())
        answered[number] = True
        return []

    taken = together(world, race, [*numbers[:10], *([-1] * 6), *numbers[10:]], threads=6)
    leased = [number for batch in taken for number in batch]
    assert len(leased) == len(set(leased))
    with transaction() as session:
        assert lease(session, world) == []
    statuses = {(one.incident_id, one.status) for one in world.deliveries(channel="pagerduty")}
    assert statuses == {(number, "sending" if number in leased else "cancelled") for number in numbers} | {
        (number, "queued") for number in leased if len(world.deliveries(incident_id=number, kind="acknowledged")) == 1
    }


def lease(session, world):
    return outbox.lease(session, "pagerduty", 5, world.clock.now(), micros(world.clock.now()))
