"""The service desk hears who works on its tickets, once; where it cannot, the ticket says so and nothing is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.flows import writeback
from gateway.store.db import db, transaction
from gateway.store.outgoing import desk as words
from gateway.store.tables import Audit, DeskAddress, DeskWord, Source
from tests.fakes.http import FakeServer, drop, reply
from tests.integration.test_ticket_pages import signed_in
from tests.integration.test_tickets import post, ticket

SECRET = "a-token-of-the-desk"


@pytest.fixture
def desk():
    with FakeServer() as server:
        yield server


@pytest.fixture
def world(world_of):
    return world_of(NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_PUBLIC_URL="https://nabat.example.org")


def turns(world):
    db.session.rollback()
    return writeback.turn(world.app.extensions["gateway"])


def statuses():
    db.session.rollback()
    return list(db.session.scalars(select(DeskWord.status).order_by(DeskWord.id)))


def connected(world, desk, **more):
    """An administrator says on the page of the source where the desk hears it."""
    admin = signed_in(world)
    number = db.session.scalars(select(Source.id).where(Source.kind == "ticket")).one()
    form = {"url": f"{desk.url}/hooks/nabat", "bearer": SECRET, **more}
    assert admin.press(f"/sources/{number}/desk", **form).status_code == 302
    return admin, number


def test_d1_the_service_desk_hears_once_who_has_it(world, desk):
    (number,) = post(world, ticket())
    admin, source = connected(world, desk)
    shown = admin.get(f"/sources/{source}").text
    assert f"{desk.url}/hooks/nabat" in shown
    assert SECRET not in shown
    assert SECRET not in str([one.detail for one in db.session.scalars(select(Audit))])
    assert SECRET not in db.session.get(DeskAddress, source).sealed
    admin.press(f"/incidents/{number}/assign", to="anna@example.org")
    assert statuses() == ["queued"]  # with the assignment, in its transaction
    assert turns(world) == 1
    assert turns(world) == 0
    (asked,) = desk.requests
    assert (asked.method, asked.path) == ("POST", "/hooks/nabat")
    assert asked.headers["Authorization"] == f"Bearer {SECRET}"
    assert asked.headers["Idempotency-Key"].startswith("nabat-desk-")
    assert asked.json() == {
        "event": "assigned", "id": "SD-4711", "assignee": {"email": "anna@example.org", "name": "Anna"}, "by": "Irina",
        "at": asked.json()["at"], "url": "https://nabat.example.org/tickets/SD-4711",
    }  # fmt: skip
    page = admin.get("/tickets/SD-4711").text
    assert "The service desk was told</b> that Anna has it" in page
    post(world, ticket("assigned", assignee={"email": "anna@example.org"}))  # the desk says it back: no echo
    admin.press(f"/incidents/{number}/assign", to="anna@example.org")  # already hers
    assert turns(world) == 0

    admin.press(f"/incidents/{number}/assign")  # taken …
    token = admin.get("/tickets").text and admin.press(f"/incidents/{number}/assign", to="oleg@example.org")
    assert statuses() == ["sent", "replaced", "queued"]  # … and given away before the desk could be told
    undo = token.headers["Location"].split("undo=")[1]
    admin.press(f"/undo/{undo}")
    assert turns(world) == 1
    assert desk.requests[-1].json()["assignee"]["email"] == "irina@example.org"
    world.alert(name="Disk", fingerprint="d")
    admin.press(f"/incidents/{number + 1}/assign")  # no ticket: nobody to tell
    assert turns(world) == 0


def test_what_does_not_get_through_stands_on_the_ticket(world, desk):
    (number,) = post(world, ticket())
    admin, source = connected(world, desk)
    desk.then(reply(503), drop(), reply(422, {"error": "no such user"}), reply(), reply(404))
    admin.press(f"/incidents/{number}/assign", to="anna@example.org")
    assert turns(world) == 1
    page = admin.get("/tickets/SD-4711").text
    for text in ("The service desk is not told yet", "that Anna has it", "HTTP 503", "Tried again by itself at"):
        assert text in page, text
    assert turns(world) == 0  # not before its pause is over
    world.clock.advance(seconds=2)
    assert turns(world) == 1
    key = {one.headers["Idempotency-Key"] for one in desk.requests}
    assert len(key) == 1
    admin.press(f"/incidents/{number}/desk")  # at once
    assert turns(world) == 1
    page = admin.get("/tickets/SD-4711").text
    assert "The service desk was NOT told</b> that Anna has it. (HTTP 422" in page.replace("  ", " ")
    assert statuses() == ["failed"]
    viewer = signed_in(world, "oleg@example.org", "viewer")
    assert f"/incidents/{number}/desk" not in viewer.get("/tickets/SD-4711").text
    assert viewer.press(f"/incidents/{number}/desk").status_code == 403
    admin.press(f"/incidents/{number}/desk", back="/tickets/SD-4711")
    assert turns(world) == 1
    assert statuses() == ["sent"]
    assert "NOT told</b> that Anna has it. (HTTP" not in admin.get("/tickets/SD-4711").text
    admin.press(f"/sources/{source}/desk", url="", keep="1")
    admin.press(f"/incidents/{number}/assign", to="irina@example.org")
    assert turns(world) == 0  # it is told nothing any more
    for wrong in ("ftp://desk.example.org", "http://10.0.0.1/", "https://user:pw@desk.example.org/"):
        assert admin.press(f"/sources/{source}/desk", url=wrong).status_code == 422, wrong


def test_an_address_that_goes_and_a_day_in_vain(world, desk):
    (number,) = post(world, ticket())
    admin, source = connected(world, desk)
    desk.usual = lambda _asked: reply(500)
    admin.press(f"/incidents/{number}/assign", to="anna@example.org")
    turns(world)
    world.clock.advance(hours=25)
    turns(world)
    assert statuses() == ["failed"]
    assert world.entries("desk failed")[0].detail == {"to": "Anna", "error": "HTTP 500"}
    admin = signed_in(world)
    other = f"{desk.url}/elsewhere"
    admin.press(f"/sources/{source}/desk", url=f"{other}?key={SECRET}")
    assert SECRET not in str([one.detail for one in db.session.scalars(select(Audit))])  # more people read that
    admin.press(f"/sources/{source}/desk", url=other, keep="1")  # another address is never shown the old one's token
    assert db.session.get(DeskAddress, source).sealed is None
    admin.press(f"/incidents/{number}/assign", to="irina@example.org")
    admin.press(f"/sources/{source}/desk", url="")
    turns(world)
    assert "no address is set" in world.entries("desk failed")[-1].detail["error"]


def test_a_desk_that_is_silent_holds_up_no_other_and_no_word_is_sent_beside_itself(world, desk):
    tickets = [post(world, ticket(number=f"SD-{number}"))[0] for number in (1, 2)]
    other = world.post(ticket(number="HD-1"), kind="ticket", name="other").json["incidents"][0]
    admin = signed_in(world)
    for number in db.session.scalars(select(Source.id).where(Source.kind == "ticket")):
        assert admin.press(f"/sources/{number}/desk", url=f"{desk.url}/{number}").status_code == 302
        assert admin.press(f"/sources/{number}/desk", url=f"{desk.url}/{number}", bearer="ключ").status_code == 422
    desk.then(reply(503))
    for number in (*tickets, other):
        admin.press(f"/incidents/{number}/assign", to="anna@example.org")
        world.clock.advance(seconds=1)
    assert turns(world) == 2
    assert statuses() == ["queued", "queued", "sent"]
    world.clock.advance(seconds=2)
    with transaction() as session:
        assert words.lease(session, world.clock.now()).incident_id == tickets[1]
    admin.press(f"/incidents/{tickets[1]}/desk")  # it is being sent just now
    assert turns(world) == 1
    assert statuses() == ["sent", "queued", "sent"]
    admin.press(f"/sources/{world.incidents()[0].source_id}/desk", url="")
    admin.press(f"/incidents/{tickets[1]}/assign", to="irina@example.org")
    assert statuses() == ["sent", "replaced", "sent"], "nobody hears any more that Anna has it"


def test_a_newer_word_waits_for_an_older_one_that_is_on_its_way(world, desk):
    (number,) = post(world, ticket())
    admin, _ = connected(world, desk)
    admin.press(f"/incidents/{number}/assign", to="anna@example.org")
    with transaction() as session:
        lost = words.lease(session, world.clock.now())
    admin.press(f"/incidents/{number}/assign", to="oleg@example.org")
    assert turns(world) == 0, "another worker sends nothing beside it"
    writeback._settle(lost, "", None, world.clock.now(), final=False)
    assert [one.detail for one in world.entries("desk told")] == [{"to": "Anna"}]  # it was heard all the same
    assert turns(world) == 1
    assert statuses() == ["replaced", "sent"]

    admin.press(f"/incidents/{number}/assign", to="anna@example.org")
    with transaction() as session:
        words.lease(session, world.clock.now())  # by a worker that is killed
    admin.press(f"/incidents/{number}/assign", to="irina@example.org")
    assert turns(world) == 0
    world.clock.advance(seconds=61)
    assert turns(world) == 1
    assert desk.requests[-1].json()["assignee"]["email"] == "irina@example.org"


def test_what_the_desk_decides_itself_is_not_overwritten_by_an_older_word_of_ours(world, desk):
    (number,) = post(world, ticket())
    admin, _ = connected(world, desk)
    admin.press(f"/incidents/{number}/assign", to="irina@example.org")
    assert turns(world) == 1
    world.clock.advance(minutes=10)
    desk.usual = lambda _asked: reply(503)
    admin.press(f"/incidents/{number}/assign", to="anna@example.org")
    assert turns(world) == 1
    before = (world.clock.now() - timedelta(minutes=1)).isoformat()
    world.clock.advance(minutes=1)
    post(world, ticket("assigned", assignee="boris@desk.example", updated_at=before))  # said before our word
    assert statuses() == ["sent", "queued"]
    for same in ("irina@example.org", {"name": "anna"}):  # whom it heard of from us, and what it is still to be told
        world.clock.advance(seconds=1)
        post(world, ticket("updated", assignee=same, updated_at=world.clock.now().isoformat()))
    assert statuses() == ["sent", "queued"]
    world.clock.advance(seconds=1)
    now = world.clock.now().isoformat()
    post(world, ticket("assigned", assignee={"name": "<b>Boris</b>"}, updated_at=now))
    assert statuses() == ["sent", "replaced"]
    assert world.entries("desk overtaken")[0].detail == {"to": "Anna", "has": "<b>Boris</b>"}
    page = admin.get("/tickets/SD-4711").text
    assert "The service desk is not told any more</b> that Anna has it" in page
    assert "Since then it says itself that &lt;b&gt;Boris&lt;/b&gt; has it." in page
    world.clock.advance(hours=1)
    admin.press(f"/incidents/{number}/desk")
    assert turns(world) == 0
    admin.press(f"/incidents/{number}/assign", to="oleg@example.org")  # later than the desk: ours is told again
    assert turns(world) == 1
