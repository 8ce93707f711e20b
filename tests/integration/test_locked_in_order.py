"""What several do at once on PostgreSQL: who looks at an incident holds it, and all lock in one order."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select, text

from gateway import actions
from gateway.acts import jobs, resending, status_page
from gateway.flows import deliver, settle
from gateway.flows import jobs as flow
from gateway.flows.settle import Result
from gateway.store.db import db, transaction
from gateway.store.incidents import timers
from gateway.store.outgoing import outbox
from gateway.store.quiet import silences, suppressed
from gateway.store.sql.written import Rows, statement
from gateway.store.tables import BulkJob, Entry
from gateway.store.types import micros
from rules.lifecycle import Given
from rules.reports.public import NotFit
from tests.databases import wait_until
from tests.integration.test_silences import Operator
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


def ends_early(world, silence):
    with transaction() as session:
        silences.ended(session, silence, world.clock.now())


def is_looked_after(world, _silence):
    with transaction() as session:
        session.execute(text("UPDATE silence SET ended_at = ends_at"))
        silences.release(session, world.clock.now())


def is_not_inhibited_any_more(world, _silence):
    numbers = [one.id for one in world.incidents()]
    with transaction() as session:
        suppressed.look_now(session, numbers, world.clock.now())


def clock_was_set_back(world, _silence):
    with transaction() as session:
        timers.unskew(session, world.clock.now() - timedelta(hours=1))


@ON_POSTGRES
@pytest.mark.parametrize("work", [ends_early, is_looked_after, is_not_inhibited_any_more, clock_was_set_back])
def test_what_lets_many_incidents_go_takes_them_in_the_order_in_which_all_others_do(staffed_of, other, work):
    """Intake has the first of them, waits for none that has a later one, and gets that as well."""
    link, watch = other
    world = staffed_of(ONE_EACH)
    silence = Operator(world).silence("alertname=A")
    first, second = (world.alert(name="A", fingerprint=mark, instance=mark)[0] for mark in ("a", "b"))
    # Behind the other in the table, and in every index but that of their numbers; of a silence that is over.
    later = "urgency = 3, next_at = next_at + 1, updated_at = updated_at + 1, suppressed_by = 'silence:999'"
    link.execute("UPDATE incident SET snoozed_until = NULL")
    link.execute("DELETE FROM hidden_alert WHERE incident_id = %s", [first])
    link.execute(f"UPDATE incident SET {later} WHERE id = %s", [first])
    link.commit()
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [first])
    with beside(world, lambda: work(world, silence)) as (thread, _):
        waits(watch, thread)
        link.execute("SET LOCAL lock_timeout = 5000")
        assert link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [second]).fetchone()
        link.commit()


@ON_POSTGRES
def test_who_ends_a_silence_does_not_wait_for_intake_that_waits_for_it(staffed_of, other):
    """An alert that it hides is noted while its incident is held."""
    link, watch = other
    world = staffed_of(ONE_EACH)
    operator = Operator(world)
    silence = operator.silence("alertname=A")
    (number,) = world.alert(name="A")
    link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [number])
    with beside(world, lambda: operator.ask("DELETE", f"silences/{silence}")) as (thread, found):
        assert waits(watch, thread)
        link.execute(
            "INSERT INTO hidden_alert (silence_id, until, source_id, fingerprint, incident_id, title, at) "
            "VALUES (%s, 0, 1, 'other', %s, '', 0)", [silence, number]
        )  # fmt: skip
        link.commit()
    assert [one.status_code for one in found] == [200]


@ON_POSTGRES
def test_of_two_administrators_at_once_the_second_hears_that_the_service_is_on_the_page(staffed, other):
    link, watch = other
    now = staffed.clock.now()
    status_page.set_page({"en": "Acme"}, ANNA, now, on=True)
    link.execute("UPDATE fact SET value = 'a' WHERE key = 'status page version'")  # as the first does before all
    link.execute("INSERT INTO component (service, names, place, created_at) VALUES ('mail', '{}', 1, 0)")

    def second():
        try:
            return status_page.add_component("mail", {"en": "Mail"}, ANNA, now)
        except NotFit as wrong:
            return str(wrong)

    with beside(staffed, second) as (thread, found):
        assert waits(watch, thread)
        link.commit()
    assert found == ["this service is on the page already"]
