"""What several do at once on PostgreSQL: who looks at an incident holds it, and all lock in one order."""

import threading
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import select, text

from gateway import actions
from gateway.acts import jobs, resending
from gateway.flows import deliver, settle
from gateway.flows import jobs as flow
from gateway.flows.settle import Result
from gateway.store.db import db, transaction
from gateway.store.outgoing import outbox
from gateway.store.sql.written import Rows, statement
from gateway.store.tables import BulkJob, Entry
from gateway.store.types import micros
from rules.lifecycle import Given
from tests.databases import wait_until
from tests.samples import BOOK

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
WAITS = """
    SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()
"""
ANNA = actions.Actor("Anna", "anna@example.org", "page")
PERSON = actions.Actor("Anna", "dashboard", 1, "anna@example.org")
ONE_EACH = BOOK.replace("policy: infra}", "policy: infra, group_by: [alertname, instance]}", 1)


@pytest.fixture
def other(database_url):
    """Somebody else's link to the same database, and one that watches."""
    plain = database_url.replace("+psycopg", "")
    with psycopg.connect(plain) as link, psycopg.connect(plain, autocommit=True) as watch:
        yield link, watch


@contextmanager
def beside(world, work):
    """`work` in a thread; what it returned is in the list."""
    found = []

    def run():
        with world.app.app_context():
            try:
                found.append(work())
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    yield thread, found
    thread.join(20)
    assert not thread.is_alive()


def waits(watch, thread):
    """Until it waits for a lock; False if it ended without."""
    wait_until(lambda: not thread.is_alive() or watch.execute(WAITS).fetchone())
    return thread.is_alive()


@ON_POSTGRES
def test_nothing_is_sent_again_of_what_is_being_answered(staffed, other):
    link, watch = other
    (number,) = staffed.alert()
    with transaction() as session:
        session.execute(text("UPDATE delivery SET status = 'failed'"))
    ids = [one.id for one in staffed.deliveries(incident_id=number)]
    link.execute("UPDATE incident SET status = 'acknowledged', next_at = NULL WHERE id = %s", [number])
    with beside(staffed, lambda: resending.resend(ids, ANNA, staffed.clock.now())) as (thread, found):
        assert waits(watch, thread)
        link.commit()
    (resent,) = found
    assert (resent.done, [one for one, _ in resent.left]) == ([], ids)
    assert {one.status for one in staffed.deliveries(incident_id=number)} == {"failed"}


@ON_POSTGRES
def test_f5_an_incident_that_somebody_holds_keeps_no_other_outcome_from_being_written(staffed_of, other):
    """A frozen process may hold it: what we have sent stays ours until that can be said, and nobody sends it again."""
    link, _ = other
    world = staffed_of(ONE_EACH)
    first, second = (world.alert(name="A", fingerprint=mark, instance=mark)[0] for mark in ("a", "b"))
    now = world.clock.now()
    with transaction() as session:
        taken = outbox.lease(session, "pagerduty", 8, now, micros(now))
    sender = deliver.Sender(world.app.extensions["gateway"], clock=lambda _: micros(world.clock.now()))
    for one in taken:
        sender.results.put((deliver._Flight(one, 0.0, 0.0), Result(one, "sent", "ok")))
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [first])
    world.clock.advance(seconds=20)
    for written in (1, 0):
        assert sender.work(world.clock.now(), ()) == written
        assert {one.incident_id: one.status for one in pages(world)} == {first: "sending", second: "sent"}
    with transaction() as session:
        assert outbox.reclaim(session, "pagerduty", world.clock.now(), micros(world.clock.now())) == []
    link.rollback()
    assert sender.work(world.clock.now(), ()) == 1
    assert {one.status for one in pages(world)} == {"sent"}


@ON_POSTGRES
def test_an_act_on_many_that_waits_for_one_incident_keeps_nobody_elses_waiting(staffed_of, other):
    link, _ = other
    world = staffed_of(ONE_EACH)
    first, second = (world.alert(name="A", fingerprint=mark, instance=mark)[0] for mark in ("a", "b"))
    for number in (first, second):
        jobs.promise([number], "acknowledge", Given(), "", PERSON, world.clock.now())
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [first])
    flow.turn(world.app.extensions["gateway"])
    assert [one.status for one in world.incidents()] == ["triggered", "acknowledged"]
    link.rollback()
    flow.turn(world.app.extensions["gateway"])
    assert [one.status for one in world.incidents()] == ["acknowledged"] * 2


@ON_POSTGRES
def test_one_incident_that_is_held_keeps_no_portion_of_its_own_act_waiting(staffed_of, other):
    link, _ = other
    world = staffed_of(ONE_EACH)
    made = [world.alert(name="A", fingerprint=mark, instance=mark)[0] for mark in "abcdefghijklmnopqrstuvwxyz"]
    jobs.promise(made, "acknowledge", Given(), "", PERSON, world.clock.now())
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [made[1]])
    flow.turn(world.app.extensions["gateway"])
    assert {one.id for one in world.incidents() if one.status == "triggered"} == {made[1]}
    world.clock.advance(seconds=31)
    flow.turn(world.app.extensions["gateway"])
    (job,) = db.session.scalars(select(BulkJob))
    assert (job.finished_at, job.skipped) == (world.clock.now(), [[made[1], "in use"]])
    link.rollback()

    jobs.promise(made, "resolve", Given(), "", PERSON, world.clock.now())
    world.clock.advance(seconds=31)  # a long act, or a late worker: it has not been held for as long
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [made[1]])
    flow.turn(world.app.extensions["gateway"])
    link.rollback()
    flow.turn(world.app.extensions["gateway"])  # it came again, and was free
    assert {one.status for one in world.incidents()} == {"resolved"}


def pages(world):
    return world.deliveries(channel="pagerduty")


@ON_POSTGRES
def test_rows_of_two_kinds_get_their_numbers_in_the_order_in_which_they_came(staffed):
    """Joined with their kinds in whichever way the planner likes best."""
    columns = ("incident_id", "at", "kind", "actor", "detail")
    told = [(1, number, ("opened", "sent")[number % 2], "", "{}") for number in range(40)]
    part = Rows(
        Entry.__table__, columns, frozenset({"incident_id", "kind", "actor", "detail"}), told, "RETURNING id, at"
    )
    sql, values = statement([part])
    for ways in (("hashjoin", "nestloop"), ("mergejoin", "nestloop"), ("hashjoin", "mergejoin")):
        with transaction() as session:
            for way in ways:
                session.execute(text(f"SET LOCAL enable_{way} = off"))
            rows = driver(session).execute(sql, values).fetchall()
        assert [at for _, at in sorted(rows)] == list(range(40)), ways


def driver(session):
    """A cursor that counts its parameters, as the store's does."""
    return psycopg.RawCursor(session.connection().connection.driver_connection)


@ON_POSTGRES
def test_outcomes_lock_the_incidents_of_a_roll_up_and_all_others_in_one_order(staffed_of, other):
    """Whoever has the first of them waits for nobody who has a later one."""
    link, watch = other
    world = staffed_of(ONE_EACH)
    first, second = (world.alert(name="A", fingerprint=mark, instance=mark)[0] for mark in ("a", "b"))
    now = world.clock.now()
    with transaction() as session:
        digest, told = session.scalars(text("SELECT id FROM delivery WHERE incident_id = :id"), {"id": second}).all()[
            :2
        ]
        session.execute(text("UPDATE delivery SET kind = 'digest' WHERE id = :id"), {"id": digest})
        session.execute(
            text("UPDATE delivery SET bundle_id = :to WHERE incident_id = :id"), {"to": digest, "id": first}
        )
        taken = {one.id: one for one in outbox.lease(session, "pagerduty", 8, now, micros(now))}
        taken |= {one.id: one for one in outbox.lease(session, "ntfy", 8, now, micros(now))}
    results = [Result(taken[one], "sent", "ok") for one in (told, digest) if one in taken]
    assert len(results) == 2
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [first])
    with beside(world, lambda: settle.write_down(results, now)) as (thread, _):
        assert waits(watch, thread)
        assert watch.execute("SELECT id FROM incident WHERE id = %s FOR UPDATE SKIP LOCKED", [second]).fetchone()
        link.rollback()
    assert {one.status for one in world.deliveries(incident_id=second)} >= {"sent"}
