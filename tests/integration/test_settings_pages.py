"""The pages of settings: what is configured without a secret in it, a channel tried out, tokens of programs."""

import re

from sqlalchemy import select

from gateway.store.db import db
from gateway.store.tables import Audit, Token
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import BOOK


def signed_in(world):
    everybody_has_a_password()
    irina = Browser(world.app)
    assert irina.sign_in("irina@example.org").status_code == 302
    return irina


def test_settings_are_shown_with_the_endings_of_secrets_only_and_a_channel_is_tried_out(staffed_of, providers):
    world = staffed_of(NABAT_METRICS_TOKEN="a-token-of-metrics-x41")
    irina = signed_in(world)
    page = irina.get("/settings").text
    for setting in ("NABAT_SMTP_URL", "NABAT_TWILIO_AUTH_TOKEN", "NABAT_RULES"):
        assert setting in page
    assert "…x41" in page
    assert "a-token-of-metrics" not in page
    assert providers.mail.url() not in page
    assert "Secret key" in page  # what the doctor asks
    irina.press("/me", language="ru")
    told = re.search(r'aria-labelledby="h-well".*?</section>', irina.get("/settings").text, re.DOTALL)[0]
    assert "Секретный ключ" in told
    assert 'lang="en"' not in told
    irina.press("/me", language="en")
    sent = irina.press("/settings/test", channel="email")
    assert "Sent. The provider answered:" in sent.text
    assert len(providers.mail.mails) == 1
    assert "you have no contact on this channel" in irina.press("/settings/test", channel="sms").text
    assert irina.press("/settings/test", channel="log").status_code == 302
    rows = db.session.execute(select(Audit.action, Audit.target).where(Audit.action == "channel test")).all()
    assert rows == [("channel test", "email")]


def test_each_try_of_a_channel_is_a_message_of_its_own(staffed_of, providers):
    """A provider sends nothing for a number that it has seen, and says that all is well."""
    world = staffed_of()
    irina = signed_in(world)
    for _ in range(2):
        irina.press("/settings/test", channel="email")
        irina.press("/settings/test", channel="pagerduty")
        world.clock.advance(seconds=1)
    assert len({mail["Message-ID"] for mail in providers.mail.mails}) == 2
    assert len({event["dedup_key"] for event in providers.pagerduty.events}) == 2


def test_a_program_gets_a_token_once_uses_it_and_loses_it(world):
    irina = signed_in(world)
    assert irina.press("/settings/tokens", name="robot").status_code == 422
    assert irina.press("/settings/tokens", name="", scope="read").status_code == 422
    made = irina.press("/settings/tokens", name="robot", scope=["read", "root"], days="30")
    token = re.search(r"nabat_[A-Za-z0-9_-]{43}", made.text)[0]
    assert made.headers["Cache-Control"] == "no-store"
    headers = {"Authorization": f"Bearer {token}"}

    def asks():
        return world.client.get("/api/v1/incidents", headers=headers, environ_overrides={"REMOTE_ADDR": "192.0.2.77"})

    assert asks().status_code == 200
    page = irina.get("/settings/tokens").text
    assert token not in page
    assert "192.0.2.77" in page
    assert "works" in page
    world.clock.advance(days=30)
    assert asks().status_code == 401
    irina.sign_in("irina@example.org")
    page = irina.press("/settings/tokens", name="other", scope="act", days="").text
    other = db.session.scalars(select(Token).order_by(Token.id.desc())).first()
    number, ending = other.id, other.ending
    world.clock.advance(days=91)
    irina.sign_in("irina@example.org")
    assert "unused for 90 days" in irina.get("/settings/tokens").text
    place = f"/settings/tokens/{number}/revoke"
    assert irina.press(place, confirm="nope").status_code == 422
    assert irina.press(place, confirm=ending).status_code == 302
    assert "revoked" in irina.get("/settings/tokens").text
    told = db.session.execute(select(Audit.action, Audit.target).where(Audit.action.startswith("token"))).all()
    assert told == [("token create", "robot"), ("token create", "other"), ("token revoke", "other")]


CALENDARS = """
calendars:
  work: {days: mon-fri, hours: "09:00-18:00", holidays: RU, days_off: [2026-12-07],
         short_days: {2026-12-08: "09:00-13:00"}}
"""


def test_settings_show_ways_hours_and_holidays_of_the_rule_book_and_a_person_their_shifts(world_of):
    world = world_of(book=BOOK + CALENDARS)  # Saturday, 5 December 2026, 03:12 in Moscow
    irina = signed_in(world)
    page = irina.get("/settings").text
    calendar = re.search(r'aria-labelledby="h-cal".*?</section>', page, re.DOTALL)[0]
    plain = " ".join(re.sub(r"<[^>]*>", " ", calendar).split())
    assert "work closed now Mon–Fri 09:00–18:00 Europe/Moscow RU" in plain
    assert "Mon 7 Dec a day off , Tue 8 Dec 09:00–13:00 , Thu 31 Dec RU" in plain
    targets = re.search(r'aria-labelledby="h-t".*?</section>', page, re.DOTALL)[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", targets)[:4] == ["Emergency", "5 min", "call, push", "SMS, e-mail"]
    anna = irina.get("/people/1").text
    shifts = re.search(r'aria-labelledby="h-shifts".*?</section>', anna, re.DOTALL)[0]
    assert ">infra</a>" in shifts
    assert "No schedule has a shift of theirs" in irina.get("/people/2").text
    assert irina.get("/incidents?view=mine").headers["Location"] == "/incidents?team=mine&view=mine"
    irina.press("/incidents/views", name="All of it", query="")
    assert irina.get("/incidents?view=1").status_code == 200
    assert irina.get("/incidents?view=77").status_code == 200
