"""Notices by e-mail: nothing comes before whoever reads there has said yes, and one press ends it."""

import re

import pytest
from sqlalchemy import select, update

from gateway.acts import subscribing
from gateway.flows import housekeeping
from gateway.store.db import db, transaction
from gateway.store.outgoing.clients import AFTER, EVERY, NOTICE
from gateway.store.tables import Delivery, SubscriberRow
from gateway.store.upkeep import vitals
from tests.fakes.smtp import FakeSmtp
from tests.integration.test_status_pages import NAMES, ONE_IS_ENOUGH, Site

CLIENT = "petra@client.example"


@pytest.fixture
def post():
    with FakeSmtp() as made:
        yield made


@pytest.fixture
def site(world_of, post):
    made = Site(world_of(NABAT_SMTP_URL=post.url(), NABAT_MAIL_FROM="Acme <status@acme.example>"))
    made.admin.press("/settings/status-page", **NAMES, on="1", mail="1")
    return made


def letters(site, post):
    """What has come to the client since it was looked last: the message and its text."""
    site.clock.advance(seconds=AFTER.total_seconds() + 1)
    site.world.delivers()
    made = [one for one in post.mails if one["To"] == CLIENT]
    post.mails.clear()
    return made


def link_in(letter):
    return re.search(r"/status/mail/[\w-]+", letter.get_body().get_content())[0]


def subscribers():
    db.session.rollback()
    return [(one.email, one.confirmed_at is not None) for one in db.session.scalars(select(SubscriberRow))]


def test_asked_confirmed_told_and_ended_by_one_press(site, post):
    assert "/status/mail?lang=ru" in site.page("/status?lang=ru")
    asked = site.visitor.post("/status/mail?lang=ru", email=f" {CLIENT.upper()} ")
    assert asked.status_code == 200
    assert "Set-Cookie" not in asked.headers
    site.publishes()
    (letter,) = letters(site, post)
    assert letter["Subject"] == "Подтвердите: сообщения страницы Сервисы Акме"
    link = link_in(letter)
    for _ in range(2):
        assert "Да, присылайте" in site.page(link)  # looking confirms nothing
    assert subscribers() == [(CLIENT, False)]
    assert site.visitor.post(link, do="confirm").status_code == 200
    site.updates(1, "identified", "A disk.", **{"state-1": "down"})
    (letter,) = letters(site, post)
    assert letter["Subject"] == "Причина найдена: Payments are down"
    assert letter["List-Unsubscribe"].endswith(f"{link}>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = letter.get_body().get_content()
    for wanted in ("A disk.", "Платежи: ", "/status/1", link):
        assert wanted in text, wanted
    for ours in ("db-prod-17", "Irina", "irina@", "/incidents"):
        assert ours not in text + str(letter.items()), ours
    site.updates(1, "resolved", "Over.")
    ended = site.visitor.post(link, {"List-Unsubscribe": "One-Click"}, {"Sec-Fetch-Site": "cross-site"})
    assert ended.status_code == 200
    assert letters(site, post) == [], "what waited is called off"
    assert subscribers() == []
    assert site.visitor.get(link).status_code == 404
    sent = [(one.kind, one.status, one.address + one.who) for one in site.world.deliveries(incident_id=0)]
    assert sent == [("status_confirm", "sent", ""), ("status_notice", "sent", ""), ("status_notice", "cancelled", "")]


def test_what_is_taken_back_at_once_is_sent_to_nobody(site, post):
    site.visitor.post("/status/mail", email=CLIENT)
    site.visitor.post(link_in(letters(site, post)[0]), do="confirm")
    site.publishes()
    site.world.delivers()
    site.admin.press("/notices/1/undo")
    assert letters(site, post) == []


@ONE_IS_ENOUGH
def test_nobody_learns_who_subscribes_or_is_flooded(site, post):
    first = site.visitor.post("/status/mail", email=CLIENT).text
    link = link_in(letters(site, post)[0])
    site.visitor.post(link, do="confirm")
    site.clock.advance(hours=1)
    assert site.visitor.post("/status/mail", email=CLIENT).text == first
    assert letters(site, post) == []
    for wrong in ("", "x", "a@b@c", f"x@{'y' * 250}.example", "a@x.example\nBcc: b@x.example", "a\0@x.example"):
        assert site.visitor.post("/status/mail", email=wrong).status_code == 422, wrong
    for _ in range(3):
        site.visitor.post("/status/mail", email="other@client.example")
    assert site.visitor.post("/status/mail", email="third@client.example").status_code == 200
    assert site.visitor.post("/status/mail", email="fourth@client.example").status_code == 429
    assert site.visitor.post("/status/mail", {"email": CLIENT}, {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    site.admin.press("/settings/status-page", **NAMES, on="1")  # no more by e-mail
    assert site.visitor.get("/status/mail").status_code == 404
    site.publishes()
    assert letters(site, post) == []
    assert site.visitor.post(link, do="leave").status_code == 200  # that is always possible


@ONE_IS_ENOUGH
def test_letters_of_strangers_neither_hold_up_nor_alarm_our_own_people(site, post):
    with transaction() as session:
        for n in range(30):
            made = subscribing.subscribers.ask(session, f"c{n}@client.example", f"key{n}", "en", site.clock.now())
            made.confirmed_at = site.clock.now()
    said = {"title-en": "Mail", "text-en": "It is slow.", "state-2": "slow"}
    assert "by e-mail to 30 clients" in site.admin.press("/notices", **said).text
    site.publishes()
    due = sorted(db.session.scalars(select(Delivery.due_at).where(Delivery.kind == NOTICE)))
    assert due[0] == site.clock.now() + AFTER
    assert due[-1] - due[0] == 29 * EVERY
    with transaction() as session:
        session.execute(update(Delivery).values(status="failed", finished_at=site.clock.now()))
    assert vitals.losing_of(db.session(), [(1,)], site.clock.now()) == []
    with transaction() as session:
        session.execute(update(Delivery).values(kind="opened"))
    assert [one.failed for one in vitals.losing_of(db.session(), [(1,)], site.clock.now())] == [30]


def test_a_key_that_is_none_is_not_found(site):
    for path in ("/status/mail/x%00y", "/status/mail/" + "k" * 5000):
        assert site.visitor.get(path).status_code == 404
        assert site.visitor.post(path, do="leave").status_code == 404


@ONE_IS_ENOUGH
def test_an_address_is_asked_seldom_and_forgotten_if_it_says_nothing(site, post):
    for _ in range(4):
        site.visitor.post("/status/mail", email=CLIENT)
        site.clock.advance(seconds=61)
    assert len(letters(site, post)) == 1
    site.clock.advance(hours=47)
    housekeeping.tidy(site.clock.now())
    assert subscribers() == [(CLIENT, False)]
    site.clock.advance(hours=1)
    housekeeping.tidy(site.clock.now())
    assert subscribers() == []
    assert {one.address for one in site.world.deliveries(incident_id=0)} == {""}
