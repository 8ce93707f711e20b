"""What is done for every alert, in every round and for every page reads no table through, also before ANALYZE."""

import re
import shutil
import sqlite3
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, text

from bench.filling import fill
from bench.plans import Reads
from bench.subject import plain
from dashboard.tickets import queries as ticket_queries
from gateway.flows import silences
from gateway.lists.meaning import of_tickets
from gateway.store.db import db, reading, transaction
from gateway.store.incidents import cases
from gateway.store.outgoing import bundles, outbox, waiting
from gateway.store.reading import readings, readings_admin
from gateway.store.reading.readings import WantedIncidents
from gateway.store.senders import alertmanagers, kept_payloads
from gateway.store.types import micros
from gateway.store.upkeep import pulse, selfwatch, vitals
from rules.telling.caps import ROLL_UP_EVERY
from rules.words import Status, Urgency
from tests.browsing import Browser, everybody_has_a_password
from tests.conftest import migrated
from tests.integration.test_silences import Operator

STORED = 3000
ENOUGH = 2400  # rows of a table or index that one such thing may read: tabs count to a thousand, two may come as one
THROUGH = re.compile(r"SCAN (?:incident|alert|delivery|entry|payload|hidden_alert|[dehi])\b")
# What waits; and of what failed the newest, as far as the menu counts.
PARTIAL = re.compile(r"USING (?:COVERING )?INDEX (?:delivery_(?:due|expiry|fallback|failed)|incident_next_at)\b")
SORTED = "USE TEMP B-TREE FOR ORDER BY"  # all that a source ever sent, for the newest of it
RECEIVED = re.compile(r"^(?!.*\bGROUP BY\b).*\bFROM payload\b", re.DOTALL)
BOUNDED = re.compile(r"^(?!.*\bWHERE\b).*\bLIMIT \d", re.DOTALL)  # it ends by itself
PAGES = (
    "/services", "/sources/1", "/incidents", "/incidents?status=all", "/incidents?status=resolved",
    "/incidents?status=snoozed",
)  # fmt: skip
OFTEN = 12  # the driver prepares a statement after five times, the server keeps its plan after five more


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """On PostgreSQL a database of its own, of which nobody ever takes statistics: plans would depend on them."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_file"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path}/test.db"
        return
    cluster = request.getfixturevalue("cluster")
    url = migrated(cluster.create("unmeasured"), tmp_path)
    with psycopg.connect(plain(url)) as link:
        for name in ("incident", "alert", "entry", "delivery", "payload", "hidden_alert"):
            link.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = false)")
    yield url
    cluster.drop("unmeasured")


class Measure:
    """What the database read through: on PostgreSQL the rows are counted, on SQLite the plans say it."""

    def __init__(self, url):
        self.url, self.reads = url, Reads(url)
        self.found = {}  # by what was done
        self.told = []
        if not self.reads.url:
            event.listen(db.engine, "checkout", lambda link, *_: link.set_trace_callback(self.told.append))

    @contextmanager
    def of(self, what):
        self.flush()
        self.reads.begin()
        self.told.clear()
        yield
        self.flush()
        much = [f"{name}: {rows}" for name, rows in self.reads.read().items() if rows > ENOUGH]
        if found := much or self._scans():
            self.found[what] = found

    def _scans(self):
        if self.reads.url:
            return []
        link = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        try:
            asked = {sql for sql in self.told if re.match(r"\s*(SELECT|UPDATE|DELETE)", sql) and not BOUNDED.match(sql)}
            return [
                (step, sql)
                for sql in asked
                for step in _plan(link, sql)
                if (THROUGH.match(step) and not PARTIAL.search(step)) or (step == SORTED and RECEIVED.match(sql))
            ]
        finally:
            link.close()

    def flush(self):
        """Without this PostgreSQL counts a second later."""
        db.session.rollback()
        if self.reads.url:
            with db.engine.connect() as link:
                link.execute(text("SELECT pg_stat_force_next_flush()"))


def _plan(link, sql):
    return [row[3] for row in link.execute(f"EXPLAIN QUERY PLAN {sql}")]


class Days:
    """What happens all the time, by name."""

    def __init__(self, staffed):
        self.staffed, self.number = staffed, 0
        self.browser = Browser(staffed.app)
        self.browser.sign_in()

    def work(self):
        """Each with what it does, one after the other."""
        self.number += 1
        told = {"name": f"Disk{self.number}", "fingerprint": f"disk{self.number}", "severity": "warning"}
        yield "a new alert", lambda: self.staffed.alert(**told)
        yield "the same again", lambda: self.staffed.alert(**told)
        yield "it resolves", lambda: self.staffed.alert("resolved", **told)
        fire = self.staffed.alert(name=f"Fire{self.number}", fingerprint=f"fire{self.number}")[0]
        yield "an acknowledgement", lambda: self.staffed.acknowledges(fire)
        yield "a round of the worker", self._round
        yield "leasing", self._lease
        yield "a roll-up", self._roll_up
        yield "an audit", self._audit
        yield "a list for a program", self._listed
        yield "what was received lately", self._received
        for path in (*PAGES, f"/incidents/{fire}"):
            yield path, lambda path=path: self._page(path)

    def _page(self, path):
        assert self.browser.get(path).status_code == 200, path

    def _listed(self):
        with reading() as session:
            for statuses in ((Status.TRIGGERED, Status.ACKNOWLEDGED), tuple(Status)):
                page = readings.incidents(session, WantedIncidents(statuses, tuple(Urgency), 20))
                assert len(page.rows) <= 20

    def _received(self):
        with reading() as session:
            first = kept_payloads.first_since(session, self.staffed.clock.now() - timedelta(seconds=1))
            rows, after = readings_admin.requests(session, 1, None, 20)
            readings_admin.requests(session, 1, after or rows[-1][0], 20)
            assert first
            assert alertmanagers.receivers(session, 1)
            kept_payloads.with_older(session, self.staffed.clock.now() - timedelta(days=30))

    def _round(self):
        now = self.staffed.clock.now()
        with reading() as session:
            waiting.glance(session, ["email", "ntfy"], now, micros(now))
            waiting.stuck(session, now, 100)
            pulse.next_moment(session, now, now + timedelta(seconds=1))
            cases.due(session, now, 100)

    def _lease(self):
        now = self.staffed.clock.now()
        with transaction() as session:
            outbox.reclaim(session, "email", now, micros(now))
            outbox.lease(session, "email", 6, now, micros(now))

    def _roll_up(self):
        now = self.staffed.clock.now()
        with transaction() as session:
            bundles.waiting(session, 1)
            bundles.last(session, 1, now, now - ROLL_UP_EVERY)
            bundles.put_in(session, 0, [], 1, "mail")

    def _audit(self):
        now = self.staffed.clock.now()
        with reading() as session:
            vitals.vitals(session, now, configured=True)
            selfwatch.look(session, now, configured=True)
            selfwatch.missing(session, now)


def test_a_full_store_is_not_read_through(staffed, database_url):
    """Plans were made when it was empty, then it filled at once, and no statistics were taken of it."""
    everybody_has_a_password()
    days = Days(staffed)
    for _ in range(OFTEN):
        for _, do in days.work():
            do()
    db.session.rollback()
    fill(database_url, STORED, micros(staffed.clock.now()))
    measure = Measure(database_url)
    for what, do in days.work():
        with measure.of(what):
            do()
    assert measure.found == {}


def test_a_ticket_is_found_by_the_name_that_people_give_it(staffed, database_url):
    """Jira knows it by another; however many tickets there ever were."""
    issue = {"id": "31001", "key": "TES-41", "fields": {"summary": "No mail"}}
    assert staffed.post({"webhookEvent": "jira:issue_created", "issue": issue}, "jira").status_code == 202
    for _ in range(OFTEN):
        looked_up("TES-41")
    with transaction() as session:
        for table in ("incident", "alert"):
            columns = [one.name for one in db.metadata.tables[table].columns if one.name != "id"]
            anew = {"uuid": "n.n", "dedup_key": "'k' || n.n", "fingerprint": "'f' || n.n", "status": "'resolved'"}
            if table == "alert":
                anew["incident_id"] = "1 + n.n"
            values = ", ".join(anew.get(one, one) for one in columns)
            count = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)"
            session.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) {count} SELECT {values} FROM {table}, n"))
    measure = Measure(database_url)
    with measure.of("a ticket by its name"):
        assert looked_up("TES-41")
    assert measure.found == {}


def looked_up(key):
    return ticket_queries.by_key(key, "") and of_tickets(key)


def test_what_silences_ever_hid_is_not_read_through(staffed, database_url):
    """A look every three seconds at what the silences that have just ended have left, and windows that come again."""
    operator = Operator(staffed)
    old = operator.silence("alertname=Old")
    operator.window("alertname=Weekly", start="2026-12-06T01:00", length="1h", rule="RRULE:FREQ=DAILY")
    operator.ask("DELETE", f"silences/{old}")
    operator.silence('instance="db1"')
    operator.passes(hours=1)
    ended = operator.silence('instance="db2"')
    staffed.alert(name="DiskFull", fingerprint="a1", instance="db1")
    operator.ask("DELETE", f"silences/{ended}")
    for _ in range(OFTEN):
        silences.release_stragglers(staffed.clock.now())
    hidden = "(silence_id, until, source_id, fingerprint, incident_id, title, at)"
    rows = [{"old": old, "n": n, "mark": f"old{n}"} for n in range(STORED)]
    with transaction() as session:
        session.execute(text(f"INSERT INTO hidden_alert {hidden} VALUES (:old, :n, 1, :mark, 1, 'Old', :n)"), rows)
    measure = Measure(database_url)
    with measure.of("ended silences"):
        silences.release_stragglers(staffed.clock.now())
    assert measure.found == {}


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_resolved_is_found_behind_a_storm_that_is_not(staffed, database_url):
    """Most incidents are resolved, so a walk down all numbers looks cheap; the newest thousands are not."""
    everybody_has_a_password()
    staffed.alert(name="Disk", fingerprint="disk", severity="warning")
    db.session.rollback()
    fill(database_url, 30_000, micros(staffed.clock.now()))
    with transaction() as session:
        newest = "(SELECT max(id) - 4000 FROM incident)"
        session.execute(text(f"UPDATE incident SET status = 'triggered', resolved_at = NULL WHERE id > {newest}"))
        session.execute(text(f"UPDATE incident SET status = 'resolved' WHERE id <= {newest}"))
    with transaction() as session:
        session.execute(text("ANALYZE incident"))
    browser, measure = Browser(staffed.app), Measure(database_url)
    browser.sign_in()
    for more in ("", "&sort=-age", "&q=nothing-like-this"):
        measure.flush()
        measure.reads.begin()
        assert browser.get(f"/incidents?status=resolved{more}").status_code == 200
        measure.flush()
        assert measure.reads.read().get("incident_pkey", 0) < ENOUGH, more
