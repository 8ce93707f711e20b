"""`./nabat source`: an Alertmanager's address is checked, its secret is never seen again, and it is tried at once."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.flows import reconcile_alertmanager
from gateway.start.commands import cli
from gateway.store.db import db, reading
from gateway.store.tables import Audit
from gateway.store.tables.drift import AlertmanagerAddress
from tests.fakes.alertmanager import FakeAlertmanager
from tests.samples import BOOK

# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def there(clock):
    with FakeAlertmanager(clock) as fake:
        yield fake


@pytest.fixture
def nabat(app, database_url, tmp_path):
    """Runs a command on this test's database; returns (exit code, standard output, standard error)."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/book.yaml").write_text(BOOK)
    environment = {
        "NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_RULES": str(tmp_path / "book"),
        "NABAT_SECRET_KEY": "a-key-for-the-tests-only-0123456789abcdef", "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
    }  # fmt: skip

    def run(*arguments, stdin=None, **more):
        done = CliRunner(env=environment | more).invoke(cli, ["source", *arguments], input=stdin)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    CliRunner(env=environment).invoke(cli, ["token", "create", "alertmanager", "--name", "am-prod"])
    CliRunner(env=environment).invoke(cli, ["token", "create", "ticket", "--name", "desk"])
    return run


def saved():
    with reading() as session:
        return list(session.scalars(select(AlertmanagerAddress).order_by(AlertmanagerAddress.id)))


def test_an_address_with_its_secret(nabat, there, app):
    there.wants = "Bearer s3cret"
    code, out, said = nabat("set", "am-prod", "--alertmanager-url", there.url + "/", "--bearer", stdin="s3cret\n")
    assert (code, out) == (0, "")
    assert "it answers: 0 alerts" in said
    (address,) = saved()
    assert (address.url, "s3cret" in address.sealed) == (there.url, False)
    (source,) = reconcile_alertmanager.watched()
    assert source.addresses == ((address.id, there.url, address.sealed),)
    assert app.extensions["gateway"].vault.open(address.sealed) == '{"bearer":"s3cret"}'
    told = db.session.scalars(select(Audit).where(Audit.action == "source set")).one()
    assert (told.target, "s3cret" in str(told.detail)) == ("am-prod", False)
    _, listed, _ = nabat("list")
    assert there.url in listed
    assert "s3cret" not in listed


@sqlite
def test_set_again_replaces_and_nothing_is_kept_of_the_old_ones(nabat, there):
    nabat("set", "am-prod", "--alertmanager-url", "https://one.example", "--alertmanager-url", "https://two.example",
          "--user", "nabat", "--receiver", "pager", stdin="pass word\n")  # fmt: skip
    assert [(one.url, one.receivers) for one in saved()] == [
        ("https://one.example", ["pager"]), ("https://two.example", ["pager"]),
    ]  # fmt: skip
    code, _, said = nabat("set", "am-prod", "--alertmanager-url", there.url)
    assert (code, "answers" in said) == (0, True)
    assert [(one.url, one.sealed) for one in saved()] == [(there.url, None)]
    assert nabat("set", "am-prod", "--no-alertmanager")[0] == 0
    assert saved() == []


WRONG = [
    (["am-prod"], "", "--alertmanager-url"),
    (["am-prod", "--alertmanager-url", "https://am.example", "--no-alertmanager"], "", "not both"),
    (["am-prod", "--alertmanager-url", "https://am.example", "--bearer", "--user", "x"], "", "not both"),
    (["am-prod", "--alertmanager-url", "http://am.example"], "", "https"),
    (["am-prod", "--alertmanager-url", "http://127.0.0.2:9093"], "", "private"),
    (["am-prod", "--alertmanager-url", "http://169.254.169.254/"], "", "private"),
    (["am-prod", "--alertmanager-url", "http://localhost:9093"], "", "own machine"),
    (["am-prod", "--alertmanager-url", "https://user:pw@am.example"], "", "password"),
    (["am-prod", "--alertmanager-url", "https://am.example/?x=1"], "", "query"),
    (["am-prod", "--alertmanager-url", "https://am.example", "--bearer"], "", "empty"),
    (["am-prod", "--alertmanager-url", "https://am.example", "--bearer"], "a\x01b\n", "header"),
    (["nobody", "--alertmanager-url", "https://am.example"], "", "no source"),
    (["desk", "--alertmanager-url", "https://am.example"], "", "of kind ticket"),
]


@sqlite
def test_what_is_wrong_is_said_and_nothing_is_saved(nabat):
    for arguments, given, word in WRONG:
        code, _, said = nabat("set", *arguments, stdin=given)
        assert code == 1, arguments
        assert word in said, (arguments, said)
    assert saved() == []


@sqlite
def test_one_that_does_not_answer_is_saved_and_said(nabat, there):
    there.wants = "Bearer another"
    code, _, said = nabat("set", "am-prod", "--alertmanager-url", there.url)
    assert code == 0
    assert "HTTP 401" in said
    assert len(saved()) == 1


@sqlite
def test_a_service_desk_knows_as_whom_nabat_writes_there(nabat):
    assert nabat("set", "desk", "--account", "nabat@example.org, 5b10a2")[0] == 0
    assert "Nabat writes as nabat@example.org, 5b10a2" in nabat("list")[1]
    code, _, said = nabat("set", "am-prod", "--account", "nabat")
    assert (code, "only a service desk" in said) == (1, True)
    assert nabat("set", "desk", "--account", "")[0] == 0
    assert "Nabat writes as" not in nabat("list")[1]
