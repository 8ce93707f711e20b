"""Both databases, a clock we turn ourselves, and the app on them."""

import os
from pathlib import Path

import pytest
from tests.clock import HandClock
from tests.databases import Cluster, binaries, missing

from gateway.app import create_app
from gateway.settings import load
from gateway.store.db import db
from gateway.store.tables import Base

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("TEST_SHARED", ROOT / "../shared")).resolve()
KEY = "a-key-for-the-tests-only-0123456789abcdef"


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture(scope="session")
def cluster():
    if binaries() is None:
        missing("no PostgreSQL server on this machine")
    made = Cluster()
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres_url(cluster):
    """One database for the whole run: making one takes half a second, emptying it takes milliseconds."""
    return cluster.create("tests")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def settings_of(tmp_path, database_url):
    """Makes settings for this test's database; more as keyword arguments: settings_of(NABAT_SMTP_URL=…)."""

    def make(**more):
        plain = {"NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}
        return load({**plain, "NABAT_TIMEZONE": "Europe/Moscow", **more})

    return make


@pytest.fixture
def app_of(settings_of, clock):
    """Makes an app on this test's database, empty; its context stays open until the end of the test."""
    opened = []

    def make(**more):
        app = create_app(settings_of(**more), clock)
        context = app.app_context()
        context.push()
        db.create_all()
        opened.append(context)
        return app

    yield make
    for context in reversed(opened):
        db.session.rollback()
        db.session.remove()
        with db.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        db.engine.dispose()
        context.pop()


@pytest.fixture
def app(app_of):
    return app_of()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def shared():
    """Other people's payloads and hostile inputs, read in place."""
    if not SHARED.is_dir():
        missing(f"no shared test data (TEST_SHARED) at {SHARED}")
    return SHARED
