"""Somebody else holds an incident, a message or the whole file: others are worked on, and it is once it is let go."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from gateway import metrics
from gateway.flows import deliver, escalate, failing, suppress
from gateway.flows.settle import Result
from gateway.store.db import db, reading, transaction
from gateway.store.outgoing import outbox
from gateway.store.types import micros
from tests.samples import BOOK

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONE_EACH = BOOK.replace("policy: infra}", "policy: infra, group_by: [alertname, instance]}", 1)
OLEGS = BOOK.replace("routes:\n", """routes:
  - {name: olegs, match: ['service="oleg"'], urgency: emergency, policy: oleg}
""").replace("policies:\n", """policies:
  oleg: {steps: [{notify: ["person:oleg@example.org"], wait: 5m}]}
""")  # fmt: skip
VOICE = "voice: {budget: {calls: 1, per: 8h}}\n"


def somebody_else():
    """Their link to the same database."""
    return psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(False))


@ON_POSTGRES
@pytest.mark.parametrize("what", ["a step", "a fallback"])
def test_an_incident_that_somebody_holds_keeps_no_other_waiting_and_goes_on_once_it_is_let_go(staffed_of, what):
    """A frozen process may hold it, and the first of all that are due."""
    world = staffed_of(ONE_EACH)
    first, second = (world.alert(name="A", fingerprint=mark, instance=mark)[0] for mark in ("a", "b"))
    world.clock.advance(**({"minutes": 5} if what == "a step" else {"seconds": 60}))
    turn = {"a step": escalate.escalate_due, "a fallback": escalate.fall_back_due}[what]
    kind = {"a step": "escalated", "a fallback": "fallback"}[what]
    with somebody_else() as link:
        link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [first])
        assert turn(world.clock.now()) == 1
        assert [one.incident_id for one in world.entries(kind)] == [second]
        link.rollback()
    assert turn(world.clock.now()) == 1
    assert [one.incident_id for one in world.entries(kind)] == [second, first]


@ON_SQLITE
def test_a_file_that_was_locked_for_a_while_puts_off_no_step(staffed):
    """It is due again at once, not in a minute, as what is broken is."""
    staffed.alert()
    due = staffed.clock.now() + timedelta(minutes=5)
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as holder:
        with reading() as session:
            session.execute(text("PRAGMA busy_timeout = 1"))
        holder.execute("BEGIN IMMEDIATE")

        def locked(number):
            try:
                suppress.step(number, due)
            finally:
                holder.rollback()

        with pytest.raises(OperationalError, match="locked"):
            escalate._each(1, due, locked)
    assert staffed.incident().next_at == due


@ON_SQLITE
def test_each_job_that_a_locked_file_keeps_from_its_work_is_counted_and_all_of_them_are_one_line(
    staffed, caplog, monkeypatch
):
    monkeypatch.setattr(failing, "_locked", failing.Spell())
    monkeypatch.setattr(failing, "PAUSE", 0)

    def writes():
        with transaction():
            pass

    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as holder:
        with reading() as session:
            session.execute(text("PRAGMA busy_timeout = 1"))
        holder.execute("BEGIN IMMEDIATE")
        counted = [metrics.worker_errors.labels(name)._value.get() for name in ("disk", "swaps")]
        for name in ("disk", "swaps") * 2:
            failing.guarded(name, writes)
        holder.rollback()
    assert [line.count("trace") for line in caplog.messages if "database_locked" in line] == [0]
    assert "worker_job_failed" not in caplog.text
    after = [metrics.worker_errors.labels(name)._value.get() for name in ("disk", "swaps")]
    assert [now - before for now, before in zip(after, counted, strict=True)] == [2, 2]


@ON_POSTGRES
def test_a_roll_up_that_another_worker_sends_this_moment_takes_in_nothing_more(staffed_of):
    """It has said already what it says: what came too late would be told to nobody."""
    world = staffed_of(ONE_EACH)
    for number in range(4):
        world.alert(fingerprint=f"f{number}", instance=f"host{number}")
        world.delivers()
    (waiting,) = world.deliveries(kind="digest", status="queued")
    with somebody_else() as link:
        link.execute("UPDATE delivery SET status = 'sending', lease = lease + 1 WHERE id = %s", [waiting.id])
        (late,) = world.alert(fingerprint="late", instance="late")
        world.delivers()
        link.commit()
    (page,) = world.deliveries(incident_id=late, who="anna@example.org", kind="opened", channel="pagerduty")
    assert (page.status, page.bundle_id == waiting.id) == ("bundled", False)
    assert [one.status for one in world.deliveries(id=page.bundle_id)] == ["queued"]


@ON_POSTGRES
def test_e8_a_call_that_is_over_budget_goes_to_the_next_person_though_the_incident_was_held_that_moment(staffed_of):
    """So does one whose worker died between the two."""
    world = staffed_of(BOOK + VOICE)
    (first,) = world.alert(name="First", fingerprint="first")
    world.delivers()
    world.resolves(first)
    world.clock.advance(minutes=20)
    (made,) = world.alert(name="Second", fingerprint="second")
    with somebody_else() as link:
        link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [made])
        with pytest.raises(OperationalError, match="lock timeout"):
            world.delivers()
        link.rollback()
    world.passes(seconds=16)
    world.passes(seconds=0)
    world.delivers()
    told = {(one.name, one.channel, one.status) for one in world.deliveries(incident_id=made, kind="escalated")}
    assert ("Oleg", "pagerduty", "sent") in told
    assert [one.channel for one in world.deliveries(incident_id=made, part="fallback")] == ["sms"]


@ON_POSTGRES
def test_a_worker_that_is_frozen_while_it_counts_somebodys_calls_keeps_no_other_from_being_called(staffed_of):
    """Whose turn it holds is called when it is let go, and has the fallback meanwhile."""
    world = staffed_of(OLEGS)
    (hers,) = world.alert(name="Hers", fingerprint="hers")
    (his,) = world.alert(name="His", fingerprint="his", service="oleg")
    (page,) = world.deliveries(incident_id=hers, channel="pagerduty")
    patience = page.fallback_at
    with somebody_else() as link:
        link.execute("SELECT pg_advisory_xact_lock(73, %s)", [page.person_id])
        world.delivers()
        status = {one.incident_id: one.status for one in world.deliveries(channel="pagerduty")}
        assert status == {hers: "queued", his: "sent"}
        link.rollback()
    (page,) = world.deliveries(id=page.id)
    assert (page.attempts, page.fallback_at) == (0, patience)
    world.clock.advance(seconds=1)
    world.delivers()
    assert [one.status for one in world.deliveries(id=page.id)] == ["sent"]


@ON_SQLITE
def test_what_went_out_while_the_file_was_locked_does_not_go_out_again(staffed):
    """However long: what we know of it is written down before leases that ran out are looked for."""
    staffed.alert()
    now = staffed.clock.now()
    with transaction() as session:
        (taken,) = outbox.lease(session, "pagerduty", 8, now, micros(now))
    sender = staffed.sender
    sender.results.put((deliver._Flight(taken, 0.0, 0.0), Result(taken, "sent", "ok")))
    staffed.clock.advance(seconds=20)
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as holder:
        with reading() as session:
            session.execute(text("PRAGMA busy_timeout = 1"))
        holder.execute("BEGIN IMMEDIATE")
        begun = []

        def let_go(*link):
            begun.append(link)
            if len(begun) == 3:  # before it were the outcome, and the lease that was to be renewed
                holder.rollback()

        event.listen(db.engine, "checkout", let_go)
        try:
            with pytest.raises(OperationalError, match="locked"):
                sender.work(staffed.clock.now(), ("pagerduty",))
        finally:
            event.remove(db.engine, "checkout", let_go)
    sender.work(staffed.clock.now(), ())
    (page,) = staffed.deliveries(id=taken.id)
    assert (page.status, page.attempts, page.ambiguous) == ("sent", 1, 0)
