"""Demo data: believable, the same every time, whole as what really happened would be, and harmless. O1, G1."""

import hashlib
import shutil
from collections import Counter
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from gateway.app import create_app, migrate_database
from gateway.demo.cast import address
from gateway.demo.fill import BOOK, Filled, RealData, fill
from gateway.demo.mark import is_invented
from gateway.flows import deliver
from gateway.settings import load
from gateway.start.commands import cli
from gateway.start.demo import rule_book
from gateway.store.db import db, reading, transaction
from gateway.store.directory import people as people_store
from gateway.store.tables import Base
from gateway.store.types import micros
from gateway.store.upkeep import ledger
from rules.words import Role
from tests.browsing import PASSWORD, Browser, everybody_has_a_password
from tests.clock import HandClock
from tests.conftest import KEY
from tests.once import file_of_this_run
from tests.processes import free_port
from tests.world import World

FEW = 3  # days: enough to compare two databases
SAME = {  # what has to be equal, whatever the database; not the made-up identities and what is sealed
    "incident": "title, status, urgency, rule, level, next_at, opened_at, ack_at, ack_by, resolved_at, resolved_by, "
    "alert_count, local_hour, night, snoozed_until",
    "alert": "fingerprint, firing, seen, first_seen_at, last_seen_at",
    "delivery": "who, channel, kind, level, part, status, attempts, created_at, finished_at, "
    "latency_ms, local_mow, is_page",
    "entry": "(SELECT title FROM incident WHERE incident.id = incident_id), at, kind, actor",
    "person": "email, name, role, timezone",
}


@pytest.fixture(scope="module")
def filled(sqlite_file, tmp_path_factory):
    """A SQLite file with all 30 days, filled once."""

    def make(place):
        whole = shutil.copyfile(sqlite_file, tmp_path_factory.mktemp("demo") / "demo.db")
        _run_on(whole, lambda app: fill(app.extensions["gateway"], HandClock().now()))
        whole.rename(place)

    return file_of_this_run(tmp_path_factory, "demo.db", make)


@pytest.fixture(scope="module")
def short(sqlite_file, tmp_path_factory):
    """What a few days come to, on SQLite."""
    place = tmp_path_factory.mktemp("short") / "short.db"
    shutil.copyfile(sqlite_file, place)

    def run(app):
        fill(app.extensions["gateway"], HandClock().now(), days=FEW)
        return rows_of(SAME)

    return _run_on(place, run)


def _run_on(place, work, clock=None, **more):
    plain = {"NABAT_DATABASE_URL": f"sqlite:///{place}", "NABAT_DATA_DIR": str(place.parent), "NABAT_SECRET_KEY": KEY}
    app = create_app(load({**plain, "NABAT_RULES": str(BOOK), **more}), clock or HandClock())
    migrate_database(app)
    with app.app_context():
        try:
            return work(app)
        finally:
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def demo(filled, tmp_path):
    """Runs something on an app whose database is a copy of the filled one."""
    shutil.copyfile(filled, tmp_path / "copy.db")
    return lambda work, **more: _run_on(tmp_path / "copy.db", work, **more)


def ask(sql):
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(text(sql))]


def one(sql):
    return ask(sql)[0][0]


def rows_of(tables):
    return {name: [tuple(map(_plain, row)) for row in ask(f"SELECT {columns} FROM {name} ORDER BY {columns}")]
            for name, columns in tables.items()}  # fmt: skip


def _plain(value):
    return int(value) if isinstance(value, bool) else value


def everything():
    """A digest of each table."""
    return {
        table.name: hashlib.sha256(repr(sorted(map(repr, ask(f"SELECT * FROM {table.name}")))).encode()).hexdigest()
        for table in Base.metadata.sorted_tables
    }


def test_it_is_the_same_every_time_on_both_databases(app, short):
    assert fill(app.extensions["gateway"], HandClock().now(), days=FEW) is Filled.NOW
    found = rows_of(SAME)
    for name, rows in found.items():
        assert Counter(rows) == Counter(short[name]), name


def test_it_is_as_much_as_was_promised(demo):
    def look(_app):
        assert 400 <= one("SELECT count(*) FROM incident") <= 800
        assert one("SELECT sum(alert_count) FROM incident") >= 3000
        assert one("SELECT count(*) FROM person") == 10
        assert [one(f"SELECT count(*) FROM {table}") for table in ("team", "schedule")] == [3, 3]
        keys = "SELECT source.name, count(*) FROM token JOIN source ON source.id = source_id GROUP BY 1"
        assert dict(ask(keys)) == {"am-moscow": 2, "am-kazan": 1, "service-desk": 1}
        open_ones = ask("SELECT urgency, status, snoozed_until IS NOT NULL FROM incident WHERE status <> 'resolved'")
        assert 8 <= len(open_ones) <= 14
        assert {row[0] for row in open_ones} == {0, 1, 2, 3}
        assert {(row[1], bool(row[2])) for row in open_ones} == {
            ("triggered", False), ("triggered", True), ("acknowledged", False),
        }  # fmt: skip
        first, last = ask("SELECT min(opened_at), max(opened_at) FROM incident")[0]
        assert micros(HandClock().now() - timedelta(days=30)) <= first < last < micros(HandClock().now())

    demo(look)


@pytest.mark.parametrize(
    ("what", "least", "most"),
    [
        ("SELECT count(*) FROM incident WHERE night", 20, 150),
        ("SELECT count(*) FROM incident WHERE local_hour >= 120", 40, 250),  # Saturday and Sunday
        ("SELECT count(*) FROM incident WHERE resolve_kind <> 'person' AND resolved_at - opened_at < 3e8", 80, 400),
        ("SELECT count(*) FROM (SELECT title FROM incident GROUP BY title HAVING count(*) > 20) AS noisy", 2, 20),
        ("SELECT count(*) FROM incident WHERE ack_at > ack_due_at", 10, 120),
        ("SELECT count(*) FROM incident WHERE ack_at IS NULL AND resolved_at > ack_due_at", 10, 200),
        ("SELECT count(*) FROM incident WHERE level >= 2", 40, 300),
        ("SELECT count(*) FROM incident WHERE level >= 3", 5, 80),
        ("SELECT count(*) FROM delivery WHERE status = 'failed'", 4, 60),
        ("SELECT count(*) FROM delivery WHERE status = 'delivered'", 80, 600),
        ("SELECT count(*) FROM delivery WHERE part = 'fallback' AND status IN ('sent', 'delivered')", 4, 80),
        ("SELECT count(*) FROM entry WHERE kind = 'snoozed'", 4, 60),
        ("SELECT count(*) FROM incident WHERE assignee_id IS NOT NULL", 15, 150),
        ("SELECT count(*) FROM entry WHERE kind = 'note'", 30, 200),
        ("SELECT count(*) FROM entry WHERE kind = 'acknowledged' AND detail LIKE '%\"pagerduty\"%'", 10, 60),
        ("SELECT count(*) FROM incident WHERE kind = 'ticket' AND ticket LIKE '%@client.%'", 80, 200),
        ("SELECT count(DISTINCT local_night) FROM delivery WHERE is_page AND local_mow % 1440 < 420", 5, 31),
        ("SELECT count(*) FROM entry WHERE kind = 'raised'", 1, 30),
        ("SELECT count(*) FROM audit", 100, 2000),
        ("SELECT count(*) FROM verdict", 40, 200),
        ("SELECT count(*) FROM verdict WHERE call_right", 5, 60),
        ("SELECT count(*) FROM verdict WHERE NOT call_right", 1, 40),
        ("SELECT count(*) FROM entry WHERE kind = 'fixed'", 20, 120),
        ("SELECT count(*) FROM entry WHERE kind = 'flapping'", 2, 40),
        ("SELECT count(*) FROM incident WHERE status <> 'resolved' AND phase = 'flapping'", 1, 1),
        ("SELECT count(*) FROM incident WHERE status <> 'resolved' AND phase = 'held'", 1, 1),
        ("SELECT count(*) FROM incident WHERE resolve_kind = 'merged'", 1, 1),
        ("SELECT count(*) FROM incident WHERE suppressed_by <> ''", 1, 3),
        ("SELECT max(nights) FROM (SELECT count(DISTINCT local_night) AS nights FROM delivery WHERE is_page AND "
         "status IN ('sent', 'delivered') AND local_mow % 1440 < 420 GROUP BY who) AS woken", 3, 6),
    ],
)  # fmt: skip
def test_reports_have_something_to_show(demo, what, least, most):
    assert least <= demo(lambda _: one(what)) <= most


def test_it_is_whole_as_what_really_happened_would_be(demo):
    def look(_app):
        assert one("SELECT count(*) FROM incident WHERE status = 'resolved' AND resolved_at IS NULL") == 0
        assert one("SELECT count(*) FROM alert a JOIN incident i ON i.id = a.incident_id "
                   "WHERE a.firing AND a.latest AND i.status = 'resolved'") == 0  # fmt: skip
        lines = ask("SELECT incident_id, kind, count(*) FROM entry GROUP BY 1, 2")
        told = {(row[0], row[1]): row[2] for row in lines}
        sent = dict(ask("SELECT incident_id, count(*) FROM delivery WHERE finished_at IS NOT NULL "
                        "AND provider_ref <> '' GROUP BY 1"))  # fmt: skip
        for number, status, acknowledged in ask("SELECT id, status, ack_at FROM incident"):
            assert any((number, kind) in told for kind in ("opened", "held", "suppressed"))
            ended = told.get((number, "resolved"), 0) + told.get((number, "merged"), 0)
            assert ended - told.get((number, "reopened"), 0) == (status == "resolved")
            assert told.get((number, "acknowledged"), 0) == (acknowledged is not None)
            assert told.get((number, "sent"), 0) == sent.get(number, 0)
        begins = "('opened', 'held', 'suppressed')"
        earlier = f"SELECT 1 FROM entry o WHERE o.incident_id = e.incident_id AND o.kind IN {begins} AND o.at <= e.at"
        first = f"SELECT count(*) FROM entry e WHERE kind NOT IN {begins} AND NOT EXISTS ({earlier})"
        assert one(first) == 0
        with reading() as session:
            assert ledger.read(session).balanced

    demo(look)


def test_nothing_of_it_ever_leaves(demo, providers):
    """Not what is in it, and not what the worker does about it afterwards, with every key set."""
    keys = {
        "NABAT_PAGERDUTY_EVENTS_URL": providers.pagerduty.url, "NABAT_SMTP_URL": providers.mail.url(),
        "NABAT_MAIL_FROM": "nabat@example.org", "NABAT_TWILIO_URL": providers.twilio.url,
        "NABAT_TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000", "NABAT_TWILIO_AUTH_TOKEN": "token",
        "NABAT_TWILIO_FROM": "+15005550006", "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
    }  # fmt: skip
    clock = HandClock()

    def look(app):
        assert one("SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending')") == 0
        assert all(is_invented(row[0]) for row in ask("SELECT DISTINCT who FROM delivery"))
        before, world = one("SELECT count(*) FROM delivery"), World(app, clock)
        for _ in range(10):
            world.passes(minutes=10)
            deliver.work_off(world.sender, clock.now(), patience=60)
        fresh = world.deliveries()[before:]
        assert len(fresh) > 10
        assert {row.channel for row in fresh} == {"pagerduty", "sms", "email", "ntfy"}
        assert {row.status for row in fresh} <= {"logged", "cancelled"}
        assert any("demo data" in row.provider_ref for row in fresh)
        later = f"SELECT count(*) FROM entry WHERE kind = 'fallback' AND at > {micros(HandClock().now())}"
        assert one(later) == 0, "its ladder keeps its pace"

    demo(look, clock=clock, **keys)
    assert providers.mail.commands == []
    assert [fake.requests for fake in (providers.pagerduty, providers.twilio, providers.ntfy)] == [[], [], []]


def test_somebody_real_is_told_all_the_same():
    assert not is_invented("anna@example.org")
    assert not is_invented("anna@notnabat-demo.example")
    assert is_invented(address("anna"))
    assert is_invented("Nikitin@client.nabat-demo.example")


def test_every_page_can_show_it(demo):
    def look(app):
        with transaction() as session:
            people_store.create_user(session, "ada@example.org", "Ada", Role.ADMIN, None, HandClock().now())
        everybody_has_a_password()
        browser = Browser(app)
        browser.sign_in("ada@example.org", PASSWORD)
        numbers = [row[0] for row in ask("SELECT id FROM incident WHERE status <> 'resolved' OR id % 40 = 0")]
        lists = [f"/incidents?status={name}" for name in ("unresolved", "open", "ack", "snoozed", "resolved", "all")]
        paths = ["/overview", *lists, "/deliveries", "/deliveries?status=failed", "/sources", "/me"]
        for path in [*paths, *(f"/incidents/{number}" for number in numbers)]:
            answer = browser.get(path)
            assert answer.status_code == 200, path
            assert "Demo data." in answer.text, path
            assert "nobody in it is ever called" in answer.text, path

    demo(look)


def test_its_people_cannot_sign_in(demo):
    def look(app):
        assert one("SELECT count(*) FROM person WHERE password_hash IS NOT NULL") == 0
        browser = Browser(app)
        for guess in ("", "demo", "password"):
            assert browser.sign_in(address("irina"), guess).status_code in (401, 403, 422, 429)

    demo(look)


def test_a_second_time_changes_nothing(demo):
    def look(app):
        before = everything()
        again = fill(app.extensions["gateway"], HandClock().now() + timedelta(days=3))
        assert again is Filled.BEFORE
        assert everything() == before

    demo(look)


def test_a_database_without_it_says_nothing_of_it(world):
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in()
    assert "Demo data" not in browser.get("/incidents").text


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (lambda world: world.people("people: [{email: eve@example.org, name: Eve}]"), "people: 1"),
        (lambda world: world.token(), "sources: 1"),
        (lambda world: world.alert(), "sources: 1, incidents: 1"),
    ],
)
def test_real_data_are_left_alone(world_of, there, said):
    world = world_of(people="")
    there(world)
    before = everything()
    with pytest.raises(RealData, match=said):
        fill(world.app.extensions["gateway"], world.clock.now())
    assert everything() == before


def test_the_command_says_what_to_do_instead(app_of, database_url, tmp_path):
    World(app_of(), HandClock()).people("people: [{email: eve@example.org, name: Eve}]")
    environment = {"NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}
    done = CliRunner(env=environment).invoke(cli, ["up", "--demo", "--port", str(free_port())])
    assert done.exit_code == 1
    assert "--demo fills an empty database only: the database is not empty (people: 1)." in done.stderr
    assert "NABAT_DATA_DIR=demo-data ./nabat up --demo" in done.stderr


def test_the_people_of_its_rule_book_exist(demo):
    mentioned = {word.strip('"],') for word in (BOOK / "book.yaml").read_text().split() if "nabat-demo.example" in word}
    people = demo(lambda _: {row[0] for row in ask("SELECT email FROM person")})
    assert {word.partition("person:")[2].strip('",]}') for word in mentioned} <= people


def test_it_takes_its_own_rule_book_unless_another_was_chosen(tmp_path):
    def taken(**more):
        return rule_book(load({"NABAT_DATA_DIR": str(tmp_path), **more}))

    assert taken(NABAT_RULES=str(BOOK.parent / "book")) == BOOK  # so ./nabat sets it where nobody has
    assert taken(NABAT_RULES=str(tmp_path)) == tmp_path
