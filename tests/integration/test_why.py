"""Why an incident was told as it was: exact after the rule book changed, and the same words wherever it is asked."""

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from gateway.app import alembic
from gateway.start.commands import cli
from gateway.store.db import db, transaction
from gateway.store.tables import Opening, RuleBookRow
from gateway.telling.why import why
from rules.texts.sentence import english
from tests.browsing import Browser, everybody_has_a_password
from tests.conftest import KEY
from tests.integration.test_rule_book_times import BY_TIME, TABLE
from tests.samples import BOOK, PEOPLE, alert, group


def kept(world, number=1):
    db.session.rollback()
    incident = next(one for one in world.incidents() if one.id == number)
    return why(db.session, incident, world.app.extensions["gateway"].shelf.book)


def lines(world, number=1):
    (asked,) = kept(world, number).asked
    return [line.as_text(english) for line in asked.lines()]


def rewrite(world, tmp_path, text):
    (tmp_path / "book/book.yaml").write_text(text)
    assert world.app.extensions["gateway"].shelf.refresh(force=True)


def seen_by_anna(world, number=1):
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("anna@example.org")
    return browser.get(f"/incidents/{number}").text


def test_each_condition_with_its_value_and_the_rules_before_it_with_what_failed(world, tmp_path):
    world.alert(severity="warning", instance="db07")
    expected = [
        'no  critical\n      severity="critical": severity is warning',
        'no  critical tickets\n      kind="ticket": kind is alert\n      priority="critical": priority is missing',
        "yes everything else\n      (matches everything)",
        "urgency: ordinary (email; answer expected within 8h)",
        "policy: support",
        "incident: alertname=InstanceDown",
    ]
    assert lines(world) == expected
    assert 'href="/rules/everything%20else"' in seen_by_anna(world)
    rewrite(world, tmp_path, BOOK.replace("name: critical,", "name: renamed,").replace("support", "desk"))
    assert 'href="/policies/' not in seen_by_anna(world)  # that policy is gone: no link into nothing
    world.alert(severity="warning", instance="db08", fingerprint="a1")  # its words are other ones now
    assert lines(world) == expected  # by the book of that time, and the labels of that time


def test_who_was_on_call_and_who_was_not_told(world):
    world.people(PEOPLE.replace("NTFY", "https://ntfy.example"))
    world.alert()
    found = kept(world)
    assert "on call for infra: Anna" in lines(world)
    (opened,) = found.told
    assert (opened.kind, opened.level) == ("opened", 1)
    assert opened.lines(english, {}) == ["voice: Anna (pagerduty)", "push: Anna (ntfy)"]


def test_a_book_is_kept_once_for_each_version(world, tmp_path):
    for name in ("A", "B", "C"):
        world.alert(name=name, fingerprint=name)
    rewrite(world, tmp_path, BOOK.replace("wait: 5m", "wait: 6m"))
    world.alert(name="D", fingerprint="D")
    world.alert(name="D", fingerprint="D")  # a repeat asks nothing
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(RuleBookRow)) == 2
    assert db.session.scalar(select(func.count()).select_from(Opening)) == 4


def test_a_ticket_that_is_raised_was_ruled_anew(world):
    ticket = {"id": "SD-1", "subject": "VPN", "priority": "normal", "event": "created"}
    world.post(ticket, kind="ticket")
    world.post({**ticket, "priority": "critical", "event": "updated"}, kind="ticket")
    assert [one.cause for one in kept(world).asked] == ["raised", "opened"]
    assert kept(world).asked[0].said["rule"] == "critical tickets"


def test_rulings_stay_in_order_where_the_table_of_openings_is_taken_back(world):
    for priority, event in (("normal", "created"), ("critical", "updated")):
        world.post({"id": "SD-1", "subject": "VPN", "priority": priority, "event": event}, kind="ticket")
    world.alert()
    causes = [one.cause for one in kept(world).asked]
    assert causes == ["raised", "opened"]
    db.session.remove()
    for _ in range(2):
        alembic(world.app).downgrade(revision="0047")
        alembic(world.app).upgrade()
        assert [one.cause for one in kept(world).asked] == causes
        db.session.remove()


def test_an_incident_of_before_there_was_a_table_of_openings(world):
    world.alert()
    said = lines(world)
    columns = "incident_id, at, book_version, labels, duty"
    with transaction() as session:
        session.execute(text(f"INSERT INTO ruling ({columns}, cause) SELECT {columns}, 'opened' FROM opening"))
        session.execute(text("DELETE FROM opening"))
    assert lines(world) == said


def test_calendars_and_tables_are_those_of_that_time(world_of, tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/services.csv").write_text(TABLE)
    world = world_of(BY_TIME)
    world.post(group(alert(service="mail")))
    said = lines(world)
    (tmp_path / "book/services.csv").write_text(TABLE.replace("Moscow", "Kazan"))
    rewrite(world, tmp_path, BY_TIME)
    world.clock.advance(days=2, hours=12)
    assert lines(world) == said
    assert any("site=Moscow" in line for line in said)
    assert any("work is closed (Sat 2026-12-05 03:12 Europe/Moscow" in line for line in said)


def test_a_book_of_which_nothing_is_known(world):
    world.alert()
    with transaction() as session:
        session.query(Opening).update({"book_version": "gone"})
    assert lines(world) == ["This rule book is not kept here, or cannot be read any more."]


@pytest.mark.parametrize(("language", "said"), [("en", "yes critical"), ("ru", "да  critical")])
def test_the_console_says_it_in_the_words_of_the_page(world, database_url, tmp_path, language, said):
    world.alert()
    places = {"NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": KEY}
    run = CliRunner(env={**places, "NABAT_RULES": str(tmp_path / "book"), "NABAT_TIMEZONE": "Europe/Moscow"}).invoke
    done = run(cli, ["rules", "explain", "--incident", "1", "--language", language])
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"\n{said}\n" in done.stdout
    assert "03:12:00 MSK" in done.stdout
    assert run(cli, ["rules", "explain", "--incident", "2"]).exit_code == 1
    assert run(cli, ["rules", "explain"]).exit_code == 1
