"""While an old transaction keeps dead rows, rounds begin behind them; what waits is not passed over for good."""

from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, text

from gateway import channels
from gateway.auditor import Auditor
from gateway.checkup import checks
from gateway.store.db import db, reading, transaction
from gateway.store.outgoing import outbox, waiting
from gateway.store.outgoing.floors import RANKS, Floors
from gateway.store.types import micros
from gateway.store.upkeep import horizon, pulse
from rules.reports.selfwatch import What
from tests.integration.test_health import figures

PASSED = 2000  # messages that went out while somebody looked at an old state
INDEXES = ("delivery_due", "delivery_fallback")
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@contextmanager
def old_look(database_url):
    with psycopg.connect(database_url.replace("+psycopg", "")) as link:
        link.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        link.execute("SELECT count(*) FROM delivery")
        yield


def entries_read(name):
    """Of this index, by this transaction, and by others of this connection that were not added up yet."""
    sql = text("SELECT pg_stat_get_xact_tuples_returned(CAST(CAST(:name AS text) AS regclass))")
    return int(db.session.execute(sql, {"name": name}).scalar_one())


def looks(floors, now):
    with reading() as session:
        floors.look(session, channels.names(), now)


def sees(floors, now):
    with reading() as session:
        return waiting.glance(session, channels.names(), now, micros(now), floors)


def lease(session, floors, now, channel="pagerduty"):
    if floors.are_set:
        return outbox.lease_since(session, channel, 8, now, micros(now), floors.of(channel, now))
    return outbox.lease(session, channel, 8, now, micros(now))


def takes(floors, now, channel="pagerduty"):
    with transaction() as session:
        return lease(session, floors, now, channel)


def pass_by(now):
    """Messages of an hour that were promised, leased and settled, and timers that ran meanwhile."""
    columns = (
        "level, kind, part, way, channel, address, address_id, who, name, rank, attempts, ambiguous, created_at, "
        "lease, provider_ref, error, is_page"
    )
    one = "SELECT * FROM delivery WHERE channel = 'pagerduty' ORDER BY id LIMIT 1"
    with transaction() as session:
        sql = f"""
            INSERT INTO delivery (incident_id, once, status, due_at, fallback_at, {columns})
            SELECT incident_id, 'passed-' || n, 'queued', :now - n * 1000000, :now - n * 900000, {columns}
            FROM ({one}) d, generate_series(20, {PASSED + 20}) n
        """
        session.execute(text(sql), {"now": micros(now)})
    with transaction() as session:
        session.execute(text("UPDATE delivery SET status = 'sent', fallback_at = NULL WHERE once LIKE 'passed-%'"))


@ON_POSTGRES
def test_f22_an_old_transaction_is_told_as_a_warning_and_stops_nothing_else(staffed, database_url, monkeypatch):
    monkeypatch.setattr("rules.reports.selfwatch.HELD", timedelta())
    auditor = Auditor(staffed.app)
    auditor.started = staffed.clock.now() - timedelta(hours=1)
    with old_look(database_url):
        assert [one.what for one in rounds(staffed, auditor)] == [What.TRANSACTION] * 3
        (ours,) = [one for one in staffed.incidents() if one.source_id == 0]
        assert ours.title.startswith(
            "Nabat will get slower: dead rows cannot be cleared: a transaction has been open for"
        )
        assert staffed.client.get("/readyz").status_code == 200
        with reading() as session:
            assert horizon.held(session).seconds > 0
            said = [one for part in checks(session, auditor.world.settings, staffed.clock.now()) for one in part]
        assert [(one.name, one.state) for one in said if "dead rows" in one.words] == [
            ("work", "note"),
            ("auditor", "note"),
        ]
        seen = figures(staffed.client)
        assert seen["nabat_database_oldest_transaction_seconds",] > 0
        assert (seen["nabat_audit_problems", "transaction"], seen["nabat_audit_ok",]) == (1, 1)
        assert seen["nabat_database_xmin_age",] >= 1
    assert rounds(staffed, auditor) == []
    assert [one.status for one in staffed.incidents() if one.source_id == 0] == ["resolved"]


def rounds(world, auditor):
    """What three audits find, ten seconds apart, beside a worker that lives."""
    found = []
    for _ in range(3):
        world.clock.advance(seconds=10)
        with transaction() as session:
            pulse.say_alive(session, "w1", world.clock.now())
        found += auditor.round(world.clock.now())
    return found


@ON_POSTGRES
def test_f22_what_has_gone_out_is_not_read_through_again_and_again(staffed, database_url):
    staffed.alert()
    now = staffed.clock.now()
    with old_look(database_url):
        pass_by(now)
        floors = Floors(slow=0)
        counted = []
        for _ in range(2):
            with transaction() as session:
                began = [entries_read(name) for name in INDEXES]
                waiting.glance(session, channels.names(), now, micros(now), floors)
                waiting.stuck(session, now, 100, floors)
                pulse.next_moment(session, now, now + timedelta(seconds=1), floors)
                assert len(lease(session, floors, now)) == 1
                counted.append([entries_read(name) - at for name, at in zip(INDEXES, began, strict=True)])
                session.rollback()
            looks(floors, now)
    before, after = counted
    assert sum(before) > PASSED  # with fresh statistics one of the questions may go another way
    assert sum(after) < PASSED / 20


def test_nothing_is_passed_over_for_good_while_floors_are_set(staffed, database_url):
    """A message that was written down long after its moment, or by a clock that is behind, waits for a look."""
    floors, on_postgres = Floors(slow=0), not database_url.startswith("sqlite")
    now = staffed.clock.now()
    looks(floors, now)
    assert floors.are_set == on_postgres  # nothing dead lies in SQLite's indexes
    staffed.alert()
    assert "pagerduty" in sees(floors, now).channels
    with transaction() as session:
        late = {"late": micros(now - timedelta(minutes=1))}
        session.execute(text("UPDATE delivery SET due_at = :late, fallback_at = :late"), late)
    if on_postgres:
        seen = sees(floors, now)
        assert (seen.channels, seen.stuck) == ((), False)
        assert takes(floors, now) == []
        with reading() as session:
            floors.rise(session, now)
        assert sees(floors, now).channels == ()
    looks(floors, now)
    seen = sees(floors, now)
    assert ("pagerduty" in seen.channels, seen.stuck) == (True, True)
    (taken,) = takes(floors, now)
    assert not on_postgres or floors.margin >= 60_000_000
    staffed.clock.advance(seconds=40)  # its worker is lost: what it had is below every floor that comes after it
    now = staffed.clock.now()
    looks(floors, now)
    assert "pagerduty" in sees(floors, now).channels
    with transaction() as session:
        assert [one.id for one in outbox.reclaim(session, "pagerduty", now, micros(now), floors)] == [taken.id]
    assert [one.id for one in takes(floors, now)] == [taken.id]


def test_a_clock_that_is_set_back_takes_the_floors_along(staffed):
    floors = Floors(slow=0)
    looks(floors, staffed.clock.now())
    staffed.clock.advance(hours=-1)
    (number,) = staffed.alert()
    now = staffed.clock.now()
    if floors.are_set:
        with reading() as session:
            floors.rise(session, now)
    assert "pagerduty" in sees(floors, now).channels
    assert [one.incident_id for one in takes(floors, now)] == [number]
    later = now + timedelta(minutes=5)
    assert sees(floors, later).steps
    with reading() as session:
        assert pulse.next_moment(session, now, later, floors) == pulse.next_moment(session, now, later) == now
        assert pulse.next_moment(session, now, now - timedelta(hours=1), floors) is None


def test_a_floor_that_moves_makes_no_new_statement(staffed):
    """It moves with every second: the worker's memory would fill with statements, each of which was said once."""
    said = set()

    def listen(_link, _cursor, sql, *_):
        said.add(sql)

    now = staffed.clock.now()
    with transaction() as session:
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            for low in range(3):
                outbox.lease_since(session, "log", 8, now, micros(now), [low] * len(RANKS))
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
    assert len(said) == len(RANKS)
