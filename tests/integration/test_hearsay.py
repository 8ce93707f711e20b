"""What people say at a sender: whoever acknowledges there has answered here, and nothing else comes of it."""

import pytest

from gateway.doors import storing
from gateway.sources import Heard, alertmanager, told
from gateway.store.db import reading
from gateway.store.incidents.alerts import Post
from gateway.store.senders import sources as source_store
from gateway.store.upkeep import ledger
from rules.said import Said, Saying
from tests.samples import BOOK, alert, group

RULES = """
inhibitions:
  - {source: ['alertname="SiteDown"'], target: ['severity=~"warning|info"'], equal: [site]}
"""
# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def says(world, *words):
    """Each: a fingerprint, and what is said of it. All in one request of the sender's."""
    with reading() as session:
        owner = source_store.find_token(session, world.token(), world.clock.now())
    now = world.clock.now()
    said = [told(Heard(owner.name, now), *one) for one in words]
    item = storing.Item([Post(owner.source_id, owner.name, b"{}", now, said)])
    storing.store([item], world.app.extensions["gateway"])
    return item.result[0]


def acks(world, fingerprint="a1", **more):
    return says(world, (fingerprint, Said(Saying.ACKNOWLEDGED, **more)))


def test_an_acknowledgement_at_the_sender_is_an_answer(world):
    (number,) = world.post(group(alert(), alert(fingerprint="a2"))).json["incidents"]
    world.clock.advance(minutes=2)
    assert acks(world, who="  Ира\n", text="looking").incidents == [number]
    incident = world.incident()
    assert (incident.status, incident.ack_by, incident.level) == ("acknowledged", "Ира", 1)
    (line,) = world.entries("acknowledged")
    assert (line.actor, line.detail) == ("Ира", {"how": "source", "after_s": 120, "why": "alertmanager"})
    (note,) = world.entries("note")
    assert (note.actor, note.detail["text"]) == ("Ира", "looking")
    assert {one.status for one in world.deliveries()} == {"cancelled"}
    world.passes(hours=2)
    assert world.incident().level == 1  # the ladder stands
    assert acks(world, "a2", who="Oleg").incidents == [number]
    assert len(world.entries("acknowledged")) == 1
    assert world.incident().ack_by == "Ира"
    assert world.alert("resolved") == world.alert("resolved", fingerprint="a2") == [number]
    assert world.incident().status == "resolved"
    with reading() as session:
        assert ledger.read(session).handled == 6


def test_of_what_is_not_known_or_over_nothing_comes(world):
    assert acks(world, "never").incidents == []
    assert world.incidents() == []
    (number,) = world.alert(fingerprint="never")  # it counts as new all the same
    assert [one.kind for one in world.entries()] == ["opened"]
    assert world.incident().title == "InstanceDown on db01"
    world.alert("resolved", fingerprint="never")
    assert acks(world, "never", text="it was the fan").incidents == [number]
    assert world.incident().status == "resolved"
    assert [one.kind for one in world.entries()] == ["opened", "resolved", "note"]
    with reading() as session:
        assert ledger.read(session).balanced


def test_opened_and_acknowledged_in_one_request_nobody_is_called(world):
    now = world.clock.now()
    with reading() as session:
        owner = source_store.find_token(session, world.token(), now)
    heard = Heard(owner.name, now)
    firing = alertmanager.parse(group(alert()), heard).alerts
    post = Post(owner.source_id, owner.name, b"{}", now, [*firing, told(heard, "a1", Said(Saying.ACKNOWLEDGED))])
    storing.store([storing.Item([post])], world.app.extensions["gateway"])
    assert world.incident().status == "acknowledged"
    assert world.entries("acknowledged")[0].actor == "alertmanager"
    assert {one.status for one in world.deliveries(kind="opened")} == {"cancelled"}


@sqlite
def test_a_note_is_written_once_and_wakes_nobody(world):
    world.alert()
    note = ("a1", Said(Saying.NOTE, "Oleg", "**fan**", "17"))
    says(world, note)
    says(world, note, ("a1", Said(Saying.NOTE, text="another", id="18")))
    assert [(one.actor, one.detail["text"]) for one in world.entries("note")] == [
        ("Oleg", "**fan**"), ("alertmanager", "another"),
    ]  # fmt: skip
    assert world.incident().status == "triggered"
    assert world.incident().title == "InstanceDown on db01"


@sqlite
def test_a_note_that_comes_with_each_repeat_is_written_once_an_incident(world):
    def create(note, **more):
        world.clock.advance(minutes=1)
        assert (
            world.post({"message": "Mail is down", "alias": "mail", "note": note} | more, "opsgenie").status_code == 202
        )

    def notes():
        return [(one.incident_id, one.detail["text"]) for one in world.entries("note")]

    for note in ("see the runbook", "see the runbook", "the fan, too", "see the runbook"):
        create(note)
    first = world.incident().id
    assert notes() == [(first, "see the runbook"), (first, "the fan, too")]
    world.post({"action": "close", "identifier": "mail", "body": {}}, "opsgenie")
    world.clock.advance(hours=2)
    create("see the runbook")
    second = world.incidents()[-1].id
    assert second != first
    assert notes()[2:] == [(second, "see the runbook")]


def test_the_part_of_something_bigger_answers_for_itself_only(world_of):
    world = world_of(book=BOOK + RULES)
    world.post(group(alert(name="SiteDown", fingerprint="site", site="kazan")))
    world.post(group(alert(name="Slow", fingerprint="slow", severity="warning", site="kazan")))
    acks(world, "slow")
    assert world.incident().status == "triggered"
    acks(world, "site")
    assert world.incident().status == "acknowledged"


@sqlite
def test_an_acknowledgement_for_a_time_is_not_made_longer(world):
    (number,) = world.alert()
    world.acknowledges(number)
    acks(world)
    assert [one.actor for one in world.entries("acknowledged")] == ["Anna"]


@sqlite
def test_what_has_ceased_is_not_answered_while_others_fire(world):
    world.post(group(alert(), alert(fingerprint="a2")))
    world.alert("resolved", fingerprint="a2")
    acks(world, "a2")
    assert world.incident().status == "triggered"
