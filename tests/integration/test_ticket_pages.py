"""Tickets as a dispatcher sees them: the list, one of them, whose they are, and what a client's comment does."""

import re

import pytest
from sqlalchemy import select, update

from gateway.access.links import ticket_page
from gateway.flows.housekeeping import tidy
from gateway.store.db import db, transaction
from gateway.store.tables import Looking, PersonRow
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_machine_api import Program
from tests.integration.test_tickets import post, ticket

CLIENT = {"name": "Пётр", "email": "p@client.example", "phone": "+7 000 000-00-01", "language": "ru", "vip": True}


def signed_in(world, email="irina@example.org", role=None):
    everybody_has_a_password()
    if role:
        with transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.email == email).values(role=role))
    browser = Browser(world.app)
    assert browser.sign_in(email).status_code == 302
    return browser


def titles(browser, tab):
    page = browser.get(f"/tickets?tab={tab}").text
    return [number for number in ("SD-1", "SD-2", "SD-3", "SD-4") if f">{number}<" in page]


def test_whose_turn_it_is(world):
    first, second, third, fourth = (post(world, ticket(number=f"SD-{n}", requester=CLIENT))[0] for n in range(1, 5))
    page = signed_in(world)
    assert titles(page, "unassigned") == ["SD-1", "SD-2", "SD-3", "SD-4"]
    answer = page.press(f"/incidents/{first}/assign", to="irina@example.org", back="/tickets?tab=mine")
    assert answer.headers["Location"].startswith("/tickets?tab=mine")
    assert re.search(r"Assigned: SD-\d+\.", page.get(answer.headers["Location"]).text)  # as the list calls it
    page.press(f"/incidents/{second}/snooze", **{"for": "2h"})
    post(world, ticket("updated", number="SD-3", status="waiting for customer"))
    page.press(f"/incidents/{fourth}/resolve")
    assert titles(page, "unassigned") == []
    assert titles(page, "mine") == ["SD-1"]
    assert titles(page, "waiting") == ["SD-2", "SD-3"]
    assert titles(page, "open") == ["SD-1", "SD-2", "SD-3"]
    assert titles(page, "closed") == ["SD-4"]
    assert "in somebody&#39;s hands" in page.get("/tickets").text
    post(world, ticket("assigned", number="SD-3", status="open", assignee={"email": "oleg@example.org"}))
    listed = page.get("/tickets?tab=open").text
    assert ">Oleg<" in listed.replace("\n", "")
    assert '<span class="tag vip">VIP</span>' in listed  # said once is said, whatever later words leave out
    assert titles(page, "nonsense") == titles(page, "unassigned")
    assert page.get("/tickets?tab=closed&after=x").status_code == 200
    assert third


def test_one_ticket_with_its_conversation(world):
    (number,) = post(
        world,
        ticket(
            requester=CLIENT, description="Просит пароль", service="mail", site="kazan", url="https://sd.example/4711",
            due_at="2026-12-05T00:20:00Z", arrival_at="2026-12-05T11:30:00Z",
        ),
    )  # fmt: skip
    world.alert(name="MailDown", fingerprint="m", service="mail")
    post(
        world,
        ticket("commented", comment={"author": "Пётр", "text": "Есть новости?", "public": True, "attachments": 1}),
    )
    post(
        world,
        {"event": "commented", "id": "SD-4711", "comment": {"author": "Desk", "text": "не говорить", "public": False}},
    )
    post(
        world,
        ticket("commented", comment={"author": {"name": "Desk", "staff": True}, "text": "Пишем им", "public": True}),
    )
    page = signed_in(world)
    page.press(f"/incidents/{number}/notes", text="позвоню им", back="/tickets/SD-4711")
    shown = page.get("/tickets/SD-4711").text
    for text in ("Просит пароль", "Есть новости?", "1 attachment", "позвоню им", "a note: only here", "kazan",
                 'href="https://sd.example/4711"', 'href="tel:+70000000001"', "MailDown on db01", "14:30"):  # fmt: skip
        assert text in shown, text
    assert shown.index("Просит пароль") < shown.index("Есть новости?") < shown.index("позвоню им")
    assert "internal: the client does not see it" in shown
    assert [re.search(rf'<li class="(\w+)">(?:(?!</li>).)*{text}', shown, re.S)[1] for text in ("Есть", "Пишем")] == [
        "client", "desk",
    ]  # fmt: skip
    assert 'data-until datetime="2026-12-05T03:20:00+03:00"' in shown
    world.clock.advance(hours=1)
    assert "52 min late" in page.get("/tickets/SD-4711").text
    listed = page.get("/tickets").text
    assert "52 min late" in listed
    assert re.search(r'd-said">.*<span class="nw"><time data-since [^>]*>1 h</time> ago<', listed)

    viewer = signed_in(world, "oleg@example.org", "viewer").get("/tickets/SD-4711").text
    assert "000 000-00-01" not in viewer
    assert "p@client.example" not in viewer
    assert "Пётр" in viewer
    assert "/assign" not in viewer
    responder = signed_in(world, "anna@example.org")
    before = responder.get("/tickets/SD-4711").text
    assert "desk-person" not in before
    assert f"/incidents/{number}/resolve" not in before
    responder.press(f"/incidents/{number}/assign", back="/tickets/SD-4711")
    assert f"/incidents/{number}/resolve" in responder.get("/tickets/SD-4711").text
    assert page.get("/tickets/SD-0").status_code == 404
    assert page.get("/tickets/SD-4711?source=another").status_code == 404
    assert page.get("/tickets/SD-4711?source=ticket").status_code == 200


def test_a_tickets_resolve_asks_what_fixed_it_as_an_incidents_does(world):
    (number,) = post(world, ticket())
    page = signed_in(world)
    page.press(f"/incidents/{number}/assign", back="/tickets/SD-4711")
    form = re.search(rf'<form[^>]* action="/incidents/{number}/resolve">.*?</form>', page.get("/tickets/SD-4711").text)[
        0
    ]
    assert "What fixed it?" in form
    assert 'name="fixed_by"' in form
    back = re.search(r'name="back" value="([^"]*)"', form)[1]
    answer = page.press(f"/incidents/{number}/resolve", fixed_by="a new password", back=back)
    assert answer.headers["Location"].startswith("/tickets?")
    assert world.incident().fixed_by == "a new password"
    assert "a new password" in page.get("/tickets/SD-4711").text


def test_a_clients_comment_is_told_to_whoever_has_it(staffed, providers):
    """D3: what changes comes to the dispatcher, who need not watch."""
    (number,) = post(staffed, ticket(requester=CLIENT))
    staffed.delivers()
    before = len(providers.mail.mails)

    def says(text, author="Пётр", **more):
        post(staffed, ticket("commented", comment={"author": author, "text": text, "public": True, **more}))
        staffed.delivers()
        return staffed.deliveries(kind="commented")

    (first,) = says("Всё ещё не работает. " + "да" * 100)
    assert (first.who, first.channel, first.part, first.status) == ("irina@example.org", "email", "news", "sent")
    mail = providers.mail.mails[before]
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"].startswith("Пётр wrote: SD-4711 Почта не открывается")
    assert "Всё ещё не работает. " + "да" * 40 in text.splitlines()[0]
    assert len(text.splitlines()[0]) <= 120
    staffed.clock.advance(minutes=1)
    assert len(says("и ещё", attachments=1)) == 2
    assert len(says("это между нами", public=False)) == 2  # D5
    assert len(says("отвечаю клиенту", author="irina@example.org")) == 2
    staffed.clock.advance(minutes=1)
    assert len(says("отвечаю и я", author={"name": "nobody we know", "staff": True})) == 2
    staffed.clock.advance(minutes=1)
    page = signed_in(staffed)
    page.press(f"/incidents/{number}/assign", to="anna@example.org")
    assert {one.who for one in says("спасибо")[2:]} == {"anna@example.org"}
    assert any("new comment" in line for line in [page.get("/deliveries").text])
    told = staffed.entries("ticket commented")[0].detail["told"]
    assert [one["who"] for one in told] == ["irina@example.org"]
    post(staffed, ticket("solved"))
    assert len(says("после конца")) == 3


@pytest.mark.parametrize(
    ("key", "page"),
    [
        ("SD-4711", "/tickets/SD-4711"),
        ("№ 7/2026", "/tickets/%E2%84%96%207/2026"),
        ("a%2Fb&c=d+e", "/tickets/a%252Fb%26c%3Dd%2Be"),
        ("../../login", "/incidents/3"),
        ("a/../b", "/incidents/3"),
        ("..", "/incidents/3"),
        ("//evil.example", "/incidents/3"),
        ("a//b", "/incidents/3"),
        ("octo/shop#7", "/tickets/octo/shop%237"),
        ("a?b#c", "/incidents/3"),
        ("\\\\evil", "/incidents/3"),
        ("x" * 300, "/incidents/3"),
    ],
)
def test_a_key_that_cannot_stand_in_an_address_leads_to_the_incident(key, page):
    assert ticket_page(key, 3) == page


def test_a_ticket_that_its_desk_knows_by_another_number_has_its_page(world):
    issue = {"id": "31001", "key": 'OPS-41_"%', "fields": {"summary": "No mail"}}
    assert world.post({"webhookEvent": "jira:issue_created", "issue": issue}, "jira").status_code == 202
    page = signed_in(world)
    place = ticket_page('OPS-41_"%', 0)
    assert f'href="{place}' in page.get("/tickets?tab=open").text
    assert "No mail" in page.get(place).text
    assert [page.get(one).status_code for one in ("/tickets/OPS-41x%22%25", "/tickets/OPS-4")] == [404, 404]
    program = Program(world, "read", name="cmdb")
    assert program.get(place).json["title"] == "No mail"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hostile_tickets_are_text_and_strange_keys_are_found(world):
    evil = '"><script>alert(1)</script>'
    for key in ("№ 7/2026", "a%2Fb&c=d+e", evil, "k" * 70, "octo/shop#7"):
        post(world, ticket(number=key, subject=evil, description=evil, url="javascript:alert(1)", status=evil,
                           requester={"name": evil, "email": evil, "phone": evil, "language": evil}, due_at=evil,
                           service=evil, assignee=evil))  # fmt: skip
    page = signed_in(world)
    listed = page.get("/tickets?tab=open").text
    assert "<script>alert" not in listed
    assert listed.count('class="ttl"') == 5
    for place in (
        "/tickets/octo/shop%237",
        "/tickets/%E2%84%96%207/2026",
        "/tickets/a%252Fb%26c%3Dd%2Be",
        "/tickets/" + "k" * 70,
    ):
        shown = page.get(place)
        assert shown.status_code == 200, place
        assert "<script>alert" not in shown.text
        assert "javascript:" not in shown.text
    for place in ("/tickets/../login", "/tickets/%00", "/tickets/x?source=%00", "/tickets/" + "x" * 5000):
        assert page.get(place).status_code in (200, 302, 308, 404), place


def test_who_else_has_a_ticket_open(world):
    (number,) = post(world, ticket(number="SD-1"))
    irina, anna, oleg = signed_in(world), signed_in(world, "anna@example.org"), signed_in(world, "oleg@example.org")
    tokens = {one: {"X-CSRF-Token": one.csrf()} for one in (irina, anna, oleg)}

    def looks(browser, **data):
        return browser.post(f"/incidents/{number}/looking", data, tokens[browser]).text

    def kept():
        db.session.rollback()
        return [(one.person_id, one.at) for one in db.session.scalars(select(Looking).order_by(Looking.id))]

    def polled(since):
        return irina.get(f"/live?page=tickets&q=&since={since}")

    mark = irina.get("/tickets").text.split('data-mark="')[1].split('"')[0]
    assert polled(mark).status_code == 204
    irina.get("/tickets/SD-1")
    assert kept() == []  # to look at a page changes nothing
    assert looks(irina) == ""  # nobody else
    assert looks(anna) == "Irina is looking"
    assert looks(irina) == "Anna is looking"
    assert looks(oleg) == "Anna, Irina are looking"
    first = kept()
    world.clock.advance(seconds=5)
    looks(irina)
    assert kept() == first  # not written more often than every eight seconds
    world.clock.advance(seconds=5)
    looks(irina)
    assert [one for one in kept() if one not in first] == [(first[0][0], world.clock.now())]
    changed = polled(mark)
    assert changed.status_code == 200
    assert "Anna, Oleg are looking" in changed.text
    fresh = changed.text.split('data-mark="')[1].split('"')[0]
    assert polled(fresh).status_code == 204
    assert "Anna, Oleg are looking" in irina.get("/tickets/SD-1").text
    looks(oleg, gone="1")
    assert "Anna is looking" in polled(fresh).text
    world.clock.advance(seconds=16)  # Anna's page was lost 26 seconds ago
    assert "looking" not in next(line for line in irina.get("/tickets").text.split("<td") if "d-w" in line)
    assert polled(mark).status_code == 200  # irina herself looks still
    world.clock.advance(hours=2)
    assert polled(mark).status_code == 204
    tidy(world.clock.now())
    assert kept() == []
    world.alert(name="Disk", fingerprint="d")
    assert irina.post(f"/incidents/{number + 1}/looking", {}, tokens[irina]).status_code == 404
    assert irina.post(f"/incidents/{number}/looking").status_code == 403
