"""Another process has SQLite's turn: what comes meanwhile is decided on, and stored as if nobody had hurried.

On PostgreSQL nobody has a turn, and what is stored must be the same.
"""

import queue
import threading
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, text

from gateway.doors.inbox import Inbox
from gateway.doors.storing import Item
from gateway.flows import intake
from gateway.flows.ahead import Ahead
from gateway.flows.prepare import prepare
from gateway.flows.strangers import SURE
from gateway.sources import Heard, alertmanager
from gateway.store import turns
from gateway.store.db import db, reading
from gateway.store.directory.people import VERSION
from gateway.store.incidents import numbers as held_numbers
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources
from gateway.store.tables import Payload
from rules.words import Kind, Ticket
from tests.integration.test_turns import hold
from tests.integration.test_unseen import new, stored, streak
from tests.samples import BOOK, alert, group

MANY = 20


class Door:
    """The inbox with its writer, and on SQLite another process that has its turn whenever something is sent."""

    def __init__(self, world, url, monkeypatch):
        self.world, self.there = world, world.app.extensions["gateway"]
        self.url, self.waits = url, url.startswith("sqlite")
        self.finished, self.decided, self.looked_at = queue.SimpleQueue(), [], threading.Semaphore(0)
        self.box = Inbox(world.app, self.there, finish=lambda items: [self.finished.put(one) for one in items])
        decide = intake.decide_unseen

        def watched(*given):
            try:
                self.decided.append(decide(*given))
                return self.decided[-1]
            finally:
                self.looked_at.release()

        monkeypatch.setattr(intake, "decide_unseen", watched)
        with reading() as session:
            self.owner = sources.find_token(session, world.token(), self.there.clock.now())

    def item(self, body, **more):
        """`more`: what else its alerts are."""
        now = self.there.clock.now()
        parsed = alertmanager.parse(body, Heard("alertmanager", now))
        alerts = [msgspec.structs.replace(one, **more) for one in parsed.alerts]
        post = Post(self.owner.source_id, self.owner.name, b"{}", now, alerts, parsed.quarantined)
        return Item([prepare(post, self.there.shelf.book)], reply=object())

    def send(self, *bodies, meanwhile=lambda _: None):
        """They come while the other process writes, which does `meanwhile` once the first was looked at. Where nobody
        waits for it, before that one comes.
        """
        items = [body if isinstance(body, Item) else self.item(body) for body in bodies]
        other = hold(self.url) if self.waits else None
        try:
            if other is not None:
                self.box.put(items[0])
                assert self.looked_at.acquire(timeout=10)
            meanwhile(items)
            for item in items[self.waits :]:
                self.box.put(item)
        finally:
            if other is not None:
                other.communicate(timeout=10)
        done = [self.finished.get(timeout=10) for item in items if not item.withdrawn]
        return [number for one in done for outcome in one.result for number in outcome.incidents]


@pytest.fixture
def door(world, database_url, monkeypatch):
    """So many batches were new that the next is not looked up; numbers for it are set aside. However long it takes."""
    monkeypatch.setattr(turns, "PATIENCE", 60.0)
    monkeypatch.setattr(held_numbers, "KEPT", 60.0)
    for number in range(SURE):
        assert world.post(new(100 * number, 1)).status_code == 202
    door = Door(world, database_url, monkeypatch)
    door.box.start()
    assert len(door.send(new(50_000, MANY))) == MANY
    assert not door.decided  # there were no numbers yet
    yield door
    door.box.close()


def change(*statements):
    """By another process, which waits for no turn."""
    with db.engine.execution_options(writes=True).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_what_was_decided_meanwhile_is_stored_and_told_like_any_other(door):
    before = max(incident.id for incident in door.world.incidents())
    numbers = door.send(new(1000), new(2000, 2))
    assert bool(door.decided) is door.waits
    assert numbers == sorted(set(numbers))
    assert min(numbers) > before
    titles = {incident.id: incident.title for incident in door.world.incidents()}
    names = [f"Alert{number} on db01" for number in (1000, 1001, 1002, 2000, 2001)]
    assert [titles[number] for number in numbers] == names
    assert all(len(door.world.deliveries(incident_id=number)) == 2 for number in numbers)
    sizes = select(Payload.accepted).order_by(Payload.id.desc()).limit(2)
    assert sorted(db.session.scalars(sizes)) == [2, 3]
    assert streak(door.world).length > SURE


@pytest.mark.parametrize(
    ("known", "seen", "more"), [("the alert", 2, 0), ("the key", 1, 1), ("both, in the middle of new ones", 2, 3)]
)
def test_what_is_known_after_all_is_found(door, known, seen, more):
    before = len(stored(door.world))
    body = {
        "the alert": group(alert(name="Alert0", fingerprint="f0")),
        "the key": group(alert(name="Alert0", fingerprint="other")),
        "both, in the middle of new ones": group(
            alert(name="New", fingerprint="n1"), alert(name="Alert0", fingerprint="f0"),
            alert(name="Alert0", fingerprint="other"), alert(name="Newer", fingerprint="n2"),
        ),
    }[known]  # fmt: skip
    door.send(body)
    assert bool(door.decided) is door.waits
    found = stored(door.world)
    assert found["f0"] == (seen, "Alert0 on db01")
    assert len({incident.dedup_key for incident in door.world.incidents()}) == len(door.world.incidents())
    assert len(found) == before + more
    assert streak(door.world).length == 0


def test_two_that_open_the_same_open_one(door):
    """The second comes when the first is decided on, of which the database knows nothing yet."""
    first, second = group(alert(name="Same", fingerprint="s1")), group(alert(name="Same", fingerprint="s2"))
    assert len(set(door.send(first, second))) == 1
    assert {"s1", "s2"} <= stored(door.world).keys()


LEAVE = (
    "UPDATE person SET active = false WHERE email LIKE 'anna%'",
    f"UPDATE fact SET value = value || 'x' WHERE key = '{VERSION}'",
)


def test_who_has_left_meanwhile_is_not_told(door):
    (number,) = door.send(new(2000, 1), meanwhile=lambda _: change(*LEAVE))
    assert bool(door.decided) is door.waits
    told = {one.who for one in door.world.deliveries(incident_id=number)}
    assert told
    assert not any(who.startswith("anna") for who in told)


def test_another_book_that_came_into_force_meanwhile_decides(door):
    book = Path(door.there.settings.rules) / "book.yaml"

    def reload(_items):
        book.write_text(BOOK.replace("urgency: emergency", "urgency: ordinary", 1))
        door.there.shelf.refresh()
        door.there.shelf.book.kept.add(door.there.shelf.book.version)  # as if it had decided something before
        with reading() as session:  # a page
            door.there.roll.current(session)

    (number,) = door.send(new(2000, 1), meanwhile=reload)
    assert bool(door.decided) is door.waits
    assert {incident.id: incident.urgency for incident in door.world.incidents()}[number] == 3


def test_what_was_taken_back_meanwhile_is_not_stored(door):
    def withdraw(items):
        assert door.box.withdraw(items[0])

    door.send(new(2000, 1), new(3000, 1), meanwhile=withdraw)
    names = stored(door.world)
    assert "f2000" not in names
    assert "f3000" in names


def test_numbers_that_a_process_has_set_aside_are_given_to_nobody_else(door):
    aside = streak(door.world).numbers.take().numbers  # as another process has them
    assert len(aside) == MANY
    (number,) = door.send(new(2000, 1))
    assert number not in aside
    made = door.world.post(new(3000, 1)).json["incidents"]
    assert not {*made, number} & {*aside}


def test_a_comment_is_written_once_though_it_is_decided_on_twice(door):
    """What is remembered so that it is not written again is remembered with it."""
    told = {
        "kind": Kind.TICKET,
        "ticket": Ticket("HD-7", "commented", "high", comment={"id": "77", "text": "It burns"}),
    }
    (number,) = door.send(door.item(new(2000, 1), **told), meanwhile=lambda _: change(*LEAVE))
    assert door.world.timeline(number).count("ticket commented") == 1
    door.send(door.item(new(2000, 1), **told))
    assert door.world.timeline(number).count("ticket commented") == 1


def test_numbers_that_were_not_needed_are_given_to_one_incident_each(door):
    """SQLite counts what is stored: a number of a transaction that stores nothing under it is nobody's."""
    streak(door.world).numbers.take()
    over = alert(status="resolved", name="Over", fingerprint="over", starts="2026-12-05T00:15:00Z")
    before = alert(name="Over", fingerprint="over", starts="2026-12-05T00:10:00Z")  # it was late on its way
    assert len(door.send(group(over, before, *new(2000)["alerts"]))) == 3
    held = streak(door.world).numbers.take()
    assert len(held.numbers) == len(set(held.numbers))
    streak(door.world).numbers.give_back(held.numbers)
    numbers = door.send(new(3000, MANY))
    assert len(numbers) == len(set(numbers)) == MANY
    titles = {incident.id: incident.title for incident in door.world.incidents()}
    assert [titles[number] for number in numbers] == [f"Alert{number} on db01" for number in range(3000, 3000 + MANY)]


def test_what_cannot_be_decided_ahead_is_left_to_the_turn(world):
    """Whatever it is: the writer, which meets it here first, must go on."""
    there = world.app.extensions["gateway"]
    there.streak.length = SURE
    post = Post(1, "alertmanager", b"{}", there.clock.now(), ())
    assert not Ahead(there).decide(db.session(), [post], None, there.clock.now())  # there is no such book
