"""What a service desk sends: one incident a ticket, the newest word wins, comments stand on the timeline."""

import pytest


def ticket(event="created", number="SD-4711", **more):
    return {"event": event, "id": number, "subject": "Почта не открывается 🔥", "priority": "critical", **more}


def post(world, body):
    answer = world.post(body, kind="ticket")
    assert answer.status_code == 202, answer.text
    return answer.json["incidents"]


def test_a_ticket_opens_an_incident_of_its_kind_and_closing_it_there_closes_it_here(world):
    number = post(world, ticket(updated_at="2026-12-05T00:00:00Z"))[0]
    incident = world.incident()
    assert (incident.kind, incident.title, incident.urgency) == ("ticket", "Почта не открывается 🔥", 2)
    assert incident.ticket["key"] == "SD-4711"
    assert post(world, ticket("solved", updated_at="2026-12-05T00:10:00Z")) == [number]
    assert world.incident().status == "resolved"
    post(world, ticket("reopened", updated_at="2026-12-05T00:20:00Z"))
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]


def test_only_the_id_is_needed(world):
    post(world, {"id": "7"})
    incident = world.incident()
    assert (incident.title, incident.status, incident.urgency) == ("7", "triggered", 3)


def test_tickets_are_never_grouped_with_each_other(world):
    for number in ("1", "2", "3"):
        post(world, ticket(number=number))
    assert len(world.incidents()) == 3


def test_an_older_word_changes_nothing(world):
    post(world, ticket(updated_at="2026-12-05T00:10:00Z", subject="new words"))
    post(world, ticket("updated", updated_at="2026-12-05T00:05:00Z", subject="old words", priority="low"))
    incident = world.incident()
    assert (incident.title, incident.ticket["priority"]) == ("new words", "critical")
    post(world, ticket("solved", updated_at="2026-12-05T00:09:00Z"))  # late: it was updated, and open, after that
    assert world.incident().status == "triggered"


@pytest.mark.parametrize("event", ["commented", "updated", "assigned", "arrival"])
def test_what_says_nothing_about_being_open_reopens_nothing(world, event):
    post(world, ticket(updated_at="2026-12-05T00:00:00Z"))
    post(world, ticket("closed", updated_at="2026-12-05T00:10:00Z"))
    post(world, ticket(event, updated_at="2026-12-05T00:20:00Z", comment={"author": "Пётр", "text": "спасибо"}))
    assert world.incident().status == "resolved"


def test_a_comment_stands_on_the_timeline(world):
    post(world, ticket())
    post(world, ticket("commented", comment={"author": "Пётр", "text": "всё ещё не работает"}))
    (entry,) = world.entries("ticket commented")
    assert entry.detail["comment"]["text"] == "всё ещё не работает"
    assert len(world.deliveries()) == 1
