"""What keeps a bad moment short: who goes first, who takes the write lock when, and how connections are guarded."""

import os
import socket
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.store.db import db, transaction
from gateway.store.outgoing import outbox
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.sql.pieces import pipelined
from gateway.store.turns import PATIENCE
from gateway.store.types import micros
from tests.databases import wait_until


def test_an_emergency_overtakes_what_has_waited_longer(staffed):
    for number in range(5):
        staffed.alert(severity="warning", name=f"Slow{number}", fingerprint=f"slow{number}")
        staffed.clock.advance(seconds=1)
    (urgent,) = staffed.alert(name="Fire", fingerprint="fire")
    with transaction() as session:
        session.execute(text("UPDATE delivery SET channel = 'email'"))
        now = staffed.clock.now()
        taken = outbox.lease(session, "email", 1, now, micros(now))
    assert [one.incident_id for one in taken] == [urgent]


def test_who_reads_and_then_writes_has_taken_the_write_lock_before(app):
    """On SQLite: two that read first and then write would else fail half-way, at once, whatever they may wait."""
    if db.engine.dialect.name != "sqlite":
        with transaction() as session:  # rows are locked there, not the file
            assert session.execute(text("SHOW lock_timeout")).scalar_one() == "2s"
        return
    with transaction() as session:
        known = session.execute(text("SELECT count(*) FROM counter")).scalar_one()
        with (  # somebody who takes no turns
            closing(sqlite3.connect(db.engine.url.database, timeout=0, isolation_level=None)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")
        session.execute(text(f"INSERT INTO counter (key, since, count) VALUES ('number {known}', 0, 0)"))
    with db.engine.connect() as link:
        assert link.execute(text("SELECT count(*) FROM counter")).scalar_one() == known + 1


def test_a_cut_wire_a_lock_and_a_slow_statement_end_by_themselves(app):
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as link:
            waits = link.execute(text("PRAGMA busy_timeout")).scalar_one() / 1000
        assert PATIENCE + waits == 5
        return
    with db.engine.connect() as link:
        assert link.execute(text("SHOW lock_timeout")).scalar_one() == "2s"
        assert link.execute(text("SHOW statement_timeout")).scalar_one() == "10s"
        with socket.socket(fileno=os.dup(link.connection.dbapi_connection.fileno())) as wire:
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000
            asks = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT]
            assert [wire.getsockopt(socket.IPPROTO_TCP, each) for each in asks] == [3, 1, 2]
        theirs = [f"tcp_keepalives_{name}" for name in ("idle", "interval", "count")]
        assert [int(link.execute(text(f"SHOW {name}")).scalar_one()) for name in theirs] == [5, 2, 3]


def test_who_says_nothing_for_long_within_a_transaction_loses_the_locks(app):
    """A process that is frozen between the two pieces of a batch, say. SQLite's file stays with its process."""
    if db.engine.dialect.name == "sqlite":
        return
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 71")

    def fall_silent():
        with transaction() as session, db.engine.connect() as other:
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 300"))
            with pipelined(session):
                one_writer_per_source(session, [1])
            wait_until(lambda: other.execute(held).scalar_one() == 0)

    with pytest.raises(DBAPIError, match="idle-in-transaction"):
        fall_silent()
