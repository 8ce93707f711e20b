"""A database with something in it takes every change of its tables: nothing is lost, nothing refers to nothing."""

import pytest
from flask_migrate import upgrade
from sqlalchemy import MetaData, func, inspect, select
from sqlalchemy.types import Boolean, Integer, String

from gateway.app import MIGRATIONS, create_app, migrate_database
from gateway.settings import load
from gateway.store.db import db
from tests.conftest import KEY

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
        upgrade(directory=str(MIGRATIONS), revision=FIRST)
        tables, known = MetaData(), {}
        with db.engine.begin() as connection:
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
