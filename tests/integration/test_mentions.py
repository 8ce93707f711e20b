"""Whoever is named in a note hears of it, once, by push or else by e-mail, in their language."""

import re
from datetime import timedelta

from sqlalchemy import update

from gateway.actions import Actor, add_note
from gateway.store.db import transaction
from gateway.store.incidents import timeline
from gateway.store.tables import PersonRow
from rules.duty.mentions import MOST_AN_HOUR, TOO_MANY
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program, problem
from tests.integration.test_order_and_races import together


def told(world):
    found = world.deliveries(kind="mentioned")
    return [(one.name, one.channel, one.status) for one in found]


def test_who_is_named_in_a_note_is_told_who_wrote_what_where(staffed, providers):
    everybody_has_a_password()
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "oleg@example.org").values(language="ru"))
    (number,) = staffed.alert()
    staffed.delivers()
    before = len(providers.mail.mails), len(providers.ntfy.requests)
    anna, oleg = Browser(staffed.app), Browser(staffed.app)
    anna.sign_in()
    oleg.sign_in("oleg@example.org")
    anna.press(f"/incidents/{number}/notes", text="**Look**, @Oleg and @anna: `@irina` sees [it](https://x.example/a)")
    assert told(staffed) == [("Oleg", "email", "queued")]  # not herself, and not who stands in code
    staffed.delivers()
    letter = providers.mail.mails[before[0]]
    assert "Anna упоминает вас" in letter["Subject"]
    assert "**Look**, @Oleg" in letter.get_body(("plain",)).get_content()
    page = anna.get(f"/incidents/{number}").text
    assert '<strong>Look</strong>, <a href="/people/2">@Oleg</a>' in page
    assert '<a href="https://x.example/a" rel="noopener noreferrer nofollow">it</a>' in page
    assert "e-mail: Oleg" in page

    staffed.clock.advance(minutes=1)
    program = Program(staffed, "read", "act")
    assert program.post(f"/incidents/{number}/note", json={"text": "@anna <b>now</b>"}).status_code < 300
    staffed.delivers()
    staffed.delivers()
    assert told(staffed)[1:] == [("Anna", "ntfy", "delivered")] or told(staffed)[1:] == [("Anna", "ntfy", "sent")]
    assert len(providers.ntfy.requests) == before[1] + 1
    push = providers.ntfy.requests[-1].json()
    assert "mentions you" in push["title"]
    assert "<b>now</b>" in push["message"]
    assert "mentioned in a note" in irina_of(staffed).get("/deliveries").text


def test_a_note_that_is_sent_again_with_its_key_is_one_note(staffed):
    everybody_has_a_password()
    (number,) = staffed.alert()
    anna, path = Browser(staffed.app), f"/incidents/{number}"
    anna.sign_in()
    first, second = (re.search(r'name="once" value="([^"]+)"', anna.get(path).text)[1] for _ in range(2))
    assert first != second
    for _ in range(2):  # the first answer was lost
        anna.press(f"{path}/notes", text="still down, @oleg", once=first)
    assert [one.detail["text"] for one in staffed.entries("note")] == ["still down, @oleg"]
    assert len(told(staffed)) == 1
    anna.press(f"{path}/notes", text="still down, @oleg and @irina", once=first)  # written on, so another one
    anna.press(f"{path}/notes", text="still down, @oleg", once=second)  # the same once more, meant so
    anna.press(f"{path}/notes", text="still down, @oleg", once="x")  # no key
    assert len(staffed.entries("note")) == 4

    program, key = Program(staffed, "read", "act"), {"Idempotency-Key": "deploy-4711"}
    said = [program.ask("POST", f"{path}/note", json={"text": "@anna look"}, headers=key) for _ in range(2)]
    assert said[0].json == said[1].json
    assert [one["name"] for one in said[0].json["told"]] == ["Anna"]
    assert len(staffed.entries("note")) == 5
    another = program.ask("POST", f"{path}/note", json={"text": "@anna look again"}, headers=key)
    assert "wants a key of its own" in problem(another, 422)
    assert len(staffed.entries("note")) == 5
    again = program.ask("POST", f"{path}/note", json={"text": "@anna look"}, headers=key)
    assert again.json == said[0].json
    other = Program(staffed, "read", "act", name="another script")  # keys are each author's own
    other.ask("POST", f"{path}/note", json={"text": "@anna look"}, headers=key)
    assert len(staffed.entries("note")) == 6
    problem(program.ask("POST", f"{path}/note", json={"text": "x"}, headers={"Idempotency-Key": "short"}), 400)


def test_a_repeated_note_is_known_behind_a_long_timeline_and_is_each_author_s_own(staffed):
    (number,) = staffed.alert()
    key, path = {"Idempotency-Key": "deploy-4712"}, f"/incidents/{number}/note"
    programs = [Program(staffed, "read", "act", name="deploy") for _ in range(2)]  # two tokens by one name

    def says(program, text="@anna look"):
        return program.ask("POST", path, json={"text": text}, headers=key).json

    first = says(programs[0])
    assert first["told"]
    with transaction() as session:
        lines = [timeline.line(number, staffed.clock.now(), "joined", "", {"count": 1, "titles": []})] * 300
        timeline.write(session, lines)
    assert says(programs[0]) == first
    assert len(staffed.entries("note")) == 1
    says(programs[1])
    assert len(staffed.entries("note")) == 2
    (other,) = staffed.alert(name="Another", fingerprint="another")
    path = f"/incidents/{other}/note"
    says(programs[0])
    assert len(staffed.entries("note")) == 3


def test_notes_of_one_author_tell_twenty_people_an_hour_and_the_rest_is_said(staffed):
    everybody_has_a_password()
    (number,) = staffed.alert()
    anna, program = Browser(staffed.app), Program(staffed, "read", "act")
    anna.sign_in()
    path, said = f"/incidents/{number}", {"text": "@anna, @oleg, @irina: look"}
    for _ in range(6):
        staffed.clock.advance(minutes=1)
        assert len(program.post(f"{path}/note", json=said).json["told"]) == 3
    staffed.clock.advance(minutes=1)
    last = program.post(f"{path}/note", json=said).json
    assert [one["name"] for one in last["told"]] == ["Anna", "Oleg"]
    assert [one["who"] for one in last["not_told"] if one["reason"] == TOO_MANY] == ["irina@example.org"]
    assert len(told(staffed)) == MOST_AN_HOUR
    page = anna.get(path).text
    assert "Irina is not told: notes of one author tell at most 20 people an hour" in page
    staffed.clock.advance(seconds=1)
    anna.press(f"{path}/notes", text="@oleg")  # another author
    assert len(told(staffed)) == MOST_AN_HOUR + 1
    staffed.clock.advance(minutes=55)  # the first is over an hour old
    assert [one["name"] for one in program.post(f"{path}/note", json=said).json["told"]] == ["Anna", "Oleg", "Irina"]


def test_notes_that_come_at_once_are_counted_one_after_the_other(staffed):
    numbers = [staffed.alert(name=f"Fire{one}", fingerprint=f"f{one}")[0] for one in range(10)]
    now, writer = staffed.clock.now(), Actor("Script", "api", None, "token script #1")

    def write(one):
        add_note(
            numbers[one], "@anna, @oleg, @irina: look", writer, now + timedelta(milliseconds=one), "one-and-the-same"
        )

    together(staffed, write, [*range(10), *range(10)], threads=6)
    assert len(staffed.entries("note")) == 10  # each incident has it once
    assert len(told(staffed)) == MOST_AN_HOUR


def irina_of(world):
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    return irina
