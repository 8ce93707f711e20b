"""Whoever is named in a note hears of it, once, by push or else by e-mail, in their language."""

from sqlalchemy import update

from gateway.store.db import transaction
from gateway.store.tables import PersonRow
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program


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


def irina_of(world):
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    return irina
