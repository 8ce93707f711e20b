"""`./nabat rules check`, `explain` and `test`: what somebody who writes a rule book sees."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.rulebook.shelf import Bookshelf
from gateway.start.commands import cli
from rules.book import BadRuleBook
from tests.integration.test_rule_book_times import BY_TIME, TABLE
from tests.samples import PEOPLE, webhook

ROOT = Path(__file__).parent.parent.parent
CASES = """
people: crew.people
tests:
  - name: at night
    at: 2026-12-05T03:12
    file: payload.json
    expect: {route: critical off hours, urgency: emergency, people: [anna@example.org], times: [0s, 5m, 15m]}
"""


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "book"
    (place / "tests").mkdir(parents=True)
    (place / "book.yaml").write_text(BY_TIME)
    (place / "services.csv").write_text(TABLE)
    (place / "tests/crew.people").write_text(PEOPLE.replace("NTFY", "https://ntfy.example"))
    (place / "tests/payload.json").write_text(json.dumps(webhook(service="mail")))
    (place / "tests/night.yaml").write_text(CASES)
    return place


@pytest.fixture
def rules(tmp_path, place):
    """Without a database of people: on a laptop, say."""
    environment = {"NABAT_DATA_DIR": str(tmp_path / "data"), "NABAT_RULES": str(place)}

    def run(*arguments, **more):
        done = CliRunner(env=environment | more).invoke(cli, ["rules", *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    yield run
    assert not (tmp_path / "data/nabat.db").exists()


def test_a_book_that_is_right(rules):
    code, out, words = rules("check")

    assert (code, words) == (0, "")
    assert out.startswith("5 routes, 2 policies: ok; no people are known here")


def test_doubts_are_told_and_are_mistakes_only_if_asked(rules, place):
    book = place / "book.yaml"
    book.write_text(book.read_text() + "  idle:\n    steps: [{notify: ['role:admin'], wait: 1h}]\n")
    said = "book.yaml:24: policies.idle: warning: no route names this policy\n"

    assert rules("check", str(place))[::2] == (0, said)
    assert rules("check", "--strict") == (1, "", said)


def test_a_viewer_as_a_target_is_a_mistake(world_of, database_url, tmp_path):
    """G2: who is never paged may not be counted on."""
    crew = PEOPLE.replace("NTFY", "https://ntfy.example").replace(
        "name: Oleg, role: responder", "name: Oleg, role: viewer"
    )
    world_of(people=crew)
    environment = {"NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": "k" * 40}
    done = CliRunner(env=environment).invoke(cli, ["rules", "check", str(tmp_path / "book")])

    assert (done.exit_code, done.stdout) == (1, "")
    said = "policies.infra: person:oleg@example.org: oleg@example.org is a viewer, and viewers are never paged"
    assert said in done.stderr


def test_explain_shows_the_calendars_and_the_tables(rules, place):
    payload = str(place / "tests/payload.json")
    code, out, _ = rules("explain", payload, "--at", "2027-01-01T12:00:00+03:00")

    assert code == 0
    assert (
        "added by services.csv, service=mail: team=infra, site=Moscow, runbook_url=https://wiki.example/mail\n" in out
    )
    closed = "work is closed (Fri 2027-01-01 12:00 Europe/Moscow, a public holiday: New Year Holidays)"
    assert f"no  critical in working hours\n      when: work: {closed}\n" in out
    assert (
        f'yes critical off hours\n      severity="critical": severity is critical\n      when: not work: {closed}\n'
        in out
    )
    code, out, _ = rules("explain", payload, "--at", "2027-01-11T12:00:00+03:00", "--json")
    (told,) = json.loads(out)
    assert (told["rule"], told["looked_up"][0]["labels"]["team"]) == ("critical in working hours", "infra")
    assert rules("explain", payload, "--at", "9999-12-31T00:00")[0] == 1


@pytest.mark.parametrize(
    ("body", "source", "said"),
    [
        ({"check_id": 7, "check_name": "Shop", "current_state": "DOWN"}, "pingdom", "Shop"),
        ({"crane": "C4", "text": "overload"}, "crane", "C4 overload"),
        ({"id": "b", "title": "Backup"}, "generic", "Backup"),
    ],
)
def test_explain_reads_by_the_mapping(rules, place, body, source, said):
    (place / "mappings.yaml").write_text("mappings: {crane: {id: crane, title: [crane, text]}}")
    payload = place / "tests/payload.json"
    payload.write_text(json.dumps(body))
    code, out, wrong = rules("explain", str(payload), "--source", source)
    assert (code, wrong) == (0, "")
    assert said in out


def test_explain_and_check_name_the_place_of_a_mistake(rules, place):
    payload = place / "tests/payload.json"
    payload.write_text(json.dumps({"check_id": None}))
    assert rules("explain", str(payload), "--source", "pingdom")[2] == (
        f"{payload}: id (check_id): says nothing: no later word would find this one\n"
    )
    code, _, wrong = rules("explain", str(payload), "--source", "pigeon")
    assert (code, "mappings: appdynamics, " in wrong) == (1, True)
    (place / "mappings.yaml").write_text("mappings:\n  crane: {id: 'crane.', labels: {a: '[a, b]'}}\n")
    code, _, wrong = rules("check")
    assert (code, wrong) == (
        1,
        "mappings.yaml:2: mappings.crane.id: is no JMESPath expression: it cannot be read to its end: something is "
        "missing there\nmappings.yaml:2: mappings.crane.labels.a: [a, b] of JMESPath is not taken here\n",
    )


def test_cases_that_hold(rules):
    assert rules("test") == (0, "tests/night.yaml\n  ok     at night\n1 cases: ok\n", "")


def test_a_case_that_does_not_hold_says_what_came_instead(rules, place):
    book = place / "book.yaml"
    book.write_text(
        book.read_text()
        .replace("wait: 5m", "wait: 6m")
        .replace("when: not work, urgency: emergency", "when: not work, urgency: urgent")
    )
    code, out, _ = rules("test", str(place))

    assert code == 1
    assert out == (
        "tests/night.yaml\n  FAILED at night\n         tests/night.yaml:4\n"
        "         urgency: expected emergency, found urgent\n"
        "         times: expected 0s, 5m, 15m, found 0s, 6m, 16m\n"
        "1 cases, 1 failed\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("payload.json", "gone.json", "gone.json: cannot be read"),
        ("file: payload.json", "payload: {alerts: 5}", "payload: alerts"),
        ("at: 2026", "kind: pigeon\n    at: 2026", "kind: there is no 'pigeon'; known are alertmanager"),
        ("crew.people", "nobody.people", "nobody.people: cannot be read"),
        ("expect: {", "expect: {colour: red, ", "night.yaml:7: tests[0].expect.colour: unknown key"),
    ],
)
def test_what_is_wrong_with_a_case(rules, place, old, new, said):
    file = place / "tests/night.yaml"
    file.write_text(file.read_text().replace(old, new))
    code, out, words = rules("test")

    assert code == 1
    assert said in out + words


def test_a_book_without_cases(rules, place):
    (place / "tests/night.yaml").unlink()

    assert rules("test")[0] == 1
    assert rules("test", str(place / "book.yaml"))[0] == 1


def test_the_book_of_a_fresh_install_has_cases_of_its_own_and_no_doubts(rules):
    code, out, _ = rules("test", str(ROOT / "rules/book"))

    assert (code, out.splitlines()[-1]) == (0, "5 cases: ok")
    for book in ("rules/book", "rules/demo"):
        assert rules("check", "--strict", str(ROOT / book))[0] == 0


def test_a_table_is_read_with_the_book_and_a_mistake_in_it_is_one_of_the_book(place):
    shelf = Bookshelf(place)
    first, table = shelf.book, place / "services.csv"

    def write(text, seconds):
        table.write_text(text)
        os.utime(table, ns=(seconds * 10**9, seconds * 10**9))
        return shelf.refresh()

    assert write(TABLE.replace("Moscow", "Kazan"), 1_900_000_000)
    assert shelf.book.version != first.version
    good = shelf.book
    assert not write(TABLE + "mail,twice,,\n", 1_900_000_001)
    assert shelf.complaints == ("services.csv:3: 'mail' is already in line 2",)
    assert shelf.book is good
    table.unlink()
    assert not shelf.refresh()
    assert "there is no file 'services.csv'" in shelf.complaints[0]
    with pytest.raises(BadRuleBook):
        Bookshelf(place)
