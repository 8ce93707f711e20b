"""Both databases, a clock we turn ourselves, and the app on them."""

import gc
import os
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings as drawing

from gateway.app import create_app, migrate_database
from gateway.settings import load
from gateway.start.web import GARBAGE
from gateway.store.db import db
from gateway.store.tables import Base
from tests import once
from tests.browsing import Browser, everybody_has_a_password
from tests.clock import HandClock
from tests.databases import EMPTY, Cluster, binaries, missing
from tests.fakes.ntfy import FakeNtfy
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes import durable_cluster
from tests.samples import BOOK, PEOPLE
from tests.world import World

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("TEST_SHARED", ROOT / "../shared")).resolve()
EVERYBODY = PEOPLE.replace("NTFY", "https://ntfy.example")
KEY = "a-key-for-the-tests-only-0123456789abcdef"


BESIDE = (
    "acts-",
    "reports-",
    "reconcile-",
    "views-",
    "desks-",
    "herald",
    "sounding",
    "calendars",
)  # of a worker: threads
WIDE = {  # many cases of one kind each, or much waiting, or pages that are not on an alert's way
    "test_asvs", "test_auditor", "test_commands", "test_counting_a_day", "test_dashboard", "test_dashboard_actions",
    "test_demo", "test_doctor", "test_email", "test_every_page", "test_every_write", "test_first_run", "test_health",
    "test_incident_changes", "test_incident_list", "test_incident_page", "test_list_files", "test_lost_zones",
    "test_machine_api", "test_machine_rooms", "test_mentions", "test_migrations", "test_odd_places",
    "test_on_disk_first", "test_oncall", "test_order_and_races", "test_outbound", "test_own_tokens",
    "test_pagerduty_answers", "test_personal_rules", "test_pocket_page", "test_push", "test_reach",
    "test_reconcile_alertmanager", "test_reconcile_pagerduty", "test_reports", "test_roles", "test_samples",
    "test_schemathesis", "test_sendgrid", "test_sendgrid_receipts", "test_services_api", "test_sign_in",
    "test_signed_tickets", "test_snooze_and_assign", "test_storm_caps", "test_ticket_filter", "test_translations",
    "test_twilio_receipts", "test_undo", "test_undo_merge", "test_voice_gate", "test_watched_views", "test_webpush",
    "test_writeback",
}  # fmt: skip


def pytest_configure():
    """The same every time, and no work twice.

    Files of the tests go to memory where there is such a place: a commit need not wait for a disk to be tested.
    """
    gc.disable()  # until all tests are collected
    drawing.register_profile("here", derandomize=True, deadline=None, database=None)
    drawing.load_profile("here")
    once.keep_what_is_compiled()
    if os.access("/dev/shm", os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Of the whole one more than there are processors: many tests wait for other processes, for browsers, for time."""
    return len(os.sched_getaffinity(0)) + (not config.option.markexpr)


def is_wide(path):
    """Whether all tests of this file are of the slow half."""
    folder, name = path.parent.name, path.stem
    return folder in ("browser", "e2e") or (folder != "unit" and (name in WIDE or name.endswith("_pages")))


def pytest_ignore_collect(collection_path, config):
    """What the quick half has nothing of need not be read for it: that would be most of its first seconds."""
    quick = config.option.markexpr == "not slow" and collection_path.name.startswith("test_")
    return True if quick and is_wide(collection_path) else None


def pytest_collection_modifyitems(config, items):
    """The quick half (-m "not slow") is an alert's way, on SQLite, within a minute; the rest comes with the whole.

    What is marked `gameday` takes minutes each: it runs only where -m names it.
    """
    if "gameday" not in (config.option.markexpr or ""):
        left_out = [item for item in items if item.get_closest_marker("gameday")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("gameday")]
    for item in items:
        variant = item.callspec.params if hasattr(item, "callspec") else {}
        if "postgresql" in variant.values() or is_wide(item.path):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """What is loaded by now stays: to look it over for garbage again and again was a seventh of all."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()


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
def durable(tmp_path_factory):
    """A PostgreSQL that keeps its promises, with a migrated database to copy. A test may kill it and start it again."""
    if binaries() is None:
        missing("no PostgreSQL server on this machine")
    made = durable_cluster()
    migrated(made.create(EMPTY), tmp_path_factory.mktemp("durable"))
    yield made
    made.close()


def migrated(url, folder):
    """The database, brought to its present form by the migrations themselves."""
    settings = load({"NABAT_DATABASE_URL": url, "NABAT_DATA_DIR": str(folder), "NABAT_SECRET_KEY": KEY})
    app = create_app(settings, HandClock())
    migrate_database(app)
    with app.app_context():
        once.learn(db.engine)
        db.engine.dispose()
    return url


@pytest.fixture(scope="session")
def postgres_url(cluster, tmp_path_factory):
    """One database for the whole run: making one takes half a second, emptying it takes milliseconds."""
    return migrated(cluster.create("tests"), tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory):
    """A migrated file to copy: quicker than migrating anew for each test."""
    folder = tmp_path_factory.mktemp("sqlite")
    file = once.file_of_this_run(tmp_path_factory, "empty.db", lambda half: migrated(f"sqlite:///{half}", folder))
    if "sqlite" not in once.LEARNT:  # another process has migrated it
        shutil.copyfile(file, folder / "empty.db")
        migrated(f"sqlite:///{folder}/empty.db", folder)
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_file"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path}/test.db"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def settings_of(tmp_path, database_url):
    """Makes settings for this test's database; more as keyword arguments: settings_of(NABAT_SMTP_URL=…)."""

    def make(**more):
        plain = {"NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}
        plain["NABAT_MIN_FREE_MB"] = "0"  # files of tests may lie where there is little room
        return load({**plain, "NABAT_TIMEZONE": "Europe/Moscow", **more})

    return make


# In one round trip. Numbers begin anew, so that no test depends on those before it.
EMPTIED = ";".join(
    [
        f"DELETE FROM {one.name}{' WHERE id <> 0' * (one.name == 'source')}"
        for one in reversed(Base.metadata.sorted_tables)
    ]
    + ["SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"]
)


@pytest.fixture
def app_of(request, database_url, settings_of, clock):
    """Makes an app on this test's database, empty; its context stays open until the end of the test."""
    opened = []
    cluster = request.getfixturevalue("cluster") if database_url.startswith("postgresql") else None

    def make(**more):
        app = create_app(settings_of(**more), clock)
        context = app.app_context()
        context.push()
        opened.append(context)
        once.teach(db.engine)
        return app

    yield make
    for thread in threading.enumerate():  # a worker's long jobs hold connections of their own until they are done
        if thread.name.startswith(BESIDE):
            thread.join(10)
    for context in reversed(opened):
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()
        context.pop()
    if cluster and opened:  # a SQLite file goes with its folder
        cluster.link(database_url).execute(EMPTIED)


@pytest.fixture
def app(app_of):
    return app_of()


@pytest.fixture
def world_of(app_of, clock, tmp_path):
    """A world with people and a rule book: world_of(book=…, NABAT_SMTP_URL=…)."""

    def make(book=BOOK, people=EVERYBODY, **more):
        folder = tmp_path / "book"
        folder.mkdir(exist_ok=True)
        (folder / "book.yaml").write_text(book)
        made = World(app_of(NABAT_RULES=str(folder), **more), clock)
        if people:
            once.import_people(made, people)
        return made

    return make


@pytest.fixture
def anna(world):
    """A responder who has signed in."""
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("anna@example.org")
    return browser


@pytest.fixture
def providers():
    """PagerDuty, mail, ntfy and Twilio on loopback."""
    with FakePagerDuty() as pagerduty, FakeSmtp() as mail, FakeNtfy() as ntfy, FakeTwilio() as twilio:
        yield SimpleNamespace(pagerduty=pagerduty, mail=mail, ntfy=ntfy, twilio=twilio)


@pytest.fixture
def staffed_of(world_of, providers):
    """A world whose channels all have a provider, with another rule book: staffed_of(book)."""

    def make(book=BOOK, people=PEOPLE, **more):
        settings = {
            "NABAT_PAGERDUTY_EVENTS_URL": providers.pagerduty.url,
            "NABAT_SMTP_URL": providers.mail.url(),
            "NABAT_MAIL_FROM": "nabat@example.org",
            "NABAT_TWILIO_URL": providers.twilio.url,
            "NABAT_TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
            "NABAT_TWILIO_AUTH_TOKEN": "token",
            "NABAT_TWILIO_FROM": "+15005550006",
            "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "NABAT_PUBLIC_URL": "https://nabat.example.org",
        }
        return world_of(book, people.replace("NTFY", providers.ntfy.url), **settings | more)

    return make


@pytest.fixture
def staffed(staffed_of):
    """A world whose channels all have a provider."""
    return staffed_of()


@pytest.fixture
def world(world_of):
    return world_of()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def shared():
    """Other people's payloads and hostile inputs, read in place."""
    if not SHARED.is_dir():
        missing(f"no shared test data (TEST_SHARED) at {SHARED}")
    return SHARED
