"""People, contacts, own rules, sign-ins and the first run, through the pages."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dashboard.overview.checklist import SHIPPED
from gateway.rulebook import shelf
from gateway.store.db import db, transaction
from gateway.store.directory import people, staff
from gateway.store.senders import sources
from gateway.store.tables import ContactCode, ContactRow, PersonRow, ScheduleRow, SignIn
from rules import book
from rules.duty.oncall import on_call
from tests.browsing import PASSWORD, Browser, everybody_has_a_password, token_in


@pytest.fixture
def staffed(staffed_of):
    made = staffed_of()
    everybody_has_a_password()
    return made


def signed_in(world, email="anna@example.org", **more):
    browser = Browser(world.app)
    assert browser.sign_in(email, **more).status_code == 302
    return browser


def person(email):
    db.session.rollback()
    return db.session.scalars(select(PersonRow).where(PersonRow.email == email)).one()


def entered():
    db.session.rollback()
    return db.session.scalars(select(ContactRow).where(ContactRow.own).order_by(ContactRow.id.desc())).first()


def code_in(providers):
    return re.search(r"\b[0-9]{6}\b", providers.twilio.requests[-1].form()["Body"])[0]


def test_a_contact_is_used_once_its_code_was_read_there(staffed, providers, caplog):
    oleg = signed_in(staffed, "oleg@example.org")
    for address in ("12", "https://127.0.0.1/x"):
        assert oleg.press("/me/contact", channel="sms", address=address).status_code == 422
    assert oleg.press("/me/contact", channel="ntfy", address="https://10.0.0.1/topic").status_code == 422
    assert oleg.press("/me/contact", channel="sms", address="+79990000007").location == "/me/contact?said=code"
    row, code = entered(), code_in(providers)
    assert row.verified_at is None
    kept = db.session.get_one(ContactCode, row.id)
    assert code not in kept.hash
    assert code not in caplog.text
    staffed.alert()
    staffed.passes(minutes=5)  # Oleg is the second step; PagerDuty only: his number is not confirmed
    staffed.delivers()
    assert [one.channel for one in staffed.deliveries(who="oleg@example.org", kind="escalated")] == ["pagerduty"]

    place = f"/me/contact/{row.id}/confirm"
    other = signed_in(staffed)
    assert other.press(place, code=code).status_code == 404
    for _ in range(4):
        assert oleg.press(place, code="000000" if code != "000000" else "1").status_code == 422
    assert oleg.press(place, code=code).location == "/me/contact?said=confirmed"
    assert entered().verified_at == staffed.clock.now()
    assert "confirmed" in oleg.get("/me/contact").text


def test_a_code_ends_with_its_tries_and_with_its_time(staffed, providers):
    oleg = signed_in(staffed, "oleg@example.org")
    oleg.press("/me/contact", channel="sms", address="+79990000007")
    row, code = entered(), code_in(providers)
    for _ in range(5):
        oleg.press(f"/me/contact/{row.id}/confirm", code="wrong")
    assert oleg.press(f"/me/contact/{row.id}/confirm", code=code).status_code == 422
    oleg.press(f"/me/contact/{row.id}/code")
    code = code_in(providers)
    staffed.clock.advance(minutes=10)
    assert oleg.press(f"/me/contact/{row.id}/confirm", code=code).status_code == 422
    assert entered().verified_at is None
    for _ in range(4):
        oleg.press(f"/me/contact/{row.id}/code")
    assert len(providers.twilio.requests) == 5  # an hour, of a person and of a number


def test_a_call_is_confirmed_by_the_word_that_it_rang(staffed, providers):
    oleg = signed_in(staffed, "oleg@example.org")
    assert oleg.press("/me/contact", channel="pagerduty", address="k" * 32).location == "/me/contact?said=called"
    row = entered()
    assert "Did it ring?" in oleg.get("/me/contact").text
    assert oleg.press(f"/me/contact/{row.id}/confirm", did="rang").location == "/me/contact?said=confirmed"
    assert [one["event_action"] for one in providers.pagerduty.events] == ["trigger", "resolve"]
    assert oleg.press(f"/me/contact/{row.id}/delete").status_code == 302
    assert entered() is None


def test_own_rules_are_kept_and_tried_out(staffed):
    anna = signed_in(staffed)
    rules = {"emergency-0": "push", "emergency-1": "voice", "emergency-1-after": "2", "from": "22:00", "to": "07:00"}
    assert anna.press("/me/notifications", **rules).status_code == 302
    row = person("anna@example.org")
    assert (row.notify, row.quiet_hours) == ({"emergency": ["push", "voice after 2m"]}, "22:00-07:00")
    page = anna.get("/me/notifications?at=03:00").text
    assert "after 2 min" in page
    assert "These are your quiet hours." in page
    assert "These are your quiet hours." not in anna.get("/me/notifications?at=12:00").text
    assert anna.press("/me/notifications", **{"fast-0": "push", "fast-1": "push"}).status_code == 422
    assert anna.press("/me/notifications", **{"from": "22:00"}).status_code == 422


def test_sign_ins_are_listed_ended_and_kept_for_long(staffed):
    phone, desk = signed_in(staffed, stay="1"), signed_in(staffed)
    assert "stays signed in" in desk.get("/me/sessions").text
    staffed.clock.advance(hours=13)
    assert desk.get("/me").status_code == 302
    assert phone.get("/me").status_code == 200  # on a device on which she wants to stay
    desk = signed_in(staffed)
    old = db.session.scalar(select(SignIn.id).order_by(SignIn.id))
    assert signed_in(staffed, "oleg@example.org").press(f"/me/sessions/{old}/end").status_code == 404
    assert desk.press("/me/sessions/end-others").status_code == 302
    assert phone.get("/me").status_code == 302
    assert desk.get("/me").status_code == 200


def test_somebody_comes_is_changed_and_leaves(staffed):
    irina = signed_in(staffed, "irina@example.org")
    form = {"email": "new@example.org", "name": "Nina", "role": "responder", "language": "ru", "timezone": "Asia/Omsk"}
    page = irina.press("/people", **form, invite="1").text
    link = "/welcome/" + page.partition("/welcome/")[2].partition("<")[0]
    nina = Browser(staffed.app)
    csrf = token_in(nina.get(link).text)
    assert nina.post(link, password="short", csrf_token=csrf).status_code == 422
    assert nina.post(link, password=PASSWORD, csrf_token=csrf).status_code == 302
    assert nina.get("/me").status_code == 200
    assert Browser(staffed.app).get(link).status_code == 410  # it ended with its use
    number = person("new@example.org").id
    irina.press(f"/people/{number}", name="Nina N", role="responder", language="en", timezone="UTC", team="infra")
    assert "Nina N" in irina.get("/teams/infra").text
    oleg = person("oleg@example.org").id
    anna = person("anna@example.org").id
    assert "infra" in irina.get(f"/people/{anna}").text
    assert irina.press(f"/people/{anna}/leave", instead="oleg@example.org", sure="1").status_code == 302
    schedule = db.session.scalars(select(ScheduleRow).execution_options(populate_existing=True)).one()
    turns, past = schedule.layers
    assert (turns["members"], "until" in turns) == (["oleg@example.org"], False)
    assert past["members"] == ["anna@example.org"]
    held, now = people.directory(db.session()).schedules["infra"], staffed.clock.now()
    assert [on_call(held, now + timedelta(seconds=one)) for one in (-1, 0)] == ["anna@example.org", "oleg@example.org"]
    assert not person("anna@example.org").active
    me = person("irina@example.org").id
    assert irina.press(f"/people/{me}/leave").status_code == 422  # unread
    assert irina.press(f"/people/{me}/leave", sure="1").status_code == 422  # the last administrator
    assert irina.press(f"/people/{me}", name="I", role="viewer", language="en", timezone="UTC").status_code == 422
    viewer = Browser(staffed.app)
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.id == oleg).values(role="viewer"))
    viewer.sign_in("oleg@example.org")
    assert "+79990000001" not in viewer.get(f"/people/{anna}").text
    assert 'action="/people' not in viewer.get(f"/people/{anna}").text
    own = viewer.get(f"/people/{oleg}").text
    assert '<h2 id="h-con">' in own
    assert 'href="/me/contact"' not in own  # a viewer is never told, and has none


def test_the_list_shows_the_load_and_leaving_names_what_would_break(staffed):
    staffed.alert()
    staffed.delivers()
    paged = {one.person_id for one in staffed.deliveries() if one.is_page}
    assert paged
    admin = signed_in(staffed, "irina@example.org")
    text = re.sub(r"<[^>]*>", " ", admin.get("/people").text)
    assert text.count("1 page") == len(paged)
    assert "no pages" in text
    oleg = person("oleg@example.org").id
    with transaction() as session:
        sources.create_api_token(session, "oleg's script", ["read"], staffed.clock.now(), person_id=oleg)
    shown = admin.get(f"/people/{oleg}").text
    assert "programs that use them stop: oleg&#39;s script" in shown


def test_a_page_of_people_goes_on_behind_the_last_one(staffed):
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.name == "Anna").values(active=False))
    for size in (1, 2, 3):
        seen, after = [], 0
        while found := staff.page(db.session(), after, size):
            seen += [one.name for one in found]
            after = found[-1].id
        assert seen == ["Irina", "Oleg", "Anna"]  # who has left comes last
    assert "Oleg" in signed_in(staffed, "irina@example.org").get(f"/people?after={person('irina@example.org').id}").text


def test_the_rule_books_that_come_with_it_are_nobodys_own():
    books = (Path(__file__).parents[2] / "rules" / name for name in ("book", "demo"))
    assert {book.parse(shelf.read(place)).version for place in books} == SHIPPED
