"""Many incidents merged at once from the list: into the most urgent, with one way back; and a row's own escalation."""

import html
import re

from gateway.acts import jobs, several
from gateway.flows import jobs as flow
from tests.integration.test_machine_api import Program
from tests.integration.test_tickets import post, ticket
from tests.integration.test_undo import ANNA, back
from tests.samples import alert, group

HX = {"HX-Request": "true"}


def opens(world, name, **more):
    return world.alert(name=name, fingerprint=name, **more)[0]


def standing(world):
    return {one.id: (one.status, one.merged_into) for one in world.incidents()}


def test_a_selection_goes_into_the_most_urgent_and_comes_back_whole(world, anna):
    slow, down, also = opens(world, "slow", severity="warning"), opens(world, "down"), opens(world, "also")
    (desk,) = post(world, ticket())
    chosen = [str(one) for one in (slow, also, down, desk, 99)]
    answer = anna.press("/incidents/bulk", headers=HX, do="merge", n=chosen)
    said = answer.headers["HX-Trigger"]
    assert f"Merged: #{slow}, #{also}." in said
    assert f"#{desk} (it could not be done)" in said
    assert "#99 (there is no such incident)" in said
    assert standing(world) == {
        slow: ("resolved", down), also: ("resolved", down), down: ("triggered", None), desk: ("triggered", None),
    }  # fmt: skip
    token = re.search(r'"undo": "(\w+)"', said)[1]
    outcome = back(world, token)
    assert sorted(outcome.done) == [slow, also]
    assert {one: merged for one, (_, merged) in standing(world).items()} == dict.fromkeys((slow, also, down, desk))
    assert [one.alert_count for one in world.incidents()] == [1, 1, 1, 1]
    program = Program(world, "read", "act")
    found = program.post("/incidents/bulk", json={"do": "merge", "incidents": [slow, down]}).json
    assert found["results"] == [{"incident": slow, "done": True, "why": None}]
    nothing = program.post("/incidents/bulk", json={"do": "merge", "incidents": [desk, slow]}).json
    assert [one["why"] for one in nothing["results"]] == ["not due", "not due"]
    assert several.merge([], ANNA, world.clock.now()).done == []


def test_several_are_merged_into_one_that_is_awake(world, anna):
    asleep, awake, also = opens(world, "asleep"), opens(world, "awake"), opens(world, "also")
    anna.press(f"/incidents/{asleep}/snooze", **{"for": "1h"})
    assert world.incidents()[0].snoozed_until
    anna.press("/incidents/bulk", headers=HX, do="merge", n=[str(one) for one in (asleep, awake, also)])
    assert standing(world) == {asleep: ("resolved", awake), awake: ("triggered", None), also: ("resolved", awake)}


def test_a_storm_is_merged_by_a_worker_and_taken_back(world, anna, monkeypatch):
    monkeypatch.setattr(jobs, "ABOVE", 3)
    world.post(group(*(alert(name=f"P{n:02}", fingerprint=f"p{n}") for n in range(22))))
    listed = anna.get("/incidents").text
    storm = re.search(r'<tr class="storm".*?</tr>', listed, re.DOTALL)[0]
    assert 'name="do" value="merge"' in storm
    query = re.search(r'name="query" value="([^"]*)"', storm)[1].replace("&amp;", "&")
    assert anna.press("/incidents/bulk", headers=HX, do="merge", all="yes", query=query).status_code == 202
    assert "Merging" in anna.get("/incidents").text
    flow.turn(world.app.extensions["gateway"])
    assert [status for status, _ in standing(world).values()].count("resolved") == 21
    first = min(standing(world))
    assert standing(world)[first] == ("triggered", None)


def test_what_is_done_to_a_storm_is_done_to_what_its_line_speaks_of(world, anna):
    """Somebody has two of them in hand: the others are not merged into these, where nobody is called any more."""
    taken = [opens(world, f"P{n:02}") for n in range(2)]
    for one in taken:
        anna.press(f"/incidents/{one}/acknowledge")
    world.post(group(*(alert(name=f"Q{n:02}", fingerprint=f"q{n}") for n in range(22))))
    storm = re.search(r'<tr class="storm".*?</tr>', anna.get("/incidents").text, re.DOTALL)[0]
    assert "22 incidents" in storm
    form = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', storm)}
    form.pop("csrf_token")
    anna.press("/incidents/bulk", headers=HX, **{**form, "do": "merge"})
    found = standing(world)
    assert {found[one] for one in taken} == {("acknowledged", None)}
    assert [one for one in found if found[one] == ("triggered", None)] == [taken[-1] + 1]


def test_a_row_says_which_step_was_told_and_is_escalated_once(world, anna):
    number = opens(world, "down")
    listed = anna.get("/incidents").text
    assert 'data-step="1"' in listed
    row = {**HX, "HX-Target": f"row-{number}"}
    done = anna.press(f"/incidents/{number}/escalate", headers=row, level="1")
    assert 'data-step="2"' in done.text
    again = anna.press(f"/incidents/{number}/escalate", headers=row, level="1")
    assert "The next step had begun already." in again.headers["HX-Trigger"]
    assert world.incident().level == 2
    anna.press(f"/incidents/{number}/escalate", level="2")
    assert "data-step" not in anna.get("/incidents").text  # nobody is left to be told
    for words in ("/incidents/@/escalate", "/incidents/@#assign-to", "data-link", 'data-bulk="merge"'):
        assert words in anna.get("/incidents").text
