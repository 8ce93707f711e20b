"""What the ingest address answers and keeps: the same through the Flask view and through the fast path."""

import asyncio
import base64
import json
import queue
import threading

import msgspec
import pytest
from sqlalchemy import select, text

from gateway.actions import Actor, act
from gateway.doors import bodies, inbox, seats, sender, storing, wire
from gateway.flows import own_alerts
from gateway.sources import Heard, alertmanager
from gateway.store.db import db, reading
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources as source_store
from gateway.store.tables import AlertRow, Payload, QuarantinedItem
from rules.lifecycle import Signal
from tests.databases import wait_until
from tests.doors import BridgeDoor, FlaskDoor, said
from tests.samples import alert, group, webhook


@pytest.fixture(params=[FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def door(request, world):
    made = request.param(world.app)
    yield made
    made.close()


def send(world, door, body, kind="alertmanager", **headers):
    headers.setdefault("Authorization", f"Bearer {world.token(kind)}")
    return door.post(f"/ingest/{kind}", body if isinstance(body, bytes) else json.dumps(body).encode(), **headers)


def rows(model):
    db.session.rollback()
    return list(db.session.scalars(select(model).order_by(model.id)))


def test_an_alert_is_taken_in(world, door):
    answer = send(world, door, webhook())
    assert answer.status == 202
    assert said(answer) == {"accepted": 1, "quarantined": 0, "incidents": [world.incident().id]}
    (kept,) = rows(Payload)
    assert kept.accepted == 1


def test_the_token_may_be_a_basic_password_or_in_the_path(world, door):
    basic = base64.b64encode(f"anybody:{world.token()}".encode()).decode()
    assert send(world, door, webhook(), Authorization=f"Basic {basic}").status == 202
    assert door.post(f"/ingest/alertmanager/{world.token()}", json.dumps(webhook()).encode()).status == 202


@pytest.mark.parametrize(
    "header", ["", "Bearer wrong", "Bearer ", "Bearer тест", "Basic !!!", "Basic dXNlcg==", "Digest x"]
)
def test_a_wrong_token_is_refused_and_nothing_is_kept(world, door, header):
    world.token()
    answer = send(world, door, webhook(), Authorization=header.encode().decode("latin-1"))
    assert answer.status == 401
    assert rows(Payload) == world.incidents() == []


def test_a_token_of_another_kind_is_refused(world, door):
    answer = door.post("/ingest/alertmanager", b"{}", Authorization=f"Bearer {world.token('ticket')}")
    assert answer.status == 401


def test_m8_many_wrong_tokens_in_a_minute_raise_one_ordinary_incident(world, door):
    for _ in range(own_alerts.REFUSALS - 1):
        send(world, door, webhook(), Authorization="Bearer wrong")
    settle(door)
    assert world.incidents() == []
    for _ in range(5):
        send(world, door, webhook(), Authorization="Bearer wrong")
    settle(door)
    incident = world.incident()
    assert (incident.urgency, incident.service) == (3, "nabat")
    assert incident.title == "Many requests to /ingest/alertmanager with a wrong token"


def settle(door):
    """What is kept of refused requests is stored after the answer."""
    if isinstance(door, BridgeDoor):
        door.bridge.inbox.wait_until_stored()


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"alerts": NaN}', b"[" * 100_000, b"null", b'"x"', b'{"alerts": 5}']
)
def test_a_payload_nobody_can_read_is_kept_and_opens_one_incident(world, door, body):
    for _ in range(3):
        answer = send(world, door, body)
        assert answer.status == 400
        assert said(answer)["detail"]
    settle(door)
    incident = world.incident()
    assert incident.title == "alertmanager sends what cannot be read"
    assert len([one for one in rows(Payload) if one.error]) == 3

    world.clock.advance(minutes=5)
    world.client.post(f"/incidents/{incident.id}/resolve")
    send(world, door, body)
    settle(door)
    assert len(world.incidents()) == 1  # at most one in a quarter of an hour


def test_an_unreadable_payload_after_a_quarter_of_an_hour_is_a_new_story(world, door):
    send(world, door, b"{")
    settle(door)
    act(world.incident().id, Signal.RESOLVE, Actor("Anna", "dashboard"), world.clock.now())
    world.clock.advance(minutes=14)
    send(world, door, b"{")
    settle(door)
    assert len(world.incidents()) == 1
    world.clock.advance(minutes=2)
    send(world, door, b"{")
    settle(door)
    assert len(world.incidents()) == 2


def test_what_a_fault_of_ours_cannot_read_is_kept_and_opens_an_incident(world, door, monkeypatch):
    def breaks(_body, _heard):
        raise OverflowError("date value out of range")

    monkeypatch.setattr(alertmanager, "parse", breaks)
    answer = send(world, door, webhook())
    assert (answer.status, said(answer)["detail"]) == (500, "a fault in Nabat itself: please report it")
    settle(door)
    assert world.incident().title == "alertmanager sends what cannot be read"
    assert [bool(one.body) for one in rows(Payload) if one.error] == [True]


def test_an_empty_body_is_refused_and_tells_nobody(world, door):
    assert send(world, door, b"").status == 400
    settle(door)
    assert world.incidents() == []


def test_a_body_over_the_limit_is_refused_and_somebody_hears_of_it(world, door):
    answer = send(world, door, b" " * (16 * 1024 * 1024 + 1))
    assert answer.status == 413
    settle(door)
    assert world.incident().title == "alertmanager sends what cannot be read"


def test_a_body_of_more_alerts_than_any_sender_has_holds_nobody_up(world, door):
    answer = send(world, door, b'{"version":"4","alerts":[' + b"{}," * 65_536 + b"{}]}")
    assert (answer.status, said(answer)["detail"]) == (400, "more than 65,536 alerts in one body")
    settle(door)
    assert world.incident().title == "alertmanager sends what cannot be read"
    assert rows(QuarantinedItem) == []


def test_m7_a_large_body_is_stored_whole_and_says_what_its_sender_cut_off(world, door):
    """2,000 alerts in 5 MiB."""
    alerts = [alert(fingerprint=f"f{number}", instance=f"db{number}") for number in range(2000)]
    for one in alerts:
        one["annotations"]["description"] = "x" * 2400
    body = json.dumps(group(*alerts, truncatedAlerts=3)).encode()
    assert len(body) > 5 * 1024 * 1024
    answer = send(world, door, body)
    assert (answer.status, said(answer)["accepted"]) == (202, 2000)
    assert len(rows(AlertRow)) == 2000
    assert (world.incident().alert_count, world.incident().truncated) == (2000, 3)


def test_one_bad_alert_costs_its_neighbours_nothing(world, door):
    answer = send(world, door, group(alert(), None, 5, "x", []))
    assert answer.status == 202
    assert said(answer)["accepted"] == 1
    assert said(answer)["quarantined"] == 4
    assert [item.place for item in rows(QuarantinedItem)] == ["alerts[1]", "alerts[2]", "alerts[3]", "alerts[4]"]


def test_json_is_json_whatever_the_content_type_and_a_form_is_refused(world, door):
    body = json.dumps(webhook()).encode()
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded"):
        assert send(world, door, body, Content_Type=kind).status == 202
    assert send(world, door, b"payload=%7B%7D", Content_Type="application/x-www-form-urlencoded").status == 415
    nested = send(world, door, b'{"payload": {}}', Content_Type="application/x-www-form-urlencoded")  # as curl -d says
    assert (nested.status, said(nested)["detail"]) == (400, "alerts: is missing")
    assert send(world, door, body, Content_Encoding="gzip").status == 415


def test_a_source_that_sends_forms_is_told_to_people_too(world, door):
    assert send(world, door, b"payload=%7B%7D", Content_Type="application/x-www-form-urlencoded").status == 415
    settle(door)
    assert [one.body for one in rows(Payload) if one.error]
    assert world.incident().title == "alertmanager sends what cannot be read"


def test_a_database_that_is_away_means_come_again_and_nothing_is_kept(world, door):
    """A table is renamed under our feet: what the database refuses is the sender's to repeat, never half kept."""
    world.token()
    send(world, door, webhook(fingerprint="before"))
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE entry RENAME TO entry_away"))
    try:
        answer = send(world, door, webhook(name="Other", fingerprint="other"))
    finally:
        with db.engine.execution_options(writes=True).begin() as connection:
            connection.execute(text("ALTER TABLE entry_away RENAME TO entry"))
    assert (answer.status, answer.headers.get("Retry-After") or answer.headers.get("retry-after")) == (503, "5")
    assert len(world.incidents()) == 1
    assert send(world, door, webhook(name="Other", fingerprint="other")).status == 202


def test_a_payload_that_spoils_the_commit_costs_its_neighbours_nothing_and_is_kept(world):
    """A text that the cleaner let through is stood in for by one that is handed to the store directly."""
    with reading() as session:
        owner = source_store.find_token(session, world.token(), world.clock.now())
    now = world.clock.now()

    def item(body, title=None):
        parsed = alertmanager.parse(body, Heard("alertmanager", now))
        if title:
            msgspec.structs.force_setattr(parsed.alerts[0], "title", title)
        return storing.Item([Post(owner.source_id, owner.name, b"{}", now, parsed.alerts)])

    good, bad = item(webhook()), item(webhook(name="Poison", fingerprint="p"), title="\ud800")
    storing.store([good, bad], world.app.extensions["gateway"])
    assert (good.result[0].accepted, good.result[0].quarantined) == (1, 0)
    assert (bad.result[0].accepted, bad.result[0].quarantined) == (0, 1)
    assert [one.title for one in world.incidents()] == [
        "InstanceDown on db01",
        "alertmanager sends what cannot be read",
    ]
    assert [one.error[:10] for one in rows(Payload)] == ["", "not stored"]


@pytest.fixture
def writer(world):
    """The inbox with its thread, and what it finished."""
    finished = queue.SimpleQueue()

    def finish(items):
        for item in items:
            finished.put(item)

    box = inbox.Inbox(world.app, world.app.extensions["gateway"], finish=finish)
    box.start()
    yield box, finished
    box.close()


def item_of(world, **more):
    with reading() as session:
        owner = source_store.find_token(session, world.token(), world.clock.now())
    now = world.clock.now()
    parsed = alertmanager.parse(webhook(**more), Heard("alertmanager", now))
    return storing.Item([Post(owner.source_id, owner.name, b"{}", now, parsed.alerts)], reply=object())


def test_the_writer_outlives_whatever_goes_wrong_and_everybody_is_answered(world, writer):
    box, finished = writer
    shelf = world.app.extensions["gateway"].shelf
    good = shelf.book
    shelf.book = None  # every payload now fails the same way, its replacement too
    box.put(item_of(world))
    assert isinstance(finished.get(timeout=10).result, storing.Unavailable)
    shelf.book = good
    box.put(item_of(world))
    assert finished.get(timeout=10).result[0].accepted == 1
    assert box.alive


def test_what_was_answered_with_come_again_is_not_stored_later(world, writer):
    box, finished = writer
    withdrawn, kept = item_of(world, name="Withdrawn", fingerprint="w"), item_of(world)
    assert box.withdraw(withdrawn)
    box.put(withdrawn)
    box.put(kept)
    assert finished.get(timeout=10) is kept
    assert [one.title for one in world.incidents()] == ["InstanceDown on db01"]
    assert not box.withdraw(kept)


def test_who_was_told_to_come_again_hears_nothing_more_when_the_others_are_turned_away(world):
    finished = []
    box = inbox.Inbox(world.app, world.app.extensions["gateway"], finish=finished.extend)  # its writer never starts
    gone, waiting = item_of(world, name="Gone", fingerprint="g"), item_of(world)
    box.put(gone)
    box.put(waiting)
    assert box.withdraw(gone)
    box._turn_away()
    assert finished == [waiting]
    assert not box.withdraw(waiting)  # it is answered already
    assert box.wait_until_stored(0)


def test_the_writer_itself_answers(world, bridge):
    assert send(world, bridge, webhook()).by == "inbox"


def test_what_the_writer_cannot_say_the_event_loop_says(world, bridge, monkeypatch):
    def broken(*given):
        if threading.current_thread().name == "inbox":
            raise OSError("it cannot be said")
        wire.send(*given)

    monkeypatch.setattr(sender, "send", broken)
    for _ in range(2):  # the writer goes on
        answer = send(world, bridge, webhook())
        assert (answer.status, answer.by == "inbox") == (202, False)


def test_too_much_that_waits_is_refused(world):
    box = inbox.Inbox(world.app, world.app.extensions["gateway"], finish=lambda _: None)  # its writer never starts
    many = item_of(world)
    object.__setattr__(many.posts[0], "alerts", [*many.posts[0].alerts] * inbox.WAITING)
    box.put(many)
    with pytest.raises(storing.Unavailable):
        box.put(item_of(world))


def test_what_cannot_be_counted_is_stored_all_the_same(world):
    item = item_of(world)
    storing.store([item], world.app.extensions["gateway"])
    item.result[0].opened.append(99)  # no counter knows this urgency
    storing.count([item])
    assert item.result[0].accepted == 1


def test_what_strangers_write_into_the_address_is_repeated_nowhere(world):
    for _ in range(own_alerts.REFUSALS):
        assert world.client.post("/ingest/%00%0a%E2%80%AEX", json={}).status_code in (401, 404)
    titles = [one.title for one in world.incidents()]
    assert titles == ["Many requests to an unknown address with a wrong token"]


class Pouring:
    """A body in pieces, and how much of it was taken."""

    def __init__(self, pieces, size):
        self.left, self.size, self.taken = pieces, size, 0

    async def __aiter__(self):
        for _ in range(self.left):
            self.taken += self.size
            yield b" " * self.size


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-nabat-signature": "t=1,v1=0"}])
@pytest.mark.parametrize("announced", [{}, {"content-length": "15000000"}])
def test_little_is_read_of_what_a_stranger_sends(world, headers, announced):
    door = BridgeDoor(world.app)
    try:
        proto = Pouring(1000, 15_000)
        answer = door.speak("/ingest/alertmanager", proto, {**headers, **announced})
        assert answer.status == 401
        assert proto.taken <= seats.UNASKED + proto.size
        assert door.bridge.room.held == 0
    finally:
        door.close()


class Dripping:
    """A body of which a part has come; the rest comes when `go` is called."""

    def __init__(self, door, first, rest=b""):
        self.door, self.first, self.rest = door, [first[:50_000], first[50_000:]], rest
        self.gate, self.asked_for_more = asyncio.Event(), False

    async def __aiter__(self):
        for part in filter(None, self.first):
            yield part
        self.asked_for_more = True
        await self.gate.wait()
        yield self.rest

    def go(self):
        self.door.in_loop(self.gate.set)


@pytest.fixture
def bridge(world):
    door = BridgeDoor(world.app)
    yield door
    door.close()
    assert door.bridge.room.held == 0
    assert not door.bridge.room.slow
    assert door.bridge.room.held_by_slow == 0


def head(world, length, token=None):
    return {"authorization": f"Bearer {token or world.token('alertmanager')}", "content-length": str(length)}


def drip(world, door, size, body=None, token="a stranger's", *, chunked=False):
    """A body under way: `size` bytes of it have come, and are counted."""
    whole = b" " * 60_000 if body is None else body
    pieces = Dripping(door, whole[:size], whole[size:])
    headers = head(world, len(whole), token)
    if chunked:
        headers["transfer-encoding"] = "chunked"
        del headers["content-length"]
    pieces.answer = door.begin("/ingest/alertmanager", pieces, headers)
    wait_until(lambda: pieces.asked_for_more or pieces.answer.asked.done())
    return pieces


def test_of_bodies_that_come_in_parts_the_slowest_gives_way(world, bridge):
    bridge.bridge.room.size = 130_000
    good = json.dumps(webhook()).encode().ljust(60_000)
    first, second = drip(world, bridge, 50_000), drip(world, bridge, 50_000, good, world.token("alertmanager"))
    assert bridge.bridge.room.held == 100_000
    assert send(world, bridge, good).status == 202  # it comes in two halves itself
    answer = first.answer()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    second.go()
    assert second.answer().status == 202


def test_what_drips_holds_a_part_of_the_room_at_most(world, bridge):
    bridge.bridge.room.for_slow = 100_000
    dripping = [drip(world, bridge, 45_000) for _ in range(3)]
    assert dripping[0].answer().status == 503
    assert bridge.bridge.room.held == bridge.bridge.room.held_by_slow == 90_000
    for one in dripping[1:]:
        one.go()
        assert one.answer().status == 401


def test_who_drips_most_slowly_makes_no_way_for_itself(world, bridge):
    bridge.bridge.room.size = 70_000
    first, second = drip(world, bridge, 40_000), drip(world, bridge, 25_000)
    first.go()  # 20,000 more of the one that takes longest: there is no room for them
    assert first.answer().status == 503
    second.go()
    assert second.answer().status == 401


def test_links_that_announce_a_body_and_send_nothing_hold_nothing(world, bridge):
    bridge.bridge.room.size = 130_000
    idle = [drip(world, bridge, 0) for _ in range(50)]
    assert send(world, bridge, webhook()).status == 202
    assert bridge.bridge.room.held == 0
    for one in idle:
        one.go()
    assert {one.answer().status for one in idle} <= {401, 503}


def test_strangers_with_large_forms_give_way_to_alerts(world, bridge):
    bridge.bridge.room.size, bridge.bridge.room.kept_free = 1_000_000, 100_000
    form = Dripping(bridge, b" " * 800_000, b" ")
    answer = bridge.begin("/login", form, {"content-length": "800001"})
    wait_until(lambda: bridge.bridge.room.held == 800_000)
    assert send(world, bridge, json.dumps(webhook()).encode().ljust(500_000)).status == 202
    assert answer().status == 503


@pytest.mark.parametrize("chunked", [False, True])
def test_a_sender_we_know_gives_way_to_nobody(world, bridge, chunked):
    bridge.bridge.room.size, bridge.bridge.room.kept_free = 600_000, 0
    whole = json.dumps(webhook()).encode().ljust(500_000)
    known = drip(world, bridge, 400_000, whole, world.token("alertmanager"), chunked=chunked)
    assert send(world, bridge, json.dumps(webhook()).encode().ljust(300_000)).status == 503
    known.go()
    assert known.answer().status == 202


def test_a_small_body_is_waited_for_half_as_long(world, bridge):
    whole = json.dumps(webhook()).encode()
    small = drip(world, bridge, 10, whole, world.token("alertmanager"))
    large = drip(world, bridge, 10, whole.ljust(70_000), world.token("alertmanager"))
    late = drip(world, bridge, 10, whole.ljust(70_000), world.token("alertmanager"))
    bridge.turn(bodies.SMALL_DEADLINE)
    assert small.answer().status == 408
    large.go()
    assert large.answer().status == 202
    bridge.turn(bodies.BODY_DEADLINE - bodies.SMALL_DEADLINE)
    assert late.answer().status == 408


def test_a_body_that_is_there_is_not_waited_for_any_further(world, bridge):
    whole = json.dumps(webhook()).encode()
    assert drip(world, bridge, len(whole), whole, world.token("alertmanager")).answer().status == 202


def test_when_the_bodies_under_way_fill_the_room_large_ones_come_again_and_small_ones_are_taken(world):
    door = BridgeDoor(world.app)
    try:
        door.bridge.room.held = seats.ROOM - seats.KEPT_FREE
        assert send(world, door, b" " * 100_000).status == 503
        assert send(world, door, webhook()).status == 202
        door.bridge.room.held = seats.ROOM
        answer = send(world, door, webhook())
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert door.bridge.room.held == seats.ROOM
    finally:
        door.close()
