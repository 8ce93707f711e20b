"""What happens when we ourselves fail: workers lost in the middle, odd answers, broken rows, clocks set back."""

import threading
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway import worker as worker_room
from gateway.flows import escalate, failing, settle, suppress
from gateway.flows.deliver import AT_ONCE, KEPT_FREE
from gateway.store.db import db, reading, transaction
from gateway.store.incidents import timers
from gateway.store.outgoing import outbox
from gateway.store.types import micros
from gateway.store.upkeep import vitals
from gateway.worker import Worker
from rules.lifecycle import Reason
from tests.fakes.http import reply


def lose_a_worker(world, channel):
    """A worker takes what is due and is never heard of again."""
    with transaction() as session:
        return outbox.lease(session, channel, 8, world.clock.now(), micros(world.clock.now()))


def sent(pagerduty):
    return [event["event_action"] for event in pagerduty.events]


@pytest.mark.parametrize("answer", ["acknowledge", "resolve"])
def test_an_answer_reaches_pagerduty_though_the_worker_was_lost_while_calling(staffed, providers, answer):
    (number,) = staffed.alert()
    assert len(lose_a_worker(staffed, "pagerduty")) == 1
    if answer == "acknowledge":
        assert staffed.acknowledges(number) is Reason.ACKNOWLEDGED
    else:
        staffed.alert("resolved")
    staffed.delivers()
    assert sent(providers.pagerduty) == []  # the lease still holds: the call may be on its way
    staffed.clock.advance(seconds=16)
    staffed.delivers()
    assert sent(providers.pagerduty) == [answer]
    (page,) = staffed.deliveries(channel="pagerduty", kind="opened")
    assert (page.status, page.ambiguous) == ("cancelled", 1)
    assert "delivery cancelled" in staffed.timeline()


def test_a_repeat_after_a_lost_worker_is_marked_on_the_timeline(staffed, providers):
    staffed.alert(severity="warning")
    lose_a_worker(staffed, "email")
    staffed.clock.advance(seconds=16)
    staffed.delivers()
    (lost,) = staffed.entries("attempt failed")
    assert lost.detail["ambiguous"]
    assert staffed.timeline() == ["opened", "attempt failed", "sent"]


ODD = [7, None, ["a"], {"a": 1}, "\ud800", "nul\x00", "x" * 100_000]


@pytest.mark.parametrize("odd", ODD, ids=[repr(one)[:12] for one in ODD])
def test_an_odd_answer_of_a_provider_is_an_answer_and_stops_nobody(staffed, providers, odd):
    providers.pagerduty.then(reply(202, {"status": "success", "message": "m", "dedup_key": odd}))
    providers.ntfy.then(reply(200, {"id": odd}))
    staffed.alert()
    staffed.delivers()
    staffed.alert(severity="warning", name="Other", fingerprint="other")
    staffed.delivers()
    assert {one.status for one in staffed.deliveries()} == {"sent"}
    assert len(providers.mail.mails) == 1


def break_route(number):
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE incident SET route = '{broken' WHERE id = :id"), {"id": number})


def test_one_broken_incident_stops_nobody_elses_ladder(staffed, providers):
    (broken,) = staffed.alert(name="Broken", fingerprint="broken")
    staffed.alert(name="Whole", fingerprint="whole")
    break_route(broken)
    staffed.delivers()
    staffed.passes(minutes=5)
    staffed.delivers()
    levels = {incident.title: incident.level for incident in staffed.incidents_plain()}
    assert levels == {"Broken on db01": 1, "Whole on db01": 2}
    called = {event["dedup_key"] for event in providers.pagerduty.events}
    assert len(called) == 2  # even the broken one: with the bare words
    staffed.passes(seconds=30)
    assert staffed.incidents_plain()[0].next_at > staffed.clock.now()  # it comes again, but not in every round


def test_a_result_that_cannot_be_written_down_holds_up_no_other(staffed, providers):
    (broken,) = staffed.alert(severity="warning", name="Broken", fingerprint="broken")
    staffed.alert(severity="warning", name="Whole", fingerprint="whole")
    leased = lose_a_worker(staffed, "email")
    break_route(broken)
    settle.write_down([settle.Result(one, "sent", "ok") for one in leased], staffed.clock.now())
    assert {one.status for one in staffed.deliveries()} == {"sent"}


def test_room_is_kept_for_emergencies(staffed, providers):
    for number in range(AT_ONCE + 4):
        staffed.alert(severity="warning", name=f"W{number}", fingerprint=f"w{number}")
    with transaction() as session:
        session.execute(text("UPDATE delivery SET channel = 'nobody'"))
        now = staffed.clock.now()
        taken = outbox.lease(session, "nobody", AT_ONCE - KEPT_FREE, now, micros(now))
        assert len(taken) == AT_ONCE - KEPT_FREE
        assert outbox.lease(session, "nobody", KEPT_FREE, now, micros(now), most_urgent=0) == []


def test_a_contact_that_was_removed_gets_nothing_and_the_next_way_is_taken(staffed, providers):
    staffed.alert()
    staffed.people("""
people:
  - {email: anna@example.org, name: Anna, role: responder, timezone: Europe/Moscow,
     contacts: [{channel: email, address: anna@example.org}]}
""")
    staffed.delivers()
    assert sent(providers.pagerduty) == []
    assert "anna@example.org" in [mail["To"] for mail in providers.mail.mails]
    assert [one.detail["error"] for one in staffed.entries("delivery failed")] == [
        "this contact was removed meanwhile"
    ] * 2


def test_what_expires_stands_on_the_timeline(staffed, providers):
    providers.mail.at("connect", "421 later")
    staffed.alert(severity="warning")
    staffed.delivers()
    staffed.passes(hours=25)
    assert "delivery failed" in staffed.timeline()
    (mail,) = staffed.deliveries(kind="opened", level=1)
    assert (mail.status, mail.error[:7]) == ("failed", "expired")


def test_our_own_outage_escalates_nothing_and_expires_nothing_at_once(staffed, providers):
    (number,) = staffed.alert()
    staffed.clock.advance(minutes=31)
    with transaction() as session:
        assert timers.grace(session, staffed.clock.now()) > 0
    staffed.passes(seconds=0)
    staffed.delivers()
    assert sent(providers.pagerduty) == ["trigger"]
    assert staffed.incident().level == 1
    staffed.passes(seconds=61)
    assert staffed.incident().level == 2
    assert staffed.incident().id == number


def test_a_clock_set_back_delays_no_step(staffed, providers):
    staffed.alert()
    staffed.delivers()
    staffed.clock.advance(hours=-1)
    for _ in range(2):  # twice does no more than once
        with transaction() as session:
            timers.unskew(session, staffed.clock.now())
    staffed.passes(minutes=4, seconds=50)
    assert staffed.incident().level == 1
    staffed.passes(seconds=11)
    assert staffed.incident().level == 2


def test_a_worker_that_comes_back_after_an_outage_gives_everything_its_minute(staffed, providers):
    staffed.alert()
    worker = Worker(staffed.app)
    worker.sender = staffed.sender
    worker.round(staffed.clock.now())
    staffed.delivers()  # a call under way for twenty minutes would rightly be made again
    staffed.clock.advance(minutes=20)
    worker.round(staffed.clock.now())
    staffed.delivers()
    assert staffed.incident().level == 1
    assert sent(providers.pagerduty) == ["trigger"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ["the link was cut", "somebody holds an incident"])
def test_whatever_keeps_an_outage_from_being_seen_to_escalates_nothing_at_once(staffed, what):
    """As after a machine was asleep: its links look young, and the first question finds out."""
    staffed.alert()
    staffed.alert(name="Other", fingerprint="other")
    worker = Worker(staffed.app)
    worker.sender = staffed.sender
    worker.round(staffed.clock.now())
    staffed.delivers()
    staffed.clock.advance(minutes=20)
    with transaction() as session:
        ours = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(False)) as other:
        if what == "the link was cut":
            assert other.execute("SELECT pg_terminate_backend(%s, 5000)", (ours,)).fetchone() == (True,)
        else:
            other.execute("SELECT 1 FROM incident WHERE id = 1 FOR UPDATE")
        for _ in range(3):
            worker.round(staffed.clock.now())
    levels = {one.id: one.level for one in staffed.incidents()}
    assert levels == {1: 1, 2: 1}
    staffed.passes(seconds=61)
    assert {one.level for one in staffed.incidents()} == {2}


def test_a_worker_that_was_frozen_while_another_worked_puts_nothing_off(staffed):
    staffed.alert()
    frozen, other = Worker(staffed.app), Worker(staffed.app)
    for worker in (frozen, other):
        worker.round(staffed.clock.now())
    staffed.delivers()
    for _ in range(29):
        staffed.clock.advance(seconds=10)
        other.round(staffed.clock.now())
    staffed.clock.advance(seconds=10)
    frozen.round(staffed.clock.now())  # the step is due now
    assert staffed.incident().level == 2


def test_workers_that_die_young_put_nothing_off_again_and_again(staffed, providers):
    staffed.alert()
    first = Worker(staffed.app)
    first.round(staffed.clock.now())
    staffed.delivers()
    staffed.clock.advance(minutes=6)
    for _ in range(14):  # a minute and more of workers that see to the outage's end and get no further
        Worker(staffed.app).catch_up(staffed.clock.now())
        staffed.clock.advance(seconds=5)
    staffed.passes(seconds=0)
    assert staffed.incident().level == 2


def alive(staffed):
    with reading() as session:
        return vitals.worker_seen(session)


def rename(old, new):
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


@pytest.mark.parametrize("table", ["incident", "delivery"])
def test_a_worker_that_cannot_do_its_work_goes_on_and_gives_no_sign_of_life(staffed, table):
    worker = Worker(staffed.app, pulse=lambda: beats.append(1))
    beats = []
    rename(table, f"{table}_away")
    try:
        assert worker.round(staffed.clock.now()) > 0
        assert alive(staffed) is None
        assert beats  # it is not stuck, so nobody need start it anew
    finally:
        rename(f"{table}_away", table)
    worker.round(staffed.clock.now())
    assert alive(staffed) == staffed.clock.now()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_round_that_goes_well_says_that_the_database_is_back(staffed, caplog, monkeypatch):
    monkeypatch.setattr(failing, "_away", failing.Spell())
    chief = Worker(staffed.app, jobs=[])
    refused = OperationalError("SELECT 1", None, psycopg.OperationalError("connection refused"))
    failing.tell("worker_job_failed", refused, job="swaps")
    for _ in range(2):
        chief.round(staffed.clock.now())
    assert caplog.text.count("event=database_back") == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_link_that_was_cut_while_it_lay_idle_costs_no_step(staffed):
    """It is too young to be tried out before use; whoever takes it finds out."""
    staffed.alert()
    due = staffed.clock.now() + timedelta(minutes=5)
    with transaction() as session:
        ours = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(False), autocommit=True) as chief:

        def cut(number):
            if not cuts:
                cuts.append(chief.execute("SELECT pg_terminate_backend(%s, 5000)", (ours,)).fetchone()[0])
            suppress.step(number, due)

        cuts = []
        escalate._each(1, due, cut)
    assert cuts == [True]
    assert staffed.timeline().count("escalated") == 1


def test_what_came_back_is_written_down_before_the_worker_ends(staffed):
    staffed.alert(severity="warning")
    worker = Worker(staffed.app)
    worker.sender.unsettled = [settle.Result(one, "sent", "ok") for one in lose_a_worker(staffed, "email")]
    worker.stopping.set()
    worker.run()
    assert {one.status for one in staffed.deliveries()} == {"sent"}


def test_a_file_that_cannot_be_watched_only_costs_time(tmp_path):
    awake = threading.Event()
    awake.set()
    sleep = worker_room._watch_file(f"sqlite:///{tmp_path}/no/such/place.db", awake)
    sleep(0.1)


@pytest.mark.parametrize("worker", ["the same", "a new one"])
def test_p12_what_waits_for_a_provider_goes_out_when_the_first_gets_through(staffed_of, providers, worker):
    """After an outage nothing sits out its pause, whoever has met the outage; and what is over is not said."""
    staffed = staffed_of(NABAT_CAPS="off")
    well, providers.pagerduty.usual = providers.pagerduty.usual, lambda _: reply(503)
    for number in range(6):
        staffed.alert(name=f"Down{number}", fingerprint=f"d{number}")
    for seconds in (0, 2, 3, 5, 10, 20, 40):
        staffed.clock.advance(seconds=seconds)
        staffed.delivers()
    staffed.alert("resolved", name="Down5", fingerprint="d5")
    providers.pagerduty.usual = well
    if worker == "a new one":
        staffed.worker_is_replaced()
    due = min(one.due_at for one in staffed.deliveries(channel="pagerduty", status="queued", kind="opened"))
    assert due > staffed.clock.now()
    staffed.clock.advance(seconds=(due - staffed.clock.now()).total_seconds())
    staffed.delivers()
    out = staffed.deliveries(channel="pagerduty", kind="opened")
    assert {one.status for one in out} == {"sent", "cancelled"}
    assert [one.incident_id for one in out if one.status == "cancelled"] == [6]
    assert len({one.finished_at for one in out if one.status == "sent"}) == 1
