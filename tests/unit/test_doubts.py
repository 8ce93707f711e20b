"""What the lint says of a rule book is read in Russian too: no sentence of it stays English."""

from datetime import UTC, datetime

from dashboard.reader import reader
from dashboard.rulebook import doubts
from rules.book import parse
from rules.checks.lint import lint
from rules.checks.lint_people import lint_people
from rules.words import Directory, Person, Role, Team

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
BOOK = """
version: 1
calendars:
  always: {days: [mon, tue, wed, thu, fri, sat, sun]}
routes:
  - {name: odd, match: ['a="1"', 'a="2"'], urgency: fast, policy: duty}
  - {name: first, match: ['b="1"'], urgency: fast, policy: duty}
  - {name: rest, urgency: ordinary, policy: nobody}
policies:
  duty: {steps: [{notify: ["person:a@x", "person:no@x", "team:t", "team:none", "schedule:s", "person:v@x"], wait: 5m}]}
  nobody: {steps: [{notify: ["person:a@x"], wait: 5m}]}
  unused: {steps: [{notify: ["person:a@x"], wait: 5m}]}
"""


def test_every_doubt_is_said_in_russian():
    people = {
        "a@x": Person("a@x", "A", Role.RESPONDER),
        "v@x": Person("v@x", "V", Role.VIEWER),
    }
    directory = Directory(people=people, teams={"t": Team("t", ())}, schedules={})
    book = parse({"book.yaml": BOOK})
    russian = reader(NOW, "ru", "Europe/Moscow")
    said = {one.what: doubts.said(one.what, russian) for one in [*lint(book, NOW), *lint_people(book, directory, NOW)]}
    assert len(said) >= 8
    assert [what for what, text in said.items() if what == text] == []


def test_what_is_not_known_stays():
    assert doubts.said("the moon is full", reader(NOW, "ru", "UTC")) == "the moon is full"
