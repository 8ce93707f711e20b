"""The people file: read, complained of, written back."""
# ruff: noqa: DTZ001 - a layer begins at a local time of its schedule

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.reading.people import (
    BadPeopleFile,
    ListedContact,
    ListedPerson,
    ListedTeam,
    PeopleFile,
    dump,
    parse,
)
from rules.schedules import Layer, Schedule
from rules.words import Role

GOOD = """
people:
  - {email: ines@example.com, name: Inès Roux, role: dispatcher, language: ru, timezone: Europe/Paris,
     contacts: [{channel: pagerduty, address: "${KEY_OF_INES}"}, {channel: sms, address: "+33100000001"}]}
  - {email: juan@example.com, name: Juan}
  - {email: kim@example.com, name: Kim, role: viewer}
teams:
  - {name: web, members: [juan@example.com, INES@example.com], contacts: [{channel: email, address: web@example.com}]}
schedules:
  - name: web
    team: web
    timezone: Europe/Paris
    layers: [{start: 2026-11-02T09:00, every: 1w, members: [ines@example.com, juan@example.com]}]
"""
ENVIRONMENT = {"KEY_OF_INES": "0123456789abcdef"}
READ = PeopleFile(
    people=(
        ListedPerson(
            "ines@example.com",
            "Inès Roux",
            Role.DISPATCHER,
            "ru",
            "Europe/Paris",
            (ListedContact("pagerduty", "0123456789abcdef"), ListedContact("sms", "+33100000001")),
        ),
        ListedPerson("juan@example.com", "Juan", Role.RESPONDER, "en", "UTC"),
        ListedPerson("kim@example.com", "Kim", Role.VIEWER, "en", "UTC"),
    ),
    teams=(ListedTeam("web", ("juan@example.com", "ines@example.com"), (ListedContact("email", "web@example.com"),)),),
    schedules=(
        Schedule(
            "web",
            "Europe/Paris",
            (Layer(datetime(2026, 11, 2, 9), "1w", ("ines@example.com", "juan@example.com")),),
            "web",
        ),
    ),
)


def complaints(text, environment=ENVIRONMENT):
    with pytest.raises(BadPeopleFile) as problem:
        parse(text, "people.yaml", environment)
    return list(problem.value.complaints)


def test_a_file_is_read():
    assert parse(GOOD, "people.yaml", ENVIRONMENT) == READ


def test_what_is_left_out_comes_from_the_settings():
    file = parse(GOOD, "people.yaml", ENVIRONMENT, language="ru", timezone="Asia/Omsk")

    assert (file.people[1].language, file.people[1].timezone) == ("ru", "Asia/Omsk")


def test_what_is_written_is_read_back():
    assert parse(dump(READ), "people.yaml", {}) == READ


def person(fields):
    return f"people:\n  - {{email: a@example.com, name: A, {fields}}}\n"


def schedule(layer, more=""):
    return f"""people:
  - {{email: a@example.com, name: A}}
  - {{email: v@example.com, name: V, role: viewer}}
schedules:
  - {{name: s, {more}layers: [{layer}]}}
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("people: {}", "1: people: must be a list"),
        ("persons: []", "1: persons: unknown key"),
        ("", "1: the file is empty"),
        ("people:\n\t- {}", "2: not valid YAML"),
        ("people:\n  - {name: A}", "2: people[0].email: missing"),
        ("people:\n  - {email: a@example.com}", "2: people[0].name: missing"),
        ("people:\n  - {email: a b@example.com, name: A}", "2: people[0].email: 'a b@example.com' is not an e-mail"),
        ("people:\n  - {email: a@b@example.com, name: A}", "2: people[0].email: 'a@b@example.com' is not an e-mail"),
        ("people:\n  - {email: a@example..com, name: A}", "2: people[0].email: 'a@example..com' is not an e-mail"),
        ('people:\n  - {email: "a@x.com\\nBcc: b@x.com", name: A}', "2: people[0].email: has a line break"),
        (
            "people:\n  - {email: a@example.com, name: A}\n  - {email: A@Example.com, name: B}",
            "3: people[1]: 'A@Example.com' is already in line 2",
        ),
        (person("pager: x"), "2: people[0].pager: unknown key"),
        (person("role: boss"), "2: people[0].role: 'boss' is none of viewer, responder, dispatcher, admin"),
        (person("language: fr"), "2: people[0].language: 'fr' is none of en, ru"),
        (person("timezone: Moscow"), "2: people[0].timezone: 'Moscow' is not a time zone"),
        (person("contacts: [{channel: fax, address: x}]"), "2: people[0].contacts[0].channel: 'fax' is none of email"),
        (person("contacts: [{channel: sms, address: 0800}]"), "2: people[0].contacts[0].address: is not a telephone"),
        (person("contacts: [{channel: email, address: x}]"), "2: people[0].contacts[0].address: is not an e-mail"),
        (person('contacts: [{channel: ntfy, address: "ftp://a/b"}]'), "2: people[0].contacts[0].address: is not the"),
        (person("contacts: [{channel: sms}]"), "2: people[0].contacts[0].address: missing"),
        (person('contacts: [{channel: pagerduty, address: "${NO}"}]'), "2: people[0].contacts[0].address: the environ"),
        (
            person("contacts: [{channel: sms, address: +491234567}, {channel: sms, address: +491234567}]"),
            "2: people[0].contacts: has the same address twice",
        ),
        (
            "teams:\n  - {name: t, members: [x@example.com]}",
            "2: teams[0].members[0]: there is no person 'x@example.com'",
        ),
        ("teams:\n  - {name: t, members: []}\n  - {name: t, members: []}", "3: teams[1]: 't' is already in line 2"),
        (
            schedule("{start: 2026-11-02T09:00, every: 1w, members: [x@example.com]}"),
            "5: schedules[0].layers[0].members",
        ),
        (
            schedule("{start: 2026-11-02T09:00, every: 1w, members: [a@example.com, v@example.com]}"),
            "5: schedules[0].layers[0].members[1]: v@example.com is a viewer, and viewers are never paged",
        ),
        (
            schedule("{start: 2026-11-02T09:00, every: 1w, members: []}"),
            "5: schedules[0].layers[0].members: names nobody",
        ),
        (
            schedule("{start: monday, every: 1w, members: [a@example.com]}"),
            "5: schedules[0].layers[0].start: 'monday' is",
        ),
        (
            schedule("{start: 2026-11-02T09:00+03:00, every: 1w, members: [a@example.com]}"),
            "5: schedules[0].layers[0].start: write local time without an offset",
        ),
        (
            schedule("{start: 2026-11-02, every: 5m, members: [a@example.com]}"),
            "5: schedules[0].layers[0].every: '5m' is",
        ),
        (schedule("{every: 1w, members: [a@example.com]}"), "5: schedules[0].layers[0].start: missing"),
        (
            schedule("{start: '9999-12-31T23:59', every: 1w, members: [a@example.com]}"),
            "5: schedules[0].layers[0].start: must lie before the year 2200",
        ),
        (f"people:\n  - {{email: a@example.com, name: {'x' * 101}}}", "2: people[0].name: a name has at most 100"),
        (schedule(""), "5: schedules[0].layers: has no layers"),
        (
            schedule("{start: 2026-11-02, every: 1d, members: [a@example.com]}", "team: t, "),
            "5: schedules[0].team: there",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text, complaint):
    found = complaints(text)

    assert len(found) == 1
    assert found[0].startswith(f"people.yaml:{complaint}")


def test_everything_is_told_at_once():
    text = person("role: boss, language: fr") + "teams:\n  - {name: t, members: [b@example.com]}\nother: 1\n"

    assert [complaint.split(": ")[1] for complaint in complaints(text)] == [
        "people[0].role",
        "people[0].language",
        "teams[0].members[0]",
        "other",
    ]


def test_a_complaint_does_not_give_a_key_away():
    [complaint] = complaints(person('contacts: [{channel: pagerduty, address: "se cret"}]'))

    assert "cret" not in complaint


def test_variables_stand_in_values_only():
    found = complaints('people:\n  - {email: a@example.com, "${NAME}": A}', {"NAME": "name"})

    assert found == ["people.yaml:2: people[0].${NAME}: unknown key", "people.yaml:2: people[0].name: missing"]


def test_a_variable_can_be_part_of_a_value_and_can_be_escaped():
    text = person('contacts: [{channel: ntfy, address: "https://ntfy.example/${TOPIC}"}]').replace("A,", '"$${TOPIC}",')
    file = parse(text, "people.yaml", {"TOPIC": "alarm"})

    assert file.people[0].contacts[0].address == "https://ntfy.example/alarm"
    assert file.people[0].name == "${TOPIC}"


NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufffd\ufffe\uffff\ufeff"),
    min_size=1,
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    NAMES,
    NAMES,
    st.sampled_from(Role),
    st.sampled_from(["$${", "${A}", "${A}b", "yes", "5", "~", "null", "x: y", "# x"]),
)
def test_any_name_survives_the_round_trip(name, team, role, odd):
    file = PeopleFile(
        people=(ListedPerson("a@example.com", (name + odd).strip(), role, "en", "UTC"),),
        teams=(ListedTeam((odd + team).strip(), ("a@example.com",)),),
    )

    assert parse(dump(file), "people.yaml", {}) == file


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.text("[]{}:,-&*!|>'\"#% \n\tab1~?$")))
def test_any_text_is_a_file_or_complaints(text):
    try:
        parse(text, "people.yaml", {})
    except BadPeopleFile as problem:
        assert all(complaint.startswith("people.yaml:") for complaint in problem.complaints)  # noqa: PT017
