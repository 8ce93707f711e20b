"""The commands of ./nabat, as a person at a terminal meets them."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from gateway import sources
from gateway.clock import SystemClock
from gateway.start.commands import cli
from gateway.store.db import reading, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import Audit, Token
from tests.samples import BOOK, PEOPLE, webhook


@pytest.fixture
def nabat(app, database_url, tmp_path):
    """Runs a command on this test's database; returns (exit code, standard output, standard error)."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/book.yaml").write_text(BOOK)
    environment = {
        "NABAT_DATABASE_URL": database_url,
        "NABAT_DATA_DIR": str(tmp_path),
        "NABAT_RULES": str(tmp_path / "book"),
        "NABAT_SECRET_KEY": "a-key-for-the-tests-only-0123456789abcdef",
    }

    def run(*arguments, stdin=None, **more):
        done = CliRunner(env=environment | more).invoke(cli, arguments, input=stdin)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_a_token_is_printed_alone_and_belongs_to_its_source(nabat, app):
    code, out, _ = nabat("token", "create", "alertmanager", "--name", "am-prod")
    assert (code, out.count("\n")) == (0, 1)
    with reading() as session:
        owner = source_store.find_token(session, out.strip(), SystemClock().now())
    assert (owner.name, owner.kind) == ("am-prod", "alertmanager")
    assert nabat("token", "create", "alertmanager", "--name", "am-prod")[0] == 0  # a second one, to rotate
    code, out, _ = nabat("token", "create", "pagerduty")
    assert (code, len(out.strip()), out.strip().isalnum()) == (0, 32, True)  # as an integration key of PagerDuty's
    assert nabat("token", "create", "ticket", "--name", "am-prod")[0] == 1
    code, _, words = nabat("token", "create", "carrier-pigeon")
    assert code == 1
    assert "alertmanager" in words
    _, listed, _ = nabat("token", "list")
    assert out.strip()[-4:] in listed
    assert out.strip() not in listed
    assert nabat("token", "revoke", out.strip()[-source_store.ENDING :])[0] == 0
    with reading() as session:
        assert source_store.find_token(session, out.strip(), SystemClock().now()) is None


def test_a_signing_secret_is_printed_alone_and_kept_sealed(nabat, app):
    code, out, _ = nabat("token", "create", "ticket", "--name", "helpdesk", "--signing")
    assert (code, out.count("\n")) == (0, 1)
    with reading() as session:
        ((owner, sealed),) = source_store.signing_secrets(session, "ticket")
    assert owner.name == "helpdesk"
    assert app.extensions["gateway"].vault.open(sealed) == out.strip()
    assert "ticket signing" in nabat("token", "list")[1]
    for kind in ("api", "carrier-pigeon"):
        code, out, words = nabat("token", "create", kind, "--signing")
        assert (code, out, "known are" in words) == (1, "", True)


def test_a_secret_that_the_sender_has_made_is_kept_sealed_and_never_printed(nabat, app):
    made = ("token", "create", "zendesk", "--signing", "--secret-stdin")
    code, out, words = nabat(*made, stdin="their-own-secret-41==\n")
    assert (code, out, words) == (0, "", "kept: …41==\n")
    with reading() as session:
        ((owner, sealed),) = source_store.signing_secrets(session, "zendesk")
    assert (owner.name, app.extensions["gateway"].vault.open(sealed)) == ("zendesk", "their-own-secret-41==")
    public = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    for given, word in (
        ("their-own-secret-41==", "in use already"), (public, "everybody knows"), ("short", "16 to 200"),
        ("", "no secret"), ("я" * 20, "16 to 200"), ("x" * 201, "16 to 200"),
    ):  # fmt: skip
        code, out, words = nabat(*made, stdin=given)
        assert (code, out, word in words) == (1, "", True), words
    code, out, words = nabat(*made[:3], "--secret-stdin", stdin="x" * 20)
    assert (code, out, "goes with --signing" in words) == (1, "", True)


def test_a_kind_that_nobody_knows_is_told_with_those_there_are(nabat):
    those, all_ = ", ".join(sources.names()), ", ".join(sorted([*sources.names(), "api"]))
    assert nabat("token", "create", "nonsense") == (1, "", f"there is no kind 'nonsense': known are {all_}\n")
    assert f"known are {those}" in nabat("token", "create", "api", "--signing")[2]


def test_a_data_folder_that_cannot_be_made_is_told_in_a_line(tmp_path):
    (tmp_path / "a file").write_text("")
    environment = {**os.environ, "NABAT_DATA_DIR": str(tmp_path / "a file")}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    command = [sys.executable, "-m", "gateway", "token", "list"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "cannot be made: Not a directory; NABAT_DATA_DIR" in done.stderr


def test_a_data_folder_that_is_made_is_for_its_owner_only(tmp_path):
    environment = {**os.environ, "NABAT_DATA_DIR": str(tmp_path / "data")}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    command = [sys.executable, "-m", "gateway", "doctor"]
    subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_data_folder_of_another_user_is_told_in_a_line():
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, into which no other user may look
        (Path(folder) / "counters").mkdir(mode=0o555)
        Path(folder).chmod(0o755)
        environment = {**os.environ, "NABAT_DATA_DIR": folder}
        environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
        as_another = (
            "import os; from gateway import __main__ as it; os.getuid() or os.setreuid(65534, 65534); it.main()"
        )
        command = [sys.executable, "-c", as_another, "token", "list"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "may not be written to by this user: NABAT_DATA_DIR" in done.stderr


def test_a_database_that_is_none_is_told_in_the_databases_words(nabat, tmp_path):
    (tmp_path / "nabat.db").write_bytes(b"no database, and longer than a header of one. " * 100)
    told = nabat("token", "list", NABAT_DATABASE_URL=f"sqlite:///{tmp_path}/nabat.db")
    assert told == (1, "", "the database cannot be used: file is not a database\n")


def test_the_scopes_of_a_token_are_words_we_know(nabat):
    assert nabat("token", "create", "api", "--scopes", "read, act")[0] == 0
    for scopes in ("write", "read,root", "", "READ"):
        code, out, words = nabat("token", "create", "api", "--scopes", scopes)
        assert (code, out) == (1, "")
        assert "scopes are read, act, admin" in words


def test_what_is_done_at_the_terminal_is_written_down(nabat, tmp_path):
    _, out, _ = nabat("token", "create", "alertmanager")
    nabat("token", "revoke", out.strip()[-4:])
    nabat("token", "create", "carrier-pigeon")
    nabat("user", "create", "Boris@example.org", "--role", "admin", "--password-stdin", stdin="a horse is correct\n")
    file = tmp_path / "people.yaml"
    file.write_text(PEOPLE.replace("NTFY", "https://ntfy.example"))
    for _ in range(2):
        nabat("people", "import", str(file))
    assert "anna@example.org" in nabat("people", "export")[1]
    with reading() as session:
        rows = [(row.action, row.target) for row in session.scalars(select(Audit).order_by(Audit.id))]
        assert all(row.actor.endswith("./nabat)") for row in session.scalars(select(Audit)))
        assert {row.detail["how"] for row in session.scalars(select(Audit))} == {"command"}
        assert out.strip() not in repr([row.detail for row in session.scalars(select(Audit))])
    code, out, _ = nabat("audit", "verify")
    assert (code, "unbroken since" in out) == (0, True)
    with transaction() as session:
        session.execute(update(Audit).where(Audit.id == 2).values(target="nobody"))
    code, out, _ = nabat("audit", "verify")
    assert (code, out.partition(":")[0]) == (1, "broken at row 2")
    assert rows == [
        ("token create", "alertmanager"), ("token revoke", "alertmanager"), ("user create", "boris@example.org"),
        ("people import", "people.yaml"), ("people export", "people"),
    ]  # fmt: skip


def test_a_person_is_made_with_a_password_from_standard_input(nabat):
    who = ("user", "create", "boris@example.org", "--role", "admin", "--password-stdin")
    assert nabat(*who, stdin="correct horse battery staple\n")[0] == 0
    code, _, words = nabat(*who, stdin="correct horse battery staple\n")
    assert code == 1
    assert "already" in words
    assert nabat("user", "create", "x@example.org", "--role", "admin", "--password-stdin", stdin="short\n")[0] == 1
    code, _, words = nabat(*who[:-1], stdin="correct horse battery staple\n" * 2)  # no terminal
    assert (code, words.count("\n")) == (1, 1)
    assert "--password-stdin" in words


def test_an_import_takes_no_last_administrator(nabat, tmp_path):
    who = ("user", "create", "anna@example.org", "--role", "admin", "--password-stdin")
    assert nabat(*who, stdin="correct horse battery staple\n")[0] == 0
    file = tmp_path / "people.yaml"
    file.write_text("people: [{email: anna@example.org, name: Anna, role: responder}]")
    code, out, words = nabat("people", "import", str(file))
    assert (code, out, words.partition(":")[0]) == (1, "", "people.yaml")
    assert "`role: admin`" in words
    assert "role: admin" in nabat("people", "export")[1]
    file.write_text(file.read_text().replace("responder", "admin"))
    assert nabat("people", "import", str(file))[0] == 0


def test_importing_people_twice_changes_nothing(nabat, tmp_path):
    file = tmp_path / "people.yaml"
    file.write_text(PEOPLE.replace("NTFY", "https://ntfy.example"))
    assert nabat("people", "import", str(file))[1] == "6 added, 0 changed, 0 unchanged\n"
    assert nabat("people", "import", str(file))[1] == "0 added, 0 changed, 6 unchanged\n"
    _, exported, _ = nabat("people", "export")
    file.write_text(exported)
    assert nabat("people", "import", str(file))[1] == "0 added, 0 changed, 6 unchanged\n"
    file.write_text("people: [{email: nobody, name: N, role: boss}]")
    code, _, words = nabat("people", "import", str(file))
    assert code == 1
    assert "people.yaml:1: people[0].role" in words


def test_a_broken_rule_book_is_told_with_file_and_line(nabat, tmp_path):
    assert nabat("rules", "check")[0] == 0
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nroutes:\n  - {name: a, urgncy: fast, policy: p}\npolicies: {}\n")
    code, _, words = nabat("rules", "check", str(bad))
    assert code == 1
    assert "bad.yaml:3: routes[0].urgncy" in words
    assert nabat("worker", NABAT_RULES=str(bad))[0] == 1  # and the program does not start with it


def test_explain_says_what_would_happen_and_writes_nothing(nabat, tmp_path, world_of):
    people, payload = tmp_path / "people.yaml", tmp_path / "payload.json"
    people.write_text(PEOPLE.replace("NTFY", "https://ntfy.example"))
    payload.write_text(json.dumps(webhook()))
    nabat("people", "import", str(people))
    at = ("--at", "2026-12-05T03:12:00+03:00")
    code, out, _ = nabat("rules", "explain", str(payload), *at)
    assert code == 0
    for words in ("critical", "emergency", "Anna", "Oleg", "Irina", "03:12", "03:17", "03:27"):
        assert words in out
    assert "anna-key" not in out
    code, out, _ = nabat("rules", "explain", str(payload), *at, "--json")
    (told,) = json.loads(out)
    assert told["urgency"] == "emergency"
    assert nabat("rules", "explain", str(payload), "--at", "tomorrow")[0] == 1
    payload.write_text("{")
    assert nabat("rules", "explain", str(payload))[0] == 1


def test_wrong_settings_are_all_told_at_once(nabat):
    code, _, words = nabat("migrate", NABAT_TIMEZONE="Mars/Olympus", NABAT_LOG_LEVL="x")
    assert code == 1
    assert "NABAT_TIMEZONE" in words
    assert "did you mean NABAT_LOG_LEVEL" in words


def test_a_test_message_says_what_the_provider_answered(nabat, providers):
    mail = {"NABAT_SMTP_URL": providers.mail.url(), "NABAT_MAIL_FROM": "nabat@example.org"}
    code, out, _ = nabat("send-test", "email", "anna@example.org", **mail)
    assert (code, out[:5]) == (0, "sent:")
    assert len(providers.mail.mails) == 1
    code, _, words = nabat("send-test", "email", "anna@example.org")
    assert code == 1
    assert "NABAT_SMTP_URL" in words
    assert nabat("send-test", "email", "not an address", **mail)[0] == 1


def test_a_token_whose_ending_looks_like_an_option_is_revoked(nabat, app):
    nabat("token", "create", "ticket")
    with transaction() as session:
        session.execute(update(Token).values(ending="-x9-"))
    assert nabat("token", "revoke", "-x9-")[0] == 0
    with transaction() as session:
        assert session.scalars(select(Token.revoked_at)).one() is not None
