"""PostgreSQL fails over to its standby, and somebody's old transaction keeps every dead row: F18, F22."""

import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gateway import channels
from gateway.flows.sounding import SOONEST, pause
from gateway.store.db import database_clock, db
from gateway.store.outgoing import outbox, waiting
from gateway.store.outgoing.floors import Floors
from gateway.store.types import micros
from gateway.store.upkeep import pulse
from tests.databases import Cluster, binaries, missing, wait_until
from tests.gameday.harness import sized
from tests.gameday.wires import Relay
from tests.processes import durable_cluster, free_port

GAP = 10.0  # seconds from the death of the primary to the first 2xx (F18)
MARGIN = 3.0  # seconds for a machine with other things to do
CLAIM = 0.050  # seconds, p99 (F22)
LOOK = 0.250  # the same of a whole round's questions: a message waits that much longer, on a busy machine
PASSED = 1000  # messages that go by in one statement …
EACH = timedelta(seconds=1.8)  # … and in how much time
ASKED = 10  # claims meanwhile


class Standby(Cluster):
    """A copy of another cluster that follows it, and that each of its commits waits for."""

    def __init__(self, primary):
        self.bin, self.as_user, self.port = primary.bin, primary.as_user, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="nabat-pg-", dir="/tmp"))
        if self.as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        place = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
        self.run("pg_basebackup", *place, "-D", str(self.folder / "data"), "-R", "-X", "stream", "-c", "fast")
        old = f"-p {primary.port} -k {primary.folder}"
        self.options = primary.options.replace(old, f"-p {self.port} -k {self.folder}")
        self.start()
        with chief(primary) as link:
            wait_until(lambda: link.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'").fetchone())
            link.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            link.execute("SELECT pg_reload_conf()")
            synced = "SELECT 1 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
            wait_until(lambda: link.execute(synced).fetchone())

    def promote(self):
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "promote")


def chief(cluster):
    return psycopg.connect(f"host=127.0.0.1 port={cluster.port} user=postgres dbname=postgres", autocommit=True)


@pytest.fixture
def pair():
    """A primary and its standby, which no other test has."""
    if binaries() is None:
        missing("no PostgreSQL server on this machine")
    primary = durable_cluster()
    primary.create("failover")
    standby = Standby(primary)
    yield primary, standby
    standby.close()
    shutil.rmtree(primary.folder, ignore_errors=True)


@sized(full=1)
@pytest.mark.timeout(300)
def test_f18_the_standby_takes_over(game, pair, size):
    """The primary dies, the standby is promoted, and the name that we connect to leads there."""
    primary, standby = pair
    with Relay(("127.0.0.1", 0), ("127.0.0.1", primary.port)) as name:
        url = primary.url("failover").replace(f":{primary.port}/", f":{name.port}/")
        run = game("F18", "postgresql", url=url, cluster=standby)
        run.web()
        run.worker()
        load = run.load(emergency_every=0.2)
        run.wait_for_pages(5)
        primary.stop("immediate")
        gone = time.monotonic()
        standby.promote()
        name.goal = ("127.0.0.1", standby.port)
        accepted, called = len(load.accepted), len(run.ledger.pages())
        wait_until(lambda: len(load.accepted) > accepted, 60)
        gap = time.monotonic() - gone
        wait_until(lambda: len(run.ledger.pages()) > called, 60)
        paged = time.monotonic() - gone
        run.finish(note=f"first 2xx after {gap:.1f} s, first page {paged:.1f} s")
    assert gap <= GAP + MARGIN


@sized(full=300_000)
@pytest.mark.timeout(900)
def test_f22_an_old_transaction_keeps_every_dead_row(game, size):
    """Messages pass while somebody looks at an old state of the database: nothing of what they leave can be cleared."""
    run = game("F22", "postgresql")
    run.web()
    run.worker()
    load = run.load(emergency_every=0.5)
    run.wait_for_pages(3)
    load.finish()
    run.drained()
    run.stop()
    with psycopg.connect(run.gateway.url.replace("+psycopg", "")) as old, run.inside() as world:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM delivery")
        took = list(_pass_by(world.clock.now(), size))
    claim, glance = (sorted(each)[int(len(took) * 0.99)] for each in zip(*took, strict=True))
    dead = run.gateway.value("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'delivery'")
    run.outcome.note = (
        f"{size} messages, {dead} dead rows, p99 of {len(took)} claims {claim * 1000:.1f} ms, of looks at what is due "
        f"{glance * 1000:.1f} ms"
    )
    assert claim <= CLAIM
    assert glance <= LOOK


def _pass_by(now, size):
    """Seconds that each claim takes, and each look at what is due: ten a thousand messages that were promised, leased
    and settled. Each is of an incident of its own, as in a storm, whose timer runs meanwhile. Moments pass as if a
    million took half an hour, and the worker looks as often in them how far the dead rows reach.
    """
    moments = ("next_at", "due_at", "fallback_at")
    incident = _columns("incident", "uuid", "dedup_key", *moments)
    message = _columns("delivery", "incident_id", "once", "status", *moments)
    open_ = text(f"""
        WITH made AS (INSERT INTO incident (uuid, dedup_key, next_at, {incident})
            SELECT :first || '-' || n, :first || '-' || n, :now + 300000000, {incident}
            FROM (SELECT * FROM incident WHERE status = 'triggered' LIMIT 1) i, generate_series(1, {PASSED}) n
            RETURNING id)
        INSERT INTO delivery (incident_id, once, status, due_at, fallback_at, {message})
            SELECT made.id, 'f22-' || made.id, 'queued', :now, :now + 60000000, {message}
            FROM (SELECT * FROM delivery WHERE channel = 'pagerduty' ORDER BY id LIMIT 1) d, made RETURNING id
    """)
    steps = [
        text("UPDATE delivery SET status = 'sending' WHERE id >= :id AND status = 'queued'"),
        text("UPDATE delivery SET status = 'sent', fallback_at = NULL WHERE id >= :id AND status = 'sending'"),
        text("UPDATE incident SET next_at = NULL WHERE id IN (SELECT incident_id FROM delivery WHERE id >= :id)"),
    ]
    floors, whole, again = Floors(), now, now
    db.session.rollback()
    for first in range(0, size, PASSED):
        now += EACH
        values = {"first": f"f22-{first}", "now": micros(now)}
        _begin()
        newest = min(db.session.scalars(open_, values))
        db.session.commit()
        if now >= whole:
            whole = now + timedelta(seconds=pause(floors.look(db.session, channels.names(), now)))
        elif now >= again and floors.are_set:
            floors.rise(db.session, now)
        again = max(again, now + timedelta(seconds=SOONEST)) if now >= again else again
        db.session.rollback()
        for _ in range(ASKED):
            yield _claim(floors, now), _glance(floors, now)
        for step in steps:
            _begin()
            db.session.execute(step, {"id": newest})
            db.session.commit()


def _begin():
    """What is done now may write, and is kept or not as the test wishes."""
    db.session.rollback()
    db.session.connection(execution_options={"writes": True})


def _claim(floors, now):
    _begin()
    began = time.monotonic()
    if floors.are_set:
        lows = floors.of("pagerduty", now)
        taken = outbox.lease_since(db.session, "pagerduty", 8, now, database_clock(db.session), lows)
    else:
        taken = outbox.lease(db.session, "pagerduty", 8, now, database_clock(db.session))
    took = time.monotonic() - began
    assert len(taken) == 8
    db.session.rollback()
    return took


def _glance(floors, now):
    """What a round asks: it is late in a storm if this is slow."""
    began = time.monotonic()
    seen = waiting.glance(db.session, channels.names(), now, database_clock(db.session), floors)
    pulse.next_moment(db.session, now, now + timedelta(seconds=1), floors)
    took = time.monotonic() - began
    assert "pagerduty" in seen.channels
    db.session.rollback()
    return took


def _columns(table, *but):
    """All but these and the number."""
    sql = text("SELECT column_name FROM information_schema.columns WHERE table_name = :table")
    return ", ".join(name for name in db.session.scalars(sql, {"table": table}) if name not in ("id", *but))
