"""The first run, from an empty database on: what it says at each stage is so, and it ends when somebody was reached."""

import html
import re

from gateway.access import auth
from gateway.access.contacts import SENDS
from gateway.demo.fill import BOOK
from gateway.store.db import db, transaction
from gateway.store.directory import people
from tests.browsing import PASSWORD, Browser, token_in
from tests.fakes.push import FakePush
from tests.integration.test_push import subscribe

SHIPPED = (BOOK.parent / "book" / "book.yaml").read_text()  # of a fresh install
WORKS = "it works from end to end"
SETTINGS = ("NABAT_SMTP_URL", "NABAT_MAIL_FROM")


class Steps:
    """Ada, who has just made herself the administrator."""

    def __init__(self, world):
        self.world, self.me = world, Browser(world.app)
        with transaction() as session:
            link = auth.new_setup_link(session, world.clock.now())
        form = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD, "token": link}
        answer = self.me.post("/setup", {**form, "csrf_token": token_in(self.me.get(f"/setup?token={link}").text)})
        assert answer.location == "/setup/steps"

    def press(self, step, **form):
        return self.me.press(f"/setup/steps/{step}", **form)

    @property
    def page(self):
        return html.unescape(self.me.get("/setup/steps").text)

    @property
    def end(self):
        return re.search(r'<div id="ending">(.*?)<form method="post" action="/setup/steps/test">', self.page, re.S)[1]

    def test(self, seconds=3):
        """Presses, and the worker does its part so much later. The page in between and after it."""
        assert self.press("test").location == "/setup/steps#end"
        before = self.end
        self.world.clock.advance(seconds=seconds)
        self.world.delivers()
        return before, self.end

    def contacts(self):
        db.session.rollback()
        found = people.directory(db.session()).people["ada@example.org"].contacts
        return {one.channel: (one.id, one.verified, one.proven) for one in found}


def answer(world, text):
    """In the message itself: by the link in it."""
    place = re.search(r"https://nabat\.example\.org(/p/[\w.-]+)", text)[1]
    assert world.client.post(place, data={"do": "acknowledge"}).status_code == 302


def test_without_any_provider_nothing_is_said_to_work(world_of):
    world = world_of(SHIPPED, people="")
    ada = Steps(world)
    for said in ("Listening", "Nothing that is set up can reach you yet", "ntfy: the address of your topic", *SETTINGS,
                 "NABAT_SMTP_URL='smtp://", "Ordinary (e-mail)", 'id="push"', "not confirmed yet"):  # fmt: skip
        assert said in ada.page, said
    before, after = ada.test()
    assert "Nobody has been told yet." in before
    assert "waiting to be sent" in before
    assert "Nobody was told: it is written to the log only." in after
    assert all(name in after for name in SETTINGS)
    mail = ada.contacts()["email"][0]
    ada.me.press(f"/me/contact/{mail}/test")
    assert ada.me.press(f"/me/contact/{mail}/confirm", did="arrived").status_code == 422  # it stands in the log alone
    ada.press("arrived", contact=mail)
    assert world.incident().status == "triggered"
    ada.me.press(f"/incidents/{world.incident().id}/acknowledge")
    assert "whether you are reached is still open" in ada.end
    assert WORKS not in ada.page
    assert "not confirmed yet: no message has been seen" in ada.me.get("/people").text

    assert ada.press("zone", language="ru", timezone="Europe/Berlin").status_code == 302
    assert "Ещё не подтверждено".lower() in ada.page.lower()
    assert "Project-Id-Version" not in ada.page
    assert ada.press("zone", language="en", timezone="Europe/Berlin").status_code == 302
    world.alert()
    assert "Heard from alertmanager." in ada.me.get("/setup/steps?part=1", **{"HX-Request": "true"}).text
    assert ada.press("oncall", who="me").status_code == 302
    todo = re.findall(r'<a href="[^"]*">([^<]*)</a> <span class="vh">\(not yet\)', ada.me.get("/overview").text)
    assert todo == ["A contact of yours is confirmed", "A test message has reached you", "The rule book is your own",
                    "There is a second person"]  # fmt: skip
    ada.me.press("/overview/checklist")
    assert "Still to set up" not in ada.me.get("/overview").text


def test_ntfy_alone_reaches_whoever_presses_and_each_press_is_a_test_of_its_own(world_of, providers):
    public = "https://nabat.example.org"
    world = world_of(SHIPPED, people="", NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_PUBLIC_URL=public)
    ada = Steps(world)
    added = ada.me.press("/me/contact", channel="ntfy", address=f"{providers.ntfy.url}/ada-topic", back="steps")
    assert added.location == "/setup/steps?said=code#reach"
    number, verified, _ = ada.contacts()["ntfy"]
    assert not verified
    code = re.search(r"\b[0-9]{6}\b", providers.ntfy.messages[-1]["message"])[0]
    confirmed = ada.me.press(f"/me/contact/{number}/confirm", code=code, back="steps")
    assert confirmed.location == "/setup/steps?said=confirmed#reach"
    assert ada.contacts()["ntfy"][1:] == (True, True)
    assert "Nothing that is set up can reach you yet" not in ada.page
    assert "Ordinary (e-mail)" in ada.page  # by this book it goes by e-mail alone

    _, after = ada.test()
    assert "Accepted by the provider 3.0 s after the alert. Did it arrive?" in after
    assert "written to the log only" in after  # the e-mail beside it
    assert WORKS not in after
    answer(world, str(providers.ntfy.messages[-1]))
    assert "Acknowledged in the message itself, 3.0 s after the alert: it works from end to end." in ada.end
    assert "Still open" in ada.end
    assert ada.contacts()["email"][1:] == (True, False)

    heard = len(providers.ntfy.messages)
    before, after = ada.test()
    assert "Nobody has been told yet." in before
    assert WORKS not in before + after
    first, second = world.incidents()
    assert (first.status, second.status) == ("resolved", "triggered")
    fresh = [one for one in providers.ntfy.messages[heard:] if one["actions"][0]["label"] == "Acknowledge"]
    assert [one["priority"] for one in fresh] == [3]  # with a sound
    world.acknowledges(second.id, name="Bob")
    assert "Acknowledged by Bob, not by you." in ada.end
    _, after = ada.test()
    assert "Did it arrive?" in after
    ada.press("arrived", contact=number)
    assert "Acknowledged 3.0 s after the alert: it works from end to end." in ada.end


def test_a_mail_that_is_refused_says_why_and_one_that_is_answered_confirms_its_address(staffed_of, providers):
    world = staffed_of(SHIPPED, people="")
    ada = Steps(world)
    assert ada.contacts()["email"][1:] == (True, False)
    providers.mail.at("rcpt", "550 5.1.1 no such user")
    mail = ada.contacts()["email"][0]
    assert ada.me.press(f"/me/contact/{mail}/test").status_code == 422
    assert "Did it arrive?" not in ada.page
    providers.mail.at("rcpt", "550 5.1.1 no such user")
    _, after = ada.test()
    assert "Nobody was told: no message got out." in after
    assert "no such user" in after
    assert "Look at NABAT_SMTP_URL" in after
    providers.mail.at("connect", "421 come back later")
    _, after = ada.test()
    assert "not accepted yet:" in after
    world.clock.advance(seconds=30)
    world.delivers()
    assert "Did it arrive?" in ada.end
    answer(world, providers.mail.mails[-1].get_body(("plain",)).get_content())
    assert WORKS in ada.end
    part = ada.me.get("/setup/steps?part=1&was=before", **{"HX-Request": "true"}).text
    assert 'id="reach" hx-swap-oob="true"' in part  # the step that it confirms
    was = re.search(r"was=(\w+)", ada.page)[1]
    assert ada.me.get(f"/setup/steps?part=1&was={was}", **{"HX-Request": "true"}).status_code == 204
    assert ada.contacts()["email"][1:] == (True, True)
    assert "ready" in ada.me.get("/people").text


def test_push_in_a_browser_needs_nothing_and_is_confirmed_by_what_arrives(world_of):
    with FakePush() as service:
        world = world_of(SHIPPED, people="", NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1")
        ada, browser = Steps(world), service.browser()
        assert subscribe(ada.me, browser.subscription()).status_code == 201
        assert ada.contacts()["webpush"][1:] == (True, False)
        number = ada.contacts()["webpush"][0]
        assert "not confirmed yet" in ada.me.get("/me/push", **{"HX-Request": "true"}).text
        ada.me.press(f"/me/push/{number}/test")
        assert ada.me.press(f"/me/contact/{number}/confirm", did="arrived").status_code == 302
        assert ada.contacts()["webpush"][1:] == (True, True)
        _, after = ada.test()
        assert "Did it arrive?" in after
        assert service.messages[-1][1]["actions"][0]["action"] == "acknowledge"


def test_as_many_tests_an_hour_as_of_any_contact(world_of):
    world = world_of(SHIPPED, people="")
    ada = Steps(world)
    for _ in range(SENDS):
        assert ada.press("test").location == "/setup/steps#end"
        world.clock.advance(minutes=1)
    answer = ada.press("test")
    assert answer.status_code == 429
    assert "That was the fifth within an hour. Wait a little." in answer.text
    assert len(world.incidents()) == SENDS  # the last one told nobody
    assert [one.status for one in world.incidents()][-1] == "triggered"  # and left the one before as it was
    world.clock.advance(hours=1)
    assert ada.press("test").location == "/setup/steps#end"
    assert len(world.incidents()) == SENDS + 1
