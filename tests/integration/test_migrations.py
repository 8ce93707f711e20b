"""A database with something in it takes every change of its tables: nothing is lost, nothing refers to nothing."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import Engine, MetaData, event, func, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import Boolean, Integer, String

from gateway.app import alembic, create_app, migrate_database
from gateway.settings import load
from gateway.store.db import db, reading
from gateway.store.figures import rollup_readings
from gateway.store.figures.stats import Scope
from rules.reports import lanes
from tests.conftest import KEY, ROOT

FIRST = "0006"  # the form of the tables that others had first


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/old.db"
    cluster = request.getfixturevalue("cluster")
    return cluster.create(f"old_{tmp_path.name}"[:60].lower())


def a_row(table, known):
    """Something in each column; what refers to a row refers to the one that was made for its table."""
    row = {}
    for column in table.columns:
        if column.foreign_keys:
            (reference,) = list(column.foreign_keys)[:1]
            row[column.name] = known.get(reference.column.table.name, {}).get(reference.column.name)
        elif isinstance(column.type, Boolean):
            row[column.name] = True
        elif isinstance(column.type, Integer):
            row[column.name] = 7
        elif isinstance(column.type, String):
            row[column.name] = "{}"[: column.type.length]
        else:
            row[column.name] = b"{}"
    return row


def test_a_row_in_each_table_outlives_every_change(empty_url, tmp_path):
    app = create_app(load({"NABAT_DATABASE_URL": empty_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}))
    with app.app_context():
        alembic(app).upgrade(revision=FIRST)
        tables, known = MetaData(), {}
        with db.engine.execution_options(writes=True).begin() as connection:
            tables.reflect(connection)
            before = [table for table in tables.sorted_tables if table.name != "alembic_version"]
            for table in before:
                known[table.name] = a_row(table, known)
                connection.execute(table.insert().values(known[table.name]))
        counts = {table.name: db.session.scalar(select(func.count()).select_from(table)) for table in before}
        db.session.rollback()
        migrate_database(app)
        there = set(inspect(db.engine).get_table_names())
        for table in before:
            if table.name in there:
                now = db.session.scalar(select(func.count()).select_from(table))
                assert now >= counts[table.name], table.name
        db.session.remove()
        db.engine.dispose()


HIST = "INSERT INTO stat_hist VALUES (:day, 'infra', 0, 'ack', :bucket, :n)"
PERSON = "INSERT INTO stat_person VALUES (:day, 'infra', 5, :hour, 1, :night)"
NUMBERS = ", ".join(map(str, range(1, 17)))
MANY = 1200  # incidents, which are filled in three portions
OLD = {"kind": "alert", "status": "resolved", "title": "Disk full", "source_id": 0, "assignee_id": None, "ack_at": 9}


def old_incidents(connection):
    """As the version that knew nothing of reports has left them."""
    tables = MetaData()
    tables.reflect(connection, only=["incident"])
    incident = tables.tables["incident"]
    row = a_row(incident, {}) | OLD | {"route": '{"steps": [{"notify": ["team:infra"]}]}'}
    rows = [row | {"id": number, "uuid": str(number), "dedup_key": str(number)} for number in range(1, MANY + 1)]
    connection.execute(incident.insert(), rows)


def another_gets_in(url, statement):
    """Whether a second connection may write right now, without any waiting."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)) as link:
            link.execute("BEGIN IMMEDIATE")
            link.execute(statement)
            link.execute("COMMIT")
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as link:
            link.execute("SET lock_timeout = 1")
            link.execute(statement)
    return True


def test_p20_others_write_between_all_changes_and_a_fill_goes_on_where_it_was_killed(empty_url, tmp_path, request):
    plain = {"NABAT_DATABASE_URL": empty_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}
    app, served = create_app(load(plain)), []
    with app.app_context():
        alembic(app).upgrade(revision="0009")
        with db.engine.execution_options(writes=True).begin() as connection:
            old_incidents(connection)

        def serve(_connection):
            served.append(another_gets_in(empty_url, "UPDATE incident SET title = 'Disk full' WHERE id = 1"))

        request.addfinalizer(lambda: event.remove(Engine, "begin", serve))
        event.listen(Engine, "begin", serve)  # of all engines: called before ours asks SQLite for its lock
        alembic(app).upgrade(revision="0015")
        assert len(served) > len(range(9, 15))
        environment = {**os.environ, **plain, "CRASHPOINT": "portion filled:2"}
        command = [sys.executable, "-m", "gateway", "migrate"]
        died = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, timeout=60)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert filled() == (500, "500"), "the first portion is kept, the second is not"
        served.clear()
        migrate_database(app)
        assert len(served) >= 3, "two portions, and the end"
        assert filled() == (MANY, None)
        db.session.remove()
        db.engine.dispose()


def filled():
    """How many are, and what is noted about the rest."""
    db.session.rollback()
    is_filled = "alert_name = 'Disk full' AND team = 'infra' AND first_ack_at = 9"
    count = db.session.execute(text(f"SELECT count(*) FROM incident WHERE {is_filled}")).scalar_one()
    noted = db.session.execute(text("SELECT value FROM fact WHERE key = 'fill:incident'")).scalar()
    db.session.rollback()
    return count, noted


def test_sums_of_reports_are_kept_in_fewer_rows(empty_url, tmp_path):
    app = create_app(load({"NABAT_DATABASE_URL": empty_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}))
    with app.app_context():
        alembic(app).upgrade(revision="0021")
        with db.engine.execution_options(writes=True).begin() as connection:
            for day in range(20700, 20706):
                hist = [(-1, 61_000), (20, 2), (70, 1)]
                for bucket, count in hist:
                    connection.execute(text(HIST), {"day": day, "bucket": bucket, "n": count})
                for hour, night in ((3, day - 1), (12, None)):
                    connection.execute(text(PERSON), {"day": day, "hour": hour, "night": night})
            connection.execute(text(f"INSERT INTO stat_alert VALUES (20701, 'infra', 0, 'DbDown', 'db', {NUMBERS})"))
        migrate_database(app)
        with reading() as session:
            found = rollup_readings.tally(session, Scope(date(2026, 9, 4), date(2026, 9, 10), ZoneInfo("UTC")))
            rows = rollup_readings.alert_rows(session, Scope(date(2026, 9, 4), date(2026, 9, 10), ZoneInfo("UTC")))
        sample, hours = found.samples[0, "", 0, "ack"], found.loads[0, "", 5]
        assert (sample.total, sample.spread().n, lanes.unpacked(sample.buckets)[20::50]) == (366.0, 18, (12, 6))
        assert (lanes.unpacked(hours.pages)[3::9], hours.nights) == ((6, 6), set(range(20699, 20705)))
        assert rows == [("", 0, "DbDown", "db", *range(1, 17))]
        assert db.session.scalar(text("SELECT count(*) FROM fact WHERE key LIKE 'fill:%'")) == 0
        db.session.remove()
        db.engine.dispose()


def test_p20_an_index_of_a_filled_table_is_made_beside_writers_and_again_after_a_death(
    cluster, tmp_path, monkeypatch, caplog
):
    """Nobody waits for it, unless somebody's old transaction takes too long."""
    url = cluster.create(f"indexed_{tmp_path.name}"[:60].lower())
    app = create_app(load({"NABAT_DATABASE_URL": url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}))
    with app.app_context(), psycopg.connect(url.replace("+psycopg", "")) as reader:
        alembic(app).upgrade(revision="0012")
        with db.engine.execution_options(writes=True).begin() as connection:
            old_incidents(connection)
            connection.execute(text("CREATE INDEX incident_ticket ON incident (id)"))
            connection.execute(
                text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'incident_ticket'::regclass")
            )  # as a death leaves it
        alembic(app).upgrade(revision="0013")
        assert index_of("incident_ticket") == (True, "(status, id) WHERE ((kind)::text = 'ticket'::text)")
        alembic(app).downgrade(revision="0012")
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM incident")  # and goes on
        monkeypatch.setattr("gateway.store.schema.indexes.PATIENCE", 50)
        monkeypatch.setattr("gateway.app.PAUSE", 0.0)
        monkeypatch.setattr("gateway.app.log.warning", lambda *_, **__: reader.rollback())  # it waits in turns
        migrate_database(app)
        assert index_of("incident_ticket")[0]
        monkeypatch.undo()
        db.session.remove()
        db.engine.dispose()


def index_of(name):
    """Whether it is whole, and of what it is."""
    sql = "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = to_regclass(:name)"
    valid, told = db.session.execute(text(sql), {"name": name}).one()
    db.session.rollback()
    return valid, told.partition(" btree ")[2]


def test_fewer_indexes_can_be_taken_back_and_made_again(empty_url, tmp_path):
    app = create_app(load({"NABAT_DATABASE_URL": empty_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}))
    with app.app_context():
        alembic(app).upgrade(revision="0037")
        for _ in range(2):
            alembic(app).downgrade(revision="0036")
            alembic(app).upgrade(revision="0037")
        names = {one["name"] for one in inspect(db.engine).get_indexes("delivery")}
        assert {"delivery_once", "delivery_digest", "delivery_roll_up"} <= names
        db.engine.dispose()


def test_a_service_that_stands_on_the_status_page_twice_stays_once(empty_url, tmp_path):
    """Administrators who put it there at the same moment: what notices said of the second, they say of the first."""
    app = create_app(load({"NABAT_DATABASE_URL": empty_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}))
    part = "INSERT INTO component (id, service, names, place, created_at, removed_at) VALUES (:i, :s, :n, 1, 5, :gone)"
    told = (
        "INSERT INTO notice_update VALUES (:i, 1, 6, 'identified', '{}', :states, NULL, 'Irina', 'i@x.example', NULL)"
    )
    rows = [(1, "mail", '{"en":"Mail"}', None), (2, "pay", "{}", None), (3, "mail", '{"en":"Post","ru":"Почта"}', None),
            (4, "pay", "{}", 5), (5, "mail", "{}", None)]  # fmt: skip
    said = ['{"3":"down"}', '{"1":"slow","3":"working","2":"slow"}', '{"5":"slow","3":"maintenance"}', '{"4":"down"}']
    with app.app_context():
        alembic(app).upgrade(revision="0044")
        with db.engine.execution_options(writes=True).begin() as link:
            link.execute(text("INSERT INTO fact (key, value, at) VALUES ('status page version', 'a', 0)"))
            link.execute(text("INSERT INTO notice VALUES (1, 'u', 'trouble', '{}', 5, NULL, NULL, 5, NULL)"))
            for number, service, names, gone in rows:
                link.execute(text(part), {"i": number, "s": service, "n": names, "gone": gone})
            for number, states in enumerate(said):
                link.execute(text(told), {"i": number, "states": states})
        alembic(app).upgrade(revision="0045")
        shown = "SELECT id, names FROM component WHERE removed_at IS NULL ORDER BY id"
        assert read(shown) == [(1, '{"en": "Mail", "ru": "Почта"}'), (2, "{}")]
        now = [json.loads(states) for (states,) in read("SELECT states FROM notice_update ORDER BY id")]
        assert now == [{"1": "down"}, {"1": "slow", "2": "slow"}, {"1": "slow"}, {"4": "down"}]
        assert read("SELECT value FROM fact WHERE key = 'status page version'") == [("a+",)]
        with pytest.raises(IntegrityError), db.engine.execution_options(writes=True).begin() as link:
            link.execute(text(part), {"i": 6, "s": "mail", "n": "{}", "gone": None})
        db.engine.dispose()


def read(sql):
    found = [tuple(row) for row in db.session.execute(text(sql))]
    db.session.rollback()
    return found
