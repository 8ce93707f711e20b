"""What was received is what became of it, whatever came and in whatever order; and the account never ends."""

import json
import random
import zlib
from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import delete, func, select, text

from gateway.auditor import Auditor
from gateway.doors import storing
from gateway.flows import housekeeping
from gateway.sources import Heard, alertmanager
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Post
from gateway.store.senders import kept_payloads, replays
from gateway.store.senders import sources as source_store
from gateway.store.tables import Payload, QuarantinedItem
from gateway.store.upkeep import ledger
from gateway.store.upkeep.ledger import Ledger
from tests.doors import FlaskDoor
from tests.integration.test_signed_tickets import secret_of, signed
from tests.samples import STARTED, alert, group, webhook


def account():
    with reading() as session:
        return ledger.read(session)


def test_an_empty_database_balances(world):
    assert account() == Ledger(0, 0, 0, 0)
    assert account().balanced


def test_each_message_is_counted_once_on_both_sides(world):
    world.alert()
    world.alert()  # a repeat is a message too
    world.alert("resolved")
    world.post(group(alert(name="A", fingerprint="x"), {"labels": "none"}, alert(name="B", fingerprint="y")))
    assert account() == Ledger(6, 5, 0, 1)
    assert world.post({"no": "alerts"}).status_code == 400  # kept, since somebody has to look at it
    assert account() == Ledger(7, 5, 0, 2)
    assert account().balanced


def test_an_alert_that_moves_to_another_incident_forgets_no_message(world):
    """It repeats and begins anew in one request: the row that is left behind has heard the first of them."""
    (number,) = world.alert()
    world.acknowledges(number)
    world.alert("resolved")
    again = alert(starts="2026-12-05T00:30:00Z")
    world.post(group(alert("resolved"), again, again, alert("resolved")))
    assert account() == Ledger(6, 6, 0, 0)


def test_any_sequence_of_messages_balances(world):
    dice = random.Random(4711)
    moments = [STARTED, "2026-12-05T00:30:00Z", "2026-12-05T01:30:00Z"]
    sent = 0
    for _ in range(40):
        some = [
            alert(
                dice.choice(["firing", "resolved"]), f"N{dice.randrange(3)}", f"f{dice.randrange(4)}",
                dice.choice(["critical", "warning"]), dice.choice(moments),
            )
            for _ in range(dice.randrange(1, 6))
        ]  # fmt: skip
        bad = [{"labels": 7}] * dice.randrange(2)
        sent += len(some) + len(bad)
        assert world.post(group(*some, *bad)).status_code == 202
        world.clock.advance(seconds=dice.choice([1, 400]))
        if open_ones := [one.id for one in world.incidents() if one.status == "triggered"]:
            world.acknowledges(dice.choice(open_ones))
    found = account()
    assert found.balanced
    assert found.received == sent


def test_a_signed_request_that_is_heard_again_is_no_new_one(world):
    door, secret = FlaskDoor(world.app), secret_of(world)
    for _ in range(3):
        assert signed(world, door, secret).status == 202
    assert account() == Ledger(1, 1, 0, 0)


def test_what_could_be_read_and_not_be_handled_is_held(world):
    """A text that the cleaner let through is stood in for by one that is handed to the store directly."""
    with reading() as session:
        owner = source_store.find_token(session, world.token(), world.clock.now())
    now = world.clock.now()
    (one,) = alertmanager.parse(webhook(), Heard("alertmanager", now)).alerts
    poison = Post(owner.source_id, owner.name, b"{}", now, [replace(one, title="\ud800")])
    storing.store([storing.Item([poison])], world.app.extensions["gateway"])
    assert account() == Ledger(1, 0, 1, 0)
    assert account().balanced


def test_a_loss_shows(world):
    world.alert()
    world.post(group(alert(name="Other", fingerprint="other"), {"labels": "none"}))
    with transaction() as session:
        session.execute(text("DELETE FROM alert WHERE fingerprint = 'other'"))
    assert account() == Ledger(3, 1, 0, 1)
    assert not account().balanced
    with transaction() as session:
        session.execute(delete(QuarantinedItem))
    assert account() == Ledger(3, 1, 0, 0)


def test_what_is_let_go_stays_counted(world):
    for number in range(3):
        world.post(group(alert(fingerprint=f"f{number}"), {"labels": "none"}))
        world.post({"no": "alerts"})
    before = account()
    assert (before.received, before.balanced) == (9, True)
    for days in (0, 1, 20, 11, 40):
        world.clock.advance(days=days)
        housekeeping.tidy(world.clock.now())
        assert account() == before
        world.alert(name=f"Later{days}", fingerprint=f"later{days}")
        before = Ledger(before.received + 1, before.handled + 1, 0, before.quarantined)
        assert account() == before
    world.clock.advance(days=31)
    housekeeping.tidy(world.clock.now())
    with reading() as session:
        (last,) = session.scalars(select(Payload))  # so that SQLite gives its number to no other
        assert (zlib.decompress(last.body), last.size) == (b"", 0)
        assert session.scalar(select(func.count()).select_from(QuarantinedItem)) == 0


def test_nothing_is_let_go_before_it_is_counted(world):
    world.alert()
    world.clock.advance(minutes=59)
    with transaction() as session:
        (number,) = session.scalars(select(Payload.id))
        assert ledger.close(session, world.clock.now()) < number
    world.clock.advance(minutes=2)
    world.alert()
    with transaction() as session:
        assert ledger.close(session, world.clock.now()) == number
    assert account() == Ledger(2, 2, 0, 0)


def test_what_came_out_of_order_is_let_go_by_its_own_age(world):
    """A process that waits for its turn stores what it received a while ago: numbers go before moments."""
    for name in ("a", "b", "c", "d"):
        world.alert(name=name, fingerprint=name)
        world.clock.advance(days=10)
    with transaction() as session:
        first, second = session.scalars(select(Payload).order_by(Payload.id).limit(2)).all()
        first.received_at, second.received_at = second.received_at, first.received_at
    with reading() as session:
        since = world.clock.now() - timedelta(days=35)
        assert kept_payloads.first_since(session, since) == first.id
        assert kept_payloads.first_since(session, world.clock.now()) is None
    housekeeping.tidy(world.clock.now() - timedelta(days=5))  # by then only the second is older than 30 days
    with reading() as session:
        assert list(session.scalars(select(Payload.id).order_by(Payload.id))) == [first.id, first.id + 2, first.id + 3]
    assert account().balanced


def test_what_was_received_since_a_moment_is_all_read_again_whatever_came_in_between(world):
    for name in ("a", "b"):
        world.alert(name=name, fingerprint=name)
    since = world.clock.now()
    with transaction() as session:
        ahead, far = session.scalars(select(Payload).order_by(Payload.id)).all()
        ahead.received_at, far.id = since + timedelta(minutes=5), far.id + 5_000
    with reading() as session:
        assert replays.count(session, since) == (2, 2)
    assert [json.loads(one.body)["alerts"][0]["fingerprint"] for one in replays.payloads(since)] == ["a", "b"]
    assert not list(replays.payloads(since + timedelta(minutes=6)))


def test_a_clock_that_was_ahead_keeps_nothing_behind_it(world, monkeypatch):
    monkeypatch.setattr(housekeeping, "PORTION", 2)
    for name in ("a", "b", "c", "d", "e"):
        world.alert(name=name, fingerprint=name)
    with transaction() as session:
        first = session.scalar(select(Payload).order_by(Payload.id).limit(1))
        first.received_at += timedelta(days=400)
    world.clock.advance(days=31)
    world.alert(name="f", fingerprint="f")
    housekeeping.tidy(world.clock.now())
    with reading() as session:  # the last that is counted stays
        assert list(session.scalars(select(Payload.id).order_by(Payload.id))) == [first.id, first.id + 4, first.id + 5]
    assert account().balanced


def test_our_own_alarms_were_received_from_nobody(world):
    for _ in range(25):
        world.client.post("/ingest/alertmanager", data="{}", headers={"Authorization": "Bearer wrong"})
    auditor = Auditor(world.app)
    for _ in range(8):
        auditor.round(world.clock.now())
        world.clock.advance(seconds=10)
    assert [one.source_id for one in world.incidents()] == [0, 0]
    assert account() == Ledger(0, 0, 0, 0)
