"""A merge taken back: each incident as it was, with its own alerts; and when it is refused."""

from gateway import actions
from gateway.acts import merging
from gateway.store.db import db
from gateway.store.tables import AlertRow, UndoRow
from rules.lifecycle import Given, Signal
from rules.telling.undoing import Obstacle
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program
from tests.integration.test_undo import ANNA, OLEG, back, calls
from tests.samples import alert, group


def merges(world, one, two):
    """Returns the name by which it can be taken back."""
    assert merging.merge(one, two, ANNA, world.clock.now())
    return undos()[-1]


def undos():
    db.session.rollback()
    return [row.token for row in db.session.query(UndoRow).order_by(UndoRow.id)]


def homes():
    db.session.rollback()
    return {row.fingerprint: row.incident_id for row in db.session.query(AlertRow)}


def test_both_are_as_they_were_and_the_ladder_goes_on(staffed, providers):
    slow = [alert(name="Slow", fingerprint=f"s{n}") for n in (1, 2)]
    (one,) = staffed.post(group(*slow)).json["incidents"]
    staffed.delivers()
    (two,) = staffed.alert(name="Down", fingerprint="d1")
    staffed.passes(minutes=2)
    token = merges(staffed, one, two)
    staffed.clock.advance(minutes=3)
    assert back(staffed, token, OLEG).obstacle is Obstacle.GONE
    assert back(staffed, token).done == [one]
    first, second = staffed.incidents()
    assert (first.status, first.level, first.merged_into) == ("triggered", 1, None)
    assert (first.resolved_at, first.resolved_by, first.resolve_kind) == (None, None, None)
    assert (first.next_at - staffed.clock.now()).total_seconds() == 180  # as much as was left
    assert second.alert_count == 1
    assert homes() == {"s1": one, "s2": one, "d1": two}
    assert staffed.timeline(one)[-2:] == ["merged", "undone"]
    assert staffed.timeline(two)[-2:] == ["merged in", "undone"]
    assert back(staffed, token).obstacle is Obstacle.DONE
    staffed.delivers()
    assert calls(providers, "resolve") == []  # its key had not heard that it was over
    staffed.passes(minutes=3)
    assert staffed.incidents()[0].level == 2
    staffed.alert("resolved", name="Down", fingerprint="d1")
    staffed.post(group(*(alert("resolved", name="Slow", fingerprint=f"s{n}") for n in (1, 2)), status="resolved"))
    assert [row.status for row in staffed.incidents()] == ["resolved", "resolved"]


def test_whoever_heard_that_it_is_over_is_told_anew(staffed, providers):
    (one,) = staffed.alert(name="Slow", fingerprint="s1")
    (two,) = staffed.alert(name="Down", fingerprint="d1")
    staffed.delivers()
    token = merges(staffed, one, two)
    staffed.delivers()
    assert calls(providers, "resolve") == ["anna"]
    staffed.clock.advance(minutes=1)
    assert back(staffed, token).done == [one]
    staffed.delivers()
    assert (staffed.incidents()[0].status, staffed.incidents()[0].merged_into) == ("triggered", None)
    anew = staffed.deliveries(incident_id=one, level=2, channel="pagerduty")
    assert [(found.who, found.kind) for found in anew] == [("anna@example.org", "escalated")]


def test_it_is_refused_when_it_would_be_wrong(world):
    now = world.clock.now

    def pair(name, **more):
        (one,) = world.alert(name=f"{name}1", fingerprint=f"{name}1", **more)
        (two,) = world.alert(name=f"{name}2", fingerprint=f"{name}2", **more)
        return one, two, merges(world, one, two)

    one, two, token = pair("a")
    actions.act(two, Signal.RESOLVE, OLEG, now(), Given())
    assert back(world, token).refused == [(one, Obstacle.OTHER_OVER)]
    one, two, token = pair("b")
    (three,) = world.alert(name="b3", fingerprint="b3")
    later = merges(world, two, three)
    assert back(world, token).refused == [(one, Obstacle.OTHER_OVER)]
    assert back(world, later).done == [two]
    one, two, token = pair("c")
    made = merging.split(two, [row.id for row in db.session.query(AlertRow) if row.fingerprint == "c1"], OLEG, now())
    assert back(world, token).refused == [(one, Obstacle.ELSEWHERE)]
    assert homes()["c1"] == made
    one, two, token = pair("d")
    world.alert("resolved", name="d1", fingerprint="d1")
    assert back(world, token).refused == [(one, Obstacle.CLEARED)]
    one, two, token = pair("e")
    world.alert(name="e1", fingerprint="another", instance="db01")  # the same key, open anew
    assert back(world, token).refused == [(one, Obstacle.ANOTHER)]
    one, two, token = pair("f")
    world.clock.advance(minutes=10, seconds=6)
    assert back(world, token).obstacle is Obstacle.TOO_LATE
    assert homes()["f1"] == two


def test_what_only_the_merged_alerts_held_open_is_over_once_they_are_apart(staffed, providers):
    everybody_has_a_password()
    (two,) = staffed.alert(name="Down", fingerprint="d1")
    staffed.delivers()
    (one,) = staffed.alert(name="Slow", fingerprint="s1")
    token = merges(staffed, one, two)
    staffed.alert("resolved", name="Down", fingerprint="d1")
    assert staffed.incidents()[0].status == "triggered", "what was merged still fires"
    staffed.clock.advance(minutes=1)
    assert back(staffed, token).done == [one]
    second, first = staffed.incidents()
    assert (first.status, second.status) == ("triggered", "resolved")
    assert (second.resolved_at, second.resolved_by, second.resolve_kind) == (staffed.clock.now(), None, "auto")
    assert staffed.timeline(two)[-2:] == ["undone", "resolved"]
    staffed.delivers()
    assert calls(providers, "resolve") == ["anna"], "whoever was called hears that it is over"
    anna = Browser(staffed.app)
    anna.sign_in()
    assert "Its own alerts had cleared before." in anna.get(f"/incidents/{two}").text
    staffed.alert("resolved", name="Slow", fingerprint="s1")
    assert [row.status for row in staffed.incidents()] == ["resolved", "resolved"]


def test_what_still_fires_or_was_opened_by_a_person_stays_open_once_they_are_apart(staffed):
    (one,) = staffed.alert(name="Slow", fingerprint="s1")
    (two,) = staffed.post(group(*(alert(name="Down", fingerprint=f"d{n}") for n in (1, 2)))).json["incidents"]
    token = merges(staffed, one, two)
    staffed.alert("resolved", name="Down", fingerprint="d1")
    assert back(staffed, token).done == [one]
    assert [row.status for row in staffed.incidents()] == ["triggered", "triggered"]
    staffed.alert("resolved", name="Down", fingerprint="d2")
    assert [row.status for row in staffed.incidents()] == ["triggered", "resolved"]


def test_page_and_programs_offer_it(world):
    everybody_has_a_password()
    anna = Browser(world.app)
    anna.sign_in()
    (one,) = world.alert(name="Slow", fingerprint="s1")
    (two,) = world.alert(name="Down", fingerprint="d1")
    place = anna.press(f"/incidents/{one}/merge", into=f"#{two}").headers["Location"]
    token = place.partition("undo=")[2]
    page = anna.get(place).text
    assert f'action="/undo/{token}"' in page
    assert f"Merged: #{one}." in page
    said = anna.press(f"/undo/{token}", headers={"HX-Request": "true"}).headers["HX-Trigger"]
    assert f"Taken back for #{one}: open again, with the alerts that went." in said
    assert "took back the merge: it is open again" in anna.get(f"/incidents/{one}").text
    assert f"took back the merge: #{one} is an incident of its own again" in anna.get(f"/incidents/{two}").text
    program = Program(world, "read", "act")
    answer = program.post(f"/incidents/{one}/merge", json={"into": two}).json
    world.resolves(two)
    refused = program.post("/undo", json={"undo": answer["undo"]}).json
    assert refused == {"act": "merge", "done": [], "refused": [{"incident": one, "why": "the other is over"}]}
