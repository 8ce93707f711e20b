"""SQLite's log is copied back by a thread beside the writer. PostgreSQL copies its own."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.doors.inbox import Inbox
from gateway.store import checkpoints as of_sqlite
from gateway.store.db import checkpoints, db, transaction
from tests.databases import wait_until
from tests.integration.test_door import item_of

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
PIECE = 4000  # bytes, about a page


@pytest.fixture
def copier(world):
    copier = checkpoints()
    yield copier
    copier.close()


def write(pages, name):
    with transaction() as session:
        rows = [{"key": f"{name}{number}", "value": "x" * PIECE} for number in range(pages)]
        session.execute(text("INSERT INTO fact (key, value, at) VALUES (:key, :value, 0)"), rows)


def path():
    return Path(db.engine.url.database)


def in_the_file(tmp_path, query):
    """What the file says to somebody who has no log. None if pages were written while it was being read."""
    shutil.copyfile(path(), tmp_path / "alone.db")
    with closing(sqlite3.connect(tmp_path / "alone.db")) as alone:
        try:
            (found,) = alone.execute(query).fetchone()
        except sqlite3.DatabaseError:
            return None
    return found


@ON_SQLITE
def test_a_look_copies_what_is_committed_while_somebody_writes(copier, tmp_path):
    count = "SELECT count(*) FROM fact WHERE key LIKE 'one%'"
    write(20, "one")
    assert in_the_file(tmp_path, count) == 0
    with transaction() as session:
        session.execute(text("INSERT INTO fact (key, value, at) VALUES ('mine', '', 0)"))
        copier.look()
    assert in_the_file(tmp_path, count) == 20
    assert in_the_file(tmp_path, "SELECT count(*) FROM fact WHERE key = 'mine'") == 0


@ON_SQLITE
def test_a_long_log_begins_anew_though_not_all_of_it_could_be_copied_at_first(copier, monkeypatch):
    """While somebody reads, nothing is copied of what was written since they began; in its turn there is nobody."""
    copy, log = copier._copy, path().with_name(path().name + "-wal")
    monkeypatch.setattr(of_sqlite, "LONG", 50)
    for number in range(10):
        write(60, f"round{number}-")
        reader = sqlite3.connect(path(), isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT 1 FROM fact").fetchone()
        write(5, f"more{number}-")

        def copy_and_let_go(reader=reader):
            pages = copy()
            reader.close()
            return pages

        monkeypatch.setattr(copier, "_copy", copy_and_let_go)
        copier.look()
    assert log.stat().st_size < 3 * 60 * PIECE


@ON_SQLITE
def test_what_the_inbox_stores_is_copied_by_itself(world, tmp_path, monkeypatch):
    monkeypatch.setattr(of_sqlite, "EVERY", 1)
    box = Inbox(world.app, world.app.extensions["gateway"], finish=lambda _: None)
    box.start()
    box.put(item_of(world))
    wait_until(lambda: in_the_file(tmp_path, "SELECT count(*) FROM incident") == 1)
    box.close()


@ON_SQLITE
def test_a_copy_that_fails_is_said_and_the_next_one_is_made(copier, tmp_path, caplog, monkeypatch):
    copier.start()
    with monkeypatch.context() as broken:
        broken.setattr(of_sqlite, "COPY", "SELECT something FROM nowhere")
        write(20, "first")
        copier.stored(of_sqlite.EVERY)
        wait_until(lambda: "checkpoint_failed" in caplog.text)
    copier.stored(of_sqlite.EVERY)
    wait_until(lambda: in_the_file(tmp_path, "SELECT count(*) FROM fact WHERE key LIKE 'first%'") == 20)


@ON_POSTGRES
def test_postgresql_has_no_such_thread(copier):
    copier.start()
    copier.stored(10 * of_sqlite.EVERY)
    assert not copier._thread.is_alive()
