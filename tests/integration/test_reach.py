"""Contacts that fail, and the nightly look ahead: scenario G6."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway.actions import Actor
from gateway.acts import reminding
from gateway.flows import herald, reach
from gateway.store.db import db, transaction
from gateway.store.directory import people
from gateway.store.outgoing import notices
from gateway.store.tables import ContactRow, PersonalNotice, PersonRow, ReachFinding
from gateway.store.types import micros
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import reply
from tests.fakes.push import FakePush
from tests.samples import BOOK


@pytest.fixture
def service():
    with FakePush() as fake:
        yield fake


def told(world):
    return herald.tell_due(world.app.extensions["gateway"], world.clock.now())


def night(world):
    """Half past three of the next night in Moscow."""
    tonight = world.clock.now().replace(hour=0, minute=30)
    world.clock.set(tonight if tonight > world.clock.now() else tonight + timedelta(days=1))
    return reach.look_ahead(world.clock.now())


def rows(table):
    db.session.rollback()
    return list(db.session.scalars(select(table).order_by(table.id)))


def subscribe(world, service, who):
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in(who)
    headers = {"X-CSRF-Token": browser.csrf(), "Content-Type": "application/json"}
    data = service.browser().subscription()
    assert browser.client.post("/me/push", data=data, headers=headers).status_code == 201
    return browser


def test_g6_reachability(staffed_of, providers, service):
    """A push subscription ends: its owner gets a mail, the next look finds it, the lead hears of it a day later."""
    world = staffed_of(BOOK.replace('"schedule:infra"], wait: 5m', '"person:oleg@example.org"], wait: 5m', 1))
    subscribe(world, service, "oleg@example.org")
    service.then(reply(410))
    world.alert()
    world.delivers()
    (contact,) = [row for row in rows(ContactRow) if row.channel == "webpush"]
    assert contact.failure == "this browser is no longer subscribed"
    assert told(world) == 1
    mail = providers.mail.mails[-1]
    assert (mail["To"], mail["Subject"]) == ("oleg@example.org", "A way of reaching you no longer works")

    assert night(world) > 0
    mine = {row.kind: row.detail["what"] for row in rows(ReachFinding) if row.detail["who"] == "oleg@example.org"}
    assert mine == {"lacks": "push", "ended": "this browser is no longer subscribed"}
    assert reach.look_ahead(world.clock.now()) == 0  # once a night
    told(world)
    mails = [one for one in providers.mail.mails if "14 days" in one["Subject"]]
    assert "oleg@example.org" in [one["To"] for one in mails]
    assert not any("People who" in one["Subject"] for one in mails)

    count = len(providers.mail.mails)
    night(world)
    told(world)
    (lead,) = providers.mail.mails[count:]  # nobody is told twice; Irina is the only administrator
    assert (lead["To"], lead["Subject"]) == ("irina@example.org", "People who could not be reached in the next 14 days")
    assert "Oleg: a browser no longer takes push" in lead.get_body(("plain",)).get_content()

    subscribe(world, service, "oleg@example.org")
    night(world)
    assert [row for row in rows(ReachFinding) if row.detail["who"] == "oleg@example.org"] == []


def test_a_contact_that_is_refused_is_marked_and_told_of_once_a_day_until_something_arrives(staffed, providers):
    providers.pagerduty.usual = lambda _: reply(400, {"status": "invalid event"})
    providers.twilio.then(reply(400, {"code": 21211, "message": "not a number"}))
    (number,) = staffed.alert()
    staffed.delivers()
    (sms,) = [row for row in rows(ContactRow) if row.channel == "sms"]
    assert sms.failure == "Twilio 21211: not a number"
    assert "contact failing" in staffed.timeline(number)
    assert told(staffed) == 1
    assert told(staffed) == 0
    assert providers.mail.mails[-1]["To"] == "anna@example.org"
    number = sms.id
    staffed.clock.advance(hours=1)
    staffed.alert(name="Other", fingerprint="o")
    staffed.delivers()  # a failing number is tried all the same; what is only taken in clears nothing, a receipt does
    assert [row.failure for row in rows(ContactRow) if row.id == number] == ["Twilio 21211: not a number"]


def test_a_notice_that_nobody_takes_is_tried_again(staffed, providers):
    providers.pagerduty.usual = lambda _: reply(400, {"status": "invalid event"})
    providers.twilio.then(reply(400, {"code": 21211, "message": "not a number"}))
    providers.ntfy.usual = lambda _: reply(503)
    staffed.alert()
    staffed.delivers()
    providers.mail.at("rcpt", "451 later")
    assert told(staffed) == 0
    (notice,) = rows(PersonalNotice)
    assert (notice.tries, notice.way, "451" in notice.error) == (1, "", True)
    staffed.clock.advance(minutes=10)
    assert told(staffed) == 1
    (notice,) = rows(PersonalNotice)
    assert (notice.way, notice.due_at) == ("email", None)


def test_without_a_provider_it_is_logged(world):
    assert night(world) > 0  # nobody but Anna has push
    assert told(world) == 2
    assert {row.way for row in rows(PersonalNotice)} == {"log"}


def test_who_has_no_contact_is_reminded_by_the_address_they_sign_in_by(staffed, providers):
    with transaction() as session:
        anna = session.scalars(select(PersonRow).where(PersonRow.email == "anna@example.org")).one().id
        session.execute(update(ContactRow).where(ContactRow.person_id == anna).values(verified_at=None))
        people.bump(session, staffed.clock.now())
    assert reminding.remind(anna, Actor("Irina", "dashboard"), staffed.clock.now()).wrong == ""
    assert told(staffed) == 1
    mail = providers.mail.mails[-1]
    text = mail.get_body(("plain",)).get_content()
    assert mail["To"] == "anna@example.org"
    assert "no verified contact at all for" in text
    assert "/me/contact" in text
    assert reminding.remind(0, Actor("Irina", "dashboard"), staffed.clock.now()).wrong == reminding.NOBODY


def promise(world, count, kind="duty", detail=None):
    """Notices for Irina, who is told by e-mail."""
    begins = str(micros(world.clock.now()))
    said = detail or {"schedule": "infra", "by": "Oleg", "reason": "ill", "from": begins, "to": begins}
    with transaction() as session:
        irina = session.scalars(select(PersonRow.id).where(PersonRow.email == "irina@example.org")).one()
        for number in range(count):
            notices.tell(session, irina, f"{kind}:{number}", kind, said, world.clock.now())


def test_what_is_told_at_once_is_not_taken_for_one_message_sent_twice(staffed_of, providers):
    world = staffed_of(BOOK)
    promise(world, 2)
    assert told(world) == 2
    assert len({mail["Message-ID"] for mail in providers.mail.mails[-2:]}) == 2


def test_what_another_worker_tells_meanwhile_is_not_told_again(staffed_of, providers, monkeypatch):
    world = staffed_of(BOOK)
    promise(world, 2)
    send = herald._send

    def slowly(*given):
        monkeypatch.setattr(herald, "_send", send)
        assert told(world) == 1  # the other worker: the first one is taken
        return send(*given)

    monkeypatch.setattr(herald, "_send", slowly)
    assert told(world) == 1
    assert len(providers.mail.mails) == 2
    assert [bool(one.told_at) for one in rows(PersonalNotice)] == [True, True]


def test_a_notice_that_cannot_be_read_keeps_no_other_waiting(staffed_of, providers):
    world = staffed_of(BOOK)
    promise(world, 1, "reach", {"findings": [{"kind": "of a later version", "what": ""}]})
    world.clock.advance(seconds=1)
    promise(world, 1)
    assert told(world) == 1
    odd, plain = rows(PersonalNotice)
    assert (odd.told_at, odd.tries, bool(odd.error), bool(plain.told_at)) == (None, 1, True, True)
    assert told(world) == 0
