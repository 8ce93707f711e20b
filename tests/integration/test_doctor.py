"""./nabat doctor: all is well, or what is not; on the terminal and as JSON; it makes and changes nothing."""

import json
import os
import re
import sqlite3
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from gateway.clock import SystemClock
from gateway.start.commands import cli
from gateway.store import db as store
from gateway.store.db import transaction
from gateway.store.schema import revisions
from gateway.store.upkeep import pulse, selfwatch
from rules.reports.selfwatch import Finding, What
from tests.conftest import KEY
from tests.processes import KEY as SAME_KEY
from tests.samples import BOOK, alert, group

assert KEY == SAME_KEY


@pytest.fixture
def world(world_of, clock):
    clock.set(SystemClock().now())  # the command reads the real one
    return world_of()


@pytest.fixture
def nabat(world, database_url, tmp_path):
    """Runs the doctor on this test's database: exit code, and what it said part by part, or as it said it."""
    environment = {
        "NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY,
        "NABAT_RULES": str(tmp_path / "book"), "NABAT_MIN_FREE_MB": "0",
    }  # fmt: skip

    def run(*, plain=False, **more):
        done = CliRunner(env=environment | more).invoke(cli, ["doctor"] if plain else ["doctor", "--json"])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        if plain:
            return done.exit_code, done.stdout
        said = json.loads(done.stdout)
        assert said["well"] == (done.exit_code == 0)
        return done.exit_code, said

    return run


def about(said, name):
    return [(one["state"], one["words"]) for one in said["checks"] if one["name"] == name]


def problems(said):
    return {one["name"]: one["words"] for one in said["checks"] if one["state"] == "problem"}


def lives(world):
    with transaction() as session:
        pulse.say_alive(session, "w1", world.clock.now())


def test_all_is_well_while_it_runs(nabat, world, database_url):
    lives(world)
    world.alert()
    world.delivers()
    world.post(group(alert(), {"labels": "none"}))
    code, said = nabat()
    assert (code, problems(said)) == (0, {})
    assert said["ledger"] == {"received": 3, "handled": 2, "held": 0, "quarantined": 1, "balanced": True}
    assert about(said, "ledger") == [("ok", "ledger balanced: 3 received = 2 handled + 0 held + 1 quarantined")]
    assert about(said, "work") == [("ok", "a worker was seen, nothing is late")]
    assert about(said, "secret key") == [("ok", "it opens all 3 secrets that were tried")]
    kind = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    assert about(said, "database")[0][1].startswith(kind)
    code, words = nabat(plain=True)
    assert code == 0
    assert "ledger balanced" in words
    assert words.endswith("all is well\n")


def test_a_time_zone_that_is_none_here_is_a_problem(nabat, world):
    lives(world)
    assert about(nabat()[1], "time zones") == [("ok", "all that are named are known")]
    with transaction() as session:
        session.execute(text("UPDATE schedule SET timezone = 'Mars/Olympus'"))
    code, said = nabat()
    words = "infra: the time zone Mars/Olympus is not known here, UTC is taken"
    assert (code, problems(said)) == (1, {"time zones": words})


def test_stopped_with_nothing_to_do_is_well_and_with_something_to_do_is_not(nabat, world):
    code, said = nabat()
    assert code == 0
    assert about(said, "work") == [("note", "no worker was seen within 30 s, and nothing waits for one")]
    world.clock.advance(seconds=-120)
    world.alert(severity="warning")
    code, said = nabat()
    assert code == 1
    assert re.fullmatch(r"messages wait: the oldest has been due for 1\d\d s", about(said, "work")[0][1])
    assert about(said, "work")[-1] == ("problem", "no worker was ever seen: nothing is sent")


def test_an_auditor_beside_no_worker_is_not_well_and_what_it_found_is_told(nabat, world):
    with transaction() as session:
        selfwatch.keep(session, [Finding(What.MISSING, 2)], world.clock.now())
    code, said = nabat()
    assert code == 1
    assert about(said, "work") == [("problem", "no worker was ever seen: nothing is sent")]
    assert about(said, "auditor") == [("problem", "it found: emergencies whose notification was missing: 2")]
    with transaction() as session:
        selfwatch.keep(session, [], world.clock.now() - timedelta(minutes=2))
    code, said = nabat()
    assert code == 0
    assert about(said, "auditor")[0][0] == "note"


def test_a_ledger_that_differs_is_told_with_its_sums(nabat, world):
    lives(world)
    world.alert()
    world.delivers()
    world.alert(name="Lost", fingerprint="lost")
    world.delivers()
    with transaction() as session:
        session.execute(text("DELETE FROM alert WHERE fingerprint = 'lost'"))
    code, said = nabat()
    assert code == 1
    assert problems(said) == {"ledger": "ledger differs by +1: 2 received against 1 handled + 0 held + 0 quarantined"}


def test_each_part_says_what_is_wrong_with_it(nabat, world, tmp_path):
    lives(world)
    lost = problems(nabat(NABAT_SECRET_KEY="another-key-for-the-tests-only-012345")[1])
    assert lost == {"secret key": "it does not open 3 of 3 secrets in the database"}
    half = problems(nabat(NABAT_TWILIO_ACCOUNT_SID="AC0", NABAT_TWILIO_FROM="Nabat")[1])
    assert half["channels"].endswith("NABAT_TWILIO_ACCOUNT_SID, NABAT_TWILIO_FROM set, but not NABAT_TWILIO_AUTH_TOKEN")
    code, said = nabat(NABAT_LOG_LEVEL="loud", NABAT_TIMEZONE="Mars")
    assert (code, len(said["checks"]), said["ledger"]) == (1, 2, None)
    (tmp_path / "book/book.yaml").write_text(BOOK + "more: 7\n")
    assert problems(nabat()[1]).keys() == {"rule book"}
    (tmp_path / "book/book.yaml").write_text(BOOK)
    world.clock.advance(minutes=5)
    world.alert(severity="warning")
    assert "in the future" in problems(nabat()[1])["clock"]


def test_a_database_of_another_age_or_place(nabat, world, tmp_path):
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        assert problems(nabat()[1]) == {"database": "it is older than the program: run ./nabat migrate"}
    finally:
        with transaction() as session:
            newest = revisions.newest()
            session.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    assert "newer" not in str(about(nabat()[1], "database"))
    nowhere = tmp_path / "nowhere"
    code, said = nabat(NABAT_DATABASE_URL=f"sqlite:///{nowhere}/nabat.db")
    assert (code, problems(said)["database"][:17]) == (1, "there is none yet")
    assert not nowhere.exists()
    code, said = nabat(NABAT_DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert (code, problems(said)["database"][:15]) == (1, "cannot be used:")
    (tmp_path / "text.db").write_text("this is no database, only a text that is long enough" * 50)
    code, said = nabat(NABAT_DATABASE_URL=f"sqlite:///{tmp_path}/text.db")
    assert (code, problems(said)["database"]) == (1, "cannot be used: file is not a database")


def test_a_database_that_a_newer_program_has_made_is_told_by_doctor_and_migrate(nabat, world, database_url, tmp_path):
    lives(world)
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        code, said = nabat()
        assert (code, about(said, "database")[-1][0]) == (0, "note")
        assert f"newer (9999) than this program ({revisions.newest()})" in about(said, "database")[-1][1]
        (tmp_path / "book").mkdir(exist_ok=True)
        (tmp_path / "book/book.yaml").write_text(BOOK)
        env = {"NABAT_DATABASE_URL": database_url, "NABAT_SECRET_KEY": KEY, "NABAT_RULES": str(tmp_path / "book")}
        done = CliRunner(env=env).invoke(cli, ["migrate"])
        assert (done.exit_code, done.stdout[:52]) == (0, "nothing to do: the database is newer (9999) than thi")
    finally:
        with transaction() as session:
            newest = revisions.newest()
            session.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_somebody_keeps_locked_is_a_problem_until_they_are_done(nabat, world, tmp_path, monkeypatch):
    lives(world)
    monkeypatch.setattr(store, "BUSY_TIMEOUT", 50)
    link = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    link.execute("BEGIN IMMEDIATE")
    code, said = nabat()
    assert (code, problems(said)["database"][:34]) == (1, "database is locked for writing for")
    assert said["ledger"]["balanced"]
    link.execute("ROLLBACK")
    link.close()
    assert nabat()[0] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_file_is_found(nabat, world, tmp_path):
    lives(world)
    for number in range(30):
        world.alert(fingerprint=f"f{number}", name=f"N{number}")
    file = tmp_path / "test.db"
    link = sqlite3.connect(file)
    link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = link.execute("SELECT rootpage FROM sqlite_master WHERE name = 'delivery_done'").fetchone()
    (size,) = link.execute("PRAGMA page_size").fetchone()
    link.close()
    with file.open("r+b") as damaged:
        damaged.seek((page - 1) * size)
        damaged.write(os.urandom(size))
    assert "database" in problems(nabat()[1])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_disk_with_too_little_room(nabat, world):
    lives(world)
    code, said = nabat(NABAT_MIN_FREE_MB="999999")
    assert code == 1
    assert "new alerts are refused" in problems(said)["disk"]
    assert about(nabat(NABAT_MIN_FREE_MB="1")[1], "disk")[0][0] == "note"  # no worker has made the ballast yet
