"""What a service desk sends: one incident a ticket, the newest word wins, comments stand on the timeline."""

import pytest

from dashboard.incident import timeline
from dashboard.reader import reader
from gateway.actions import Actor, act
from gateway.doors import storing
from gateway.sources import Heard
from gateway.sources import ticket as ticket_source
from gateway.store.db import reading
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources as source_store
from rules.lifecycle import Given, Signal
from tests.integration.test_silences import Operator
from tests.samples import BOOK


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


@pytest.mark.parametrize("ends", ["there", "here"])
def test_a_comment_on_what_is_over_stands_on_its_timeline_and_is_told_to_nobody(world, ends):
    """Whether there is anything left to do about it the desk says by opening it again."""
    (number,) = post(world, ticket(updated_at="2026-12-05T00:00:00Z"))
    if ends == "there":
        post(world, ticket("closed", updated_at="2026-12-05T00:10:00Z"))
    else:
        world.resolves(number)
    told, before = len(world.deliveries()), world.incident()
    thanks = ticket(
        "commented", updated_at="2026-12-05T00:20:00Z", comment={"id": 1, "text": "спасибо", "public": True}
    )
    for _ in range(2):
        assert post(world, thanks) == [number]
    (line,) = world.entries("ticket commented")
    assert (line.incident_id, line.detail["comment"]["text"], "told" in line.detail) == (number, "спасибо", False)
    after = world.incident()
    assert (after.status, after.resolved_at, len(world.deliveries())) == ("resolved", before.resolved_at, told)
    assert [one.status for one in world.incidents()] == ["resolved"]
    assert after.ticket["comment"]["text"] == "спасибо"


def raises(world, priority="critical", minute=5, **more):
    return post(world, ticket("updated", priority=priority, updated_at=f"2026-12-05T00:{minute:02}:00Z", **more))


def test_a_ticket_whose_priority_rises_takes_the_route_of_the_new_one_and_its_ladder_begins(world):
    (number,) = post(world, ticket(priority="low", updated_at="2026-12-05T00:01:00Z"))
    world.clock.advance(minutes=5)
    assert raises(world) == [number]
    incident = world.incident()
    assert (incident.urgency, incident.rule, incident.level, incident.status) == (2, "critical tickets", 2, "triggered")
    assert (incident.ack_due_at - world.clock.now()).total_seconds() == incident.route["acknowledge_within"]
    assert world.timeline() == ["opened", "raised", "escalated", "ticket updated"]
    (line,) = world.entries("raised")
    assert (line.actor, line.detail["from"], line.detail["to"]) == ("ticket", "ordinary", "fast")
    (shown,) = (one for one in timeline.lines([line], reader(world.clock.now(), "en", "UTC")))
    assert (shown.rest, shown.small) == (
        "made it more urgent: Ordinary → Fast",
        ("rule “critical tickets”, policy “support”",),
    )
    assert {(one.level, one.kind, one.rank) for one in world.deliveries()} == {(1, "opened", 3), (2, "escalated", 2)}


EMERGENCY = BOOK.replace("urgency: fast, policy: support", "urgency: emergency, policy: infra")


def test_after_a_raise_the_steps_of_the_new_policy_follow_in_their_order(world_of):
    world = world_of(book=EMERGENCY)
    post(world, ticket(priority="low", updated_at="2026-12-05T00:01:00Z"))
    raises(world)
    called = [one.who for one in world.deliveries(channel="pagerduty")]
    assert called == ["anna@example.org"]
    for minutes, who in ((5, "oleg@example.org"), (10, "irina@example.org")):
        world.passes(minutes=minutes)
        assert who in [one.who for one in world.deliveries(level=world.incident().level)]
    world.passes(minutes=15)
    assert (world.incident().level, len(world.entries("told again"))) == (5, 1)
    assert len({one.once for one in world.deliveries()}) == len(world.deliveries())


def test_a_lower_priority_and_a_word_without_one_change_the_text_only(world):
    post(world, ticket(updated_at="2026-12-05T00:01:00Z"))
    raises(world, "low", subject="calmer")
    assert (world.incident().urgency, world.incident().title, world.incident().level) == (2, "calmer", 1)
    raises(world, "critical", minute=6)  # it was never less: nobody is told again
    assert (world.incident().level, world.entries("raised")) == (1, [])
    post(world, {"id": "2", "event": "created", "priority": "low", "updated_at": "2026-12-05T00:01:00Z"})
    post(world, {"id": "2", "event": "commented", "comment": "still so", "updated_at": "2026-12-05T00:02:00Z"})
    assert (world.incidents()[1].ticket["priority"], world.incidents()[1].urgency) == ("low", 3)


def test_an_older_word_raises_nothing(world):
    post(world, ticket(priority="low", updated_at="2026-12-05T00:10:00Z"))
    raises(world, minute=5)
    assert (world.incident().urgency, world.incident().level) == (3, 1)


def test_who_has_acknowledged_is_told_anew_only_of_what_wakes_people(world_of):
    for book, status, level in ((BOOK, "acknowledged", 1), (EMERGENCY, "triggered", 2)):
        world = world_of(book=book)
        number = post(world, ticket(number=status, priority="low", updated_at="2026-12-05T00:01:00Z"))[0]
        world.acknowledges(number)
        due = world.incidents()[-1].ack_due_at
        raises(world, number=status)
        incident = world.incidents()[-1]
        assert (incident.status, incident.level, incident.ack_by) == (status, level, "Anna")
        assert (incident.ack_due_at == due) == (status == "acknowledged")
        assert incident.urgency < 3


def test_a_raise_within_a_silence_tells_nobody_before_its_end_of_what_is_acknowledged(world_of):
    world = world_of(book=EMERGENCY)
    operator = Operator(world)
    (number,) = post(world, ticket(priority="low", updated_at="2026-12-05T00:01:00Z"))
    world.acknowledges(number)
    operator.silence("kind=ticket", "service=~.*", **{"for": "1h"}, confirm="silence everything")
    told = len(world.deliveries())
    raises(world)
    operator.passes(minutes=59)
    assert (len(world.deliveries()), world.incident().urgency) == (told, 0)
    operator.passes(minutes=1)
    assert world.incident().level == 2
    assert "pagerduty" in {one.channel for one in world.deliveries(level=2)}


def test_a_raise_wakes_what_is_snoozed_once(world):
    number = post(world, ticket(priority="low", updated_at="2026-12-05T00:01:00Z"))[0]
    until = world.clock.now().replace(hour=9)
    act(number, Signal.SNOOZE, Actor("Anna", "dashboard"), world.clock.now(), Given(until=until))
    raises(world)
    incident = world.incident()
    assert (incident.snoozed_until, incident.level, incident.status) == (None, 2, "triggered")
    assert world.timeline() == ["opened", "snoozed", "raised", "escalated", "ticket updated"]


def test_opened_and_raised_in_one_commit(world):
    world.token("ticket")
    with reading() as session:
        owner = source_store.find_token(session, world.token("ticket"), world.clock.now())
    now = world.clock.now()
    low = ticket(priority="low", updated_at="2026-12-05T00:01:00Z")
    high = ticket("updated", updated_at="2026-12-05T00:02:00Z")
    parsed = [ticket_source.parse(body, Heard("ticket", now)) for body in (low, high)]
    items = [storing.Item([Post(owner.source_id, owner.name, b"{}", now, one.alerts)]) for one in parsed]
    storing.store(items, world.app.extensions["gateway"])
    incident = world.incident()
    assert (incident.urgency, incident.level, incident.rule) == (2, 2, "critical tickets")
    assert {(one.level, one.rank) for one in world.deliveries()} == {(1, 3), (2, 2)}
