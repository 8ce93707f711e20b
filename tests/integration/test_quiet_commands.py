"""`./nabat silence`, `maintenance`, `heartbeat`, `source set --stale-after`: what they make, show, end and refuse."""

import re
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.start.commands import cli
from gateway.store.db import db, transaction
from gateway.store.directory import firstrun
from gateway.store.senders import heartbeats as store
from gateway.store.tables import Audit, HeartbeatRow, SilenceRow, Source
from tests.samples import BOOK

# What happens before and after the database is the same on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def nabat(app, database_url, tmp_path):
    """Runs a command on this test's database; returns (exit code, what it said)."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/book.yaml").write_text(BOOK)
    environment = {
        "NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_RULES": str(tmp_path / "book"),
        "NABAT_SECRET_KEY": "a-key-for-the-tests-only-0123456789abcdef", "NABAT_PUBLIC_URL": "https://n.example",
    }  # fmt: skip

    def run(*arguments, **more):
        done = CliRunner(env=environment | more).invoke(cli, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def test_a_silence_is_made_listed_shown_and_ended(nabat):
    assert nabat("silence", "add", "alertname=Disk", "--for", "2h", "--reason", "kernel") == (0, "1\n")
    code, said = nabat("silence", "list")
    assert code == 0
    assert re.search(r"1 active +alertname=Disk  .*\n.*: kernel; has hidden 0 alerts of 0 incidents", said)
    assert "1 active" in nabat("silence", "extend", "1", "--for", "30m")[1]
    assert nabat("silence", "end", "1") == (0, "")
    assert nabat("silence", "list") == (0, "")
    assert "expired" in nabat("silence", "list", "--ended")[1]
    assert "has hidden 0" in nabat("silence", "show", "1")[1]
    assert [row.action for row in db.session.scalars(select(Audit))] == ["silence add", "silence extend", "silence end"]
    for wrong, words in (
        (("--for", "2h"), "leave nothing out"),
        (("a=b",), "--for or --until"),
        (("a=b", "--until", "yesterday"), "'yesterday' is no moment: write it as 2026-12-05T09:00, by the clock of"),
        (("a=b", "--for", "2"), "not a duration"),
    ):
        code, said = nabat("silence", "add", *wrong, "--reason", "x")
        assert (code, words in said) == (1, True), said
    assert nabat("silence", "end", "7")[0] == 1
    assert nabat("silence", "add", "--for", "5m", "--reason", "x", "--confirm", "silence everything")[0] == 0


def test_a_window_shows_its_next_times(nabat):
    made = ("--start", "2027-03-02T02:00", "--length", "2h", "--rrule", "FREQ=WEEKLY;BYDAY=TU", "--reason", "patches")
    assert nabat("maintenance", "add", "service=mail", "--timezone", "Europe/Berlin", *made)[0] == 0
    row = db.session.scalars(select(SilenceRow)).one()
    assert (row.rule, row.timezone, row.seconds) == ("FREQ=WEEKLY;BYDAY=TU", "Europe/Berlin", 7200)
    code, said = nabat("maintenance", "show", str(row.id))
    assert code == 0
    assert len(re.findall(r"Tue .*02:00 to 04:00", said)) == 10
    assert nabat("maintenance", "add", "a=b", *made[:4], "--rrule", "X", "--reason", "x")[0] == 1
    assert nabat("silence", "end", str(row.id))[0] == 1  # it is none
    assert nabat("maintenance", "end", str(row.id))[0] == 0


def test_a_heartbeats_address_is_the_one_that_up_listens_on_where_none_is_set(nabat):
    unset = {"NABAT_PUBLIC_URL": None}
    here = "http://127.0.0.1:8000"
    said = nabat("heartbeat", "add", "first", "--every", "5m", **unset)[1]
    assert said.startswith(f"NABAT_PUBLIC_URL is not set: the address assumes {here}\n{here}/heartbeat/")
    with transaction() as session:
        firstrun.keep_address(session, "http://10.0.0.7:9000", datetime(2026, 12, 5, tzinfo=UTC))
    said = nabat("heartbeat", "add", "second", "--every", "5m", **unset)[1]
    assert said.startswith("http://10.0.0.7:9000/heartbeat/")
    assert nabat("heartbeat", "add", "third", "--every", "5m")[1].startswith("https://n.example/heartbeat/")


def test_a_heartbeat_has_an_address_that_is_kept_only_as_a_hash(nabat, monkeypatch):
    code, said = nabat(
        "heartbeat", "add", "backup", "--cron", "0 3 * * *", "--grace", "10m", "--timezone", "Asia/Tokyo"
    )
    token = said.strip().removeprefix("https://n.example/heartbeat/")
    assert code == 0
    row = db.session.scalars(select(HeartbeatRow)).one()
    assert (row.cron, row.timezone, row.grace, row.ending) == ("0 3 * * *", "Asia/Tokyo", 600, token[-4:])
    assert token not in (row.hash, "")
    assert "waits for its first beat" in nabat("heartbeat", "list")[1]
    for wrong in (
        ("backup", "--every", "5m"),
        ("b",),
        ("b", "--every", "1s"),
        ("b", "--cron", "x"),
        ("", "--every", "5m"),
    ):
        assert nabat("heartbeat", "add", *wrong)[0] == 1, wrong
    said = nabat("heartbeat", "add", "backup", "--every", "5m")[1]
    assert said == "there is a heartbeat 'backup' already: another name, or `./nabat heartbeat remove` first\n"
    monkeypatch.setattr(store, "MOST", 1)
    said = nabat("heartbeat", "add", "another", "--every", "5m")[1]
    assert said == "there are 1 heartbeats already, and no more are kept: remove one that nobody needs\n"
    assert nabat("heartbeat", "remove", "backup")[0] == 0
    assert nabat("heartbeat", "remove", "backup")[0] == 1


def test_a_source_may_say_when_its_alerts_are_stale(nabat):
    nabat("token", "create", "alertmanager")
    nabat("token", "create", "ticket")
    assert nabat("source", "set", "alertmanager", "--stale-after", "24h")[0] == 0
    assert "stale after 1d" in nabat("source", "list")[1]
    assert nabat("source", "set", "alertmanager", "--stale-after", "never")[0] == 0
    assert set(db.session.scalars(select(Source.stale_after))) == {None}
    for name, text in (("alertmanager", "5m"), ("alertmanager", "soon"), ("ticket", "24h"), ("nobody", "24h")):
        assert nabat("source", "set", name, "--stale-after", text)[0] == 1
