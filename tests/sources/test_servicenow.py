"""ServiceNow: numbers and what is shown, states by table, times without a zone, and lines of journals."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.servicenow import parse

HEARD = Heard("desk", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
ID = "a9e30c7dc61122760116894de7bcc7bd"


def read(**given):
    (alert,) = parse({"number": "INC0010001", **given}, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"short_description": "x", "correlation_id": "1"}, {"number": "${current.number}"}, {"number": {}}],
)
def test_what_names_no_task_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


def test_a_task_is_known_by_its_number_else_by_its_sys_id():
    said = ({"number": "INC1", "sys_id": ID}, {"sys_id": ID}, {"result": {"number": {"value": "INC1"}}})
    assert [parse(body, HEARD).alerts[0].fingerprint for body in said] == ["INC1", ID, "INC1"]


@pytest.mark.parametrize(
    ("number", "state", "firing", "touch"),
    [("INC1", "1", True, False), ("INC1", 2, True, False), ("INC1", "3", True, True), ("INC1", "6", False, False),
     ("INC1", "7", False, False), ("INC1", "8", False, False), ("CHG1", "3", False, False), ("CHG1", "-5", True, False),
     ("CHG1", "0", True, True), ("PRB1", "106", False, False), ("PRB1", "101", True, False),
     ("SCTASK1", "3", False, False), ("SCTASK1", "1", True, False), ("INC1", "Closed", False, False),
     ("INC1", "In Progress", True, False), ("INC1", "Geschlossen", True, True),
     ("INC1", {"display_value": "Gelöst", "value": "6"}, False, False),
     ("INC1", {"display_value": "Resolved"}, False, False), ("INC1", None, True, True), ("INC1", "99", True, True)],
)  # fmt: skip
def test_what_a_state_means_depends_on_the_table(number, state, firing, touch):
    alert = read(number=number, state=state)
    assert (alert.firing, alert.touch) == (firing, touch)


def test_the_name_of_the_table_goes_before_the_number():
    assert read(number="INC1", state="3", sys_class_name="change_request").firing is False
    assert read(number="X1", state="Erledigt", active="false").firing is False


@pytest.mark.parametrize(
    ("said", "priority", "guessed"),
    [({"priority": "1"}, "critical", False), ({"priority": 2}, "high", False),
     ({"priority": "3 - Moderate"}, "normal", False),
     ({"priority": {"display_value": "4 - Low", "value": "4"}}, "low", False), ({"priority": "5"}, "low", False),
     ({"impact": "1", "urgency": "1"}, "critical", False), ({"impact": "2 - Medium", "urgency": "3"}, "low", False),
     ({"impact": "1"}, "high", True), ({"priority": "Hoch"}, "high", True), ({}, "high", True),
     ({"priority": "Low"}, "low", False)],
)  # fmt: skip
def test_a_priority_is_a_number_or_made_of_impact_and_urgency(said, priority, guessed):
    alert = read(**said)
    assert (alert.ticket.priority, alert.ticket.guessed) == (priority, guessed)


@pytest.mark.parametrize(
    ("given", "assignee"),
    [({"display_value": "Ira Lind", "value": ID}, "Ira Lind"), ("Ira Lind", "Ira Lind"), (ID, ""), ("", ""),
     ({"link": "https://x.example/api", "value": ID}, ""), (None, "")],
)  # fmt: skip
def test_a_reference_is_what_people_see_of_it(given, assignee):
    assert read(assigned_to=given).ticket.assignee == assignee


@pytest.mark.parametrize(
    ("given", "noted"),
    [("2026-12-05 00:01:02", True), ("2026-12-05T00:01:02Z", False),
     ({"display_value": "05.12.2026 03:01:02", "value": "2026-12-05 00:01:02"}, False)],
)  # fmt: skip
def test_a_time_is_utc_and_it_is_said_where_that_is_a_guess(given, noted):
    parsed = parse({"number": "INC1", "state": "1", "priority": "1", "sys_updated_on": given}, HEARD)
    assert parsed.alerts[0].starts_at == datetime(2026, 12, 5, 0, 1, 2, tzinfo=UTC)
    assert bool(parsed.notes) is noted


SAID = "2026-12-05 03:02:00 - Olga Owl (Additional comments)\nStill so\nand worse\n\n"
OLDER = "2026-12-04 22:00:00 - Ira Lind (Additional comments)\nOn it\n\n"


@pytest.mark.parametrize(
    ("said", "author", "text", "public"),
    [({"comments": SAID + OLDER}, "Olga Owl", "Still so\nand worse", True),
     ({"work_notes": SAID.replace("Additional comments", "Work notes")}, "Olga Owl", "Still so\nand worse", False),
     ({"comments": "short", "sys_updated_by": "olga"}, "olga", "short", True)],
)  # fmt: skip
def test_the_newest_line_of_a_journal_is_the_comment(said, author, text, public):
    ticket = read(**said).ticket
    assert (ticket.event, ticket.comment["author"], ticket.comment["text"]) == ("commented", author, text)
    assert ticket.comment["public"] is public


def test_rules_that_fire_twice_for_one_update_tell_its_comment_once(world):
    said = {"number": "INC1", "state": "2", "comments": SAID, "sys_updated_on": "2026-12-05T00:02:00Z"}
    for body in ({**said, "operation": "insert", "comments": ""}, said, said, {**said, "state": "6"}):
        assert world.post(body, "servicenow").status_code == 202
    assert world.timeline().count("ticket commented") == 1
    assert world.incident().status == "resolved"
    world.post({**said, "sys_updated_on": "2026-12-05T00:03:00Z"}, "servicenow")  # the same words, another time
    assert world.timeline().count("ticket commented") == 2
