"""No secret turns up in anything we say: pages, answers, figures, logs, complaints, exports, and the database itself.

A whole life is led with providers that refuse everything and repeat what they were told.
"""

import io
import json
import logging
import re
import traceback
from urllib.parse import unquote_plus

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from gateway import log
from gateway.access import links
from gateway.actions import Actor
from gateway.flows import calendars
from gateway.secrets import new_token
from gateway.settings import SETTINGS, BadSettings, load
from gateway.start.commands import cli
from gateway.store.db import db, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import Audit, Base, ContactRow, Delivery, PersonRow
from tests.browsing import Browser, everybody_has_a_password
from tests.conventions.test_roles import TABLE, address
from tests.fakes.push import FakeBrowser
from tests.fakes.smtp import FakeSmtp
from tests.samples import webhook
from tests.security import canaries
from tests.security.canaries import around, found_in

pytestmark = pytest.mark.slow

BOOK = """
version: 1
timezone: Europe/Moscow
urgencies:
  emergency: {channels: [voice, push, sms, email], fallback: [], acknowledge_within: 5m}
routes:
  - {name: everything, urgency: emergency, policy: all}
policies:
  all: {steps: [{notify: ["person:irina@example.org"], wait: 5m}], repeat: 0}
"""
PEOPLE = f"""
people:
  - {{email: irina@example.org, name: Irina, role: admin, timezone: Europe/Moscow,
     contacts: [{{channel: pagerduty, address: {canaries.ROUTING_KEY}}}, {{channel: sms, address: "+79990000001"}},
                {{channel: email, address: irina@example.org}}]}}
  - {{email: vera@example.org, name: Vera, role: viewer, timezone: Europe/Moscow, contacts: []}}
teams: []
schedules: []
"""
WITHOUT_A_TEST = ("NABAT_DATABASE_URL",)  # SQLite has no password; its own test is below


@pytest.fixture
def provider():
    with canaries.Talkative() as fake:
        yield fake


@pytest.fixture
def said():
    """Everything that is logged, by us and by the libraries, as it would stand on stderr."""
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level, logging.getLogger("nabat").level
    log.setup("debug")
    (handler,) = logging.getLogger().handlers
    handler.setStream(stream)
    yield stream
    logging.getLogger().handlers, level, ours = before
    logging.getLogger().setLevel(level)
    logging.getLogger("nabat").setLevel(ours)


class Life:
    """One installation with a canary for every secret, and all that it has ever said."""

    def __init__(self, world, secrets, provider, log_of):
        self.world, self.secrets, self.heard = world, secrets, {}
        self.provider, self.log = provider, log_of

    def hears(self, name, what):
        self.heard.setdefault(name, []).append(what if isinstance(what, str) else what.decode(errors="replace"))

    def answered(self, name, answer):
        self.hears(name, f"{answer.status_code} {answer.headers} {answer.get_data(as_text=True)}")
        return answer


def secret_settings(provider, mail):
    host = mail.url().removeprefix("smtp://")
    whole = dict(canaries.SETTINGS)
    for name in {one.name for one in SETTINGS} & canaries.PASSWORDS.keys() - set(WITHOUT_A_TEST):
        form, secret = canaries.PASSWORDS[name]
        whole[name] = form.format(secret=secret, host=host, url=provider.url)
    return whole


def test_there_is_a_canary_for_every_secret_setting():
    assert {one.name for one in SETTINGS if one.secret} <= canaries.SETTINGS.keys() | canaries.PASSWORDS.keys()


@pytest.mark.parametrize("carrier", ["smtp", "sendgrid"])
def test_no_secret_is_ever_said(world_of, clock, provider, said, carrier):
    with FakeSmtp() as mail:
        given = secret_settings(provider, mail)
        if carrier == "smtp":
            del given["NABAT_SENDGRID_API_KEY"]
        for step in ("auth", "mail", "rcpt", "data"):
            mail.at(step, f"550 no, {canaries.PASSWORDS['NABAT_SMTP_URL'][1]} is wrong")
        world = world_of(
            book=BOOK, people=PEOPLE, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_MAIL_FROM="nabat@example.org",
            NABAT_PAGERDUTY_EVENTS_URL=provider.url, NABAT_PAGERDUTY_API_URL=provider.url,
            NABAT_TWILIO_URL=provider.url, NABAT_SENDGRID_URL=provider.url,
            NABAT_TWILIO_ACCOUNT_SID="AC00000000000000000000000000000000",
            NABAT_TWILIO_FROM="+15005550006", **given,
        )  # fmt: skip
        known = {name: form[1] for name, form in canaries.PASSWORDS.items()} | canaries.SETTINGS
        life = Life(
            world,
            {**known, "the PagerDuty key": canaries.ROUTING_KEY, "the push endpoint": canaries.TOPIC},
            provider,
            said,
        )
        live(life, provider)
    statuses = {one.channel: one.status for one in db.session.scalars(select(Delivery))}
    assert {"pagerduty", "sms", "email", "webpush"} <= statuses.keys()
    assert "sent" not in statuses.values()
    assert len(provider.requests) >= 3
    life.hears("log", said.getvalue())
    life.hears("settings", f"{world.app.extensions['gateway'].settings!r} {world.app.extensions['gateway']!r}")
    assert "delivery_failed" not in said.getvalue()
    whole = {name: "\n".join(pieces) for name, pieces in life.heard.items()}
    leaks = [f"{name}: {found_in(one, life.secrets)}: {around(one, life.secrets)[:1]}" for name, one in whole.items()
             if found_in(one, life.secrets)]  # fmt: skip
    assert leaks == []


def live(life, provider):
    world = life.world
    everybody_has_a_password()
    irina, vera, stranger = Browser(world.app), Browser(world.app, "192.0.2.2"), Browser(world.app, "192.0.2.3")
    irina.sign_in("irina@example.org")
    vera.sign_in("vera@example.org")
    make_tokens(life, irina)
    links_and_codes(life, irina)
    browser = FakeBrowser(f"{provider.url}/{canaries.TOPIC}")
    headers = {"X-CSRF-Token": irina.csrf(), "Content-Type": "application/json"}
    place = {"environ_overrides": irina.environ, "headers": headers}
    life.answered("push", irina.client.post("/me/push", data=browser.subscription(), **place))
    (number,) = world.alert()
    for _ in range(3):
        world.delivers()
        world.passes(minutes=2)
    life.answered("push", irina.press("/me/push/1/test"))
    mistakes(life)
    look_at_everything(life, (irina, vera, stranger), number)
    run_commands(life)
    for table in Base.metadata.sorted_tables:
        life.hears(f"table {table.name}", repr(db.session.execute(table.select()).all()))
    crash(life, irina)


def make_tokens(life, irina):
    """Every kind of key that we make, each of them a canary too."""
    world = life.world
    now, vault = world.clock.now(), world.app.extensions["gateway"].vault
    with transaction() as session:
        life.secrets |= {
            "an API token": source_store.create_api_token(session, "grafana", ["read", "act"], now),
            "a signing secret": source_store.keep_signing_secret(session, "ticket", "desk", now, vault, new_token()),
        }
    life.secrets |= {"an ingest token": world.token(), "a sign-in": irina.cookie("nabat").value}
    life.api = {"Authorization": f"Bearer {life.secrets['an API token']}"}


def links_and_codes(life, irina):
    """What opens something to whoever has it: addresses of calendars, letters, reports; and a code for a contact."""
    world, key = life.world, life.world.app.extensions["gateway"].settings.secret_key
    now = world.clock.now()
    person = db.session.scalar(select(PersonRow.id).where(PersonRow.email == "irina@example.org"))
    with transaction() as session:
        made = calendars.new_feed(session, Actor("Irina", "dashboard", person), now, person_id=person)
    letter = links.make_number(key, person, links.WEEKLY)
    page = irina.press(f"/people/{person}/link").text
    welcome = page.partition("/welcome/")[2].partition("<")[0]
    life.secrets |= {"a calendar's address": made, "a letter's link": letter, "a password link": welcome}
    assert world.client.get(f"/ical/{made}.ics").status_code == 200
    for path in (f"/weekly/{letter}", f"/welcome/{welcome}"):
        assert world.client.get(path).status_code == 200
    assert world.client.post(f"/weekly/{letter}").status_code == 200
    irina.press("/reports/guests")  # its maker may read it again until it ends
    guest = links.make_number(key, 1, links.GUEST)
    for answer in (irina.get("/reports/guests"), world.client.get(f"/g/{guest}")):
        assert answer.status_code == 200
    life.answered("guests", irina.press("/reports/guests/1/revoke"))
    life.secrets["a guest's link"] = guest
    known, life.provider.body_first = len(life.provider.requests), True
    said = irina.press("/me/contact", channel="sms", address="+79990000007").text
    number = db.session.scalar(select(ContactRow.id).where(ContactRow.own))
    said += irina.press(f"/me/contact/{number}/code").text
    life.provider.body_first = False
    bodies = " ".join(unquote_plus(one.body.decode()) for one in life.provider.requests[known:])
    codes = set(re.findall(r"(?<![0-9])[0-9]{6}(?= confirms)", bodies))
    assert len(codes) == 2
    assert "Not sent: Twilio" in said
    kept = repr(db.session.execute(select(Audit.detail)).all()) + unquote_plus(said) + life.log.getvalue()
    assert [code for code in codes if re.search(rf"(?<![0-9]){code}(?![0-9])", kept)] == []


def mistakes(life):
    """Keys in the wrong place, and bodies that break off in the middle of one."""
    client, token = life.world.client, life.secrets["an ingest token"]
    for path, headers in ((f"/ingest/ticket/{token}", {}), ("/ingest/ticket", {"Authorization": f"Bearer {token}"}),
                          (f"/api/v1/incidents/{token}", life.api), (f"/api/v1/{token}", life.api)):  # fmt: skip
        life.answered(path.replace(token, "…"), client.post(path, json={"id": 1}, headers=headers))
    bad = {"Authorization": f"Bearer {token}"}
    life.answered("bad body", client.post("/ingest/alertmanager", data=b'{"alerts": [', headers=bad))
    signed = {"X-PagerDuty-Signature": "v1=" + "0" * 64}
    life.answered("callback", client.post("/callback/pagerduty", json={}, headers=signed))
    life.answered("metrics", client.get("/metrics"))
    life.answered("metrics", client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}))
    life.answered("readyz", client.get("/readyz"))


def look_at_everything(life, browsers, number):
    for method, rule in TABLE:
        if method != "GET" or "<path:name>" in rule:
            continue
        place = address(rule, number)
        for browser in browsers:
            life.answered(place, browser.get(place))
        life.answered(place, life.world.client.get(place, headers=life.api))
    for query in ("?status=all", "?status=failed"):
        life.answered(query, browsers[0].get(f"/deliveries{query}"))
    for action in ("acknowledge", "resolve"):
        life.answered(action, life.world.client.post(f"/api/v1/incidents/{number}/{action}", headers=life.api))


def run_commands(life):
    settings = life.world.app.extensions["gateway"].settings
    environment = {name: value for name, value in settings.env.items() if value}
    for words in ("token list", "rules check", "people import /dev/null", "doctor",
                  "send-test sms +79990000001", "send-test email irina@example.org"):  # fmt: skip
        if words.split()[0] in cli.commands:
            done = CliRunner(env=environment).invoke(cli, words.split())
            broken = done.exception if not isinstance(done.exception, SystemExit) else None
            life.hears(f"./nabat {words}", done.output + "".join(traceback.format_exception(broken)) * bool(broken))


def crash(life, irina):
    """Something breaks in the middle of a page."""
    if db.engine.dialect.name == "sqlite":
        with transaction() as session:
            session.execute(text("DROP TABLE entry"))
        answer = life.answered("a page that breaks", irina.get("/incidents/1"))
        assert answer.status_code == 500
        for word in ("Traceback", "sqlalchemy", "SELECT", ".py"):
            assert word not in answer.text


# --- what is wrong with settings is said without them


@pytest.mark.parametrize("name", [one.name for one in SETTINGS if one.secret])
def test_a_bad_secret_is_not_repeated(name):
    secret = "canary\x7f0 bad://value:canary"
    with pytest.raises(BadSettings) as problem:
        load({name: secret, "NABAT_LANGUAGE": "xx"})
    assert "canary" not in str(problem.value)


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path):
    form, secret = canaries.PASSWORDS["NABAT_DATABASE_URL"]
    given = {
        "NABAT_DATABASE_URL": form.format(secret=secret, host="127.0.0.1:1"), "NABAT_DATA_DIR": str(tmp_path),
        "NABAT_SECRET_KEY": canaries.SETTINGS["NABAT_SECRET_KEY"],
    }  # fmt: skip
    done = CliRunner(env=given).invoke(cli, ["migrate"])
    assert done.exit_code == 1
    assert "cannot be used" in done.output
    assert secret not in done.output
    assert secret not in repr(load(given))


def test_the_search_finds_what_it_looks_for():
    secrets = {"a": canaries.ROUTING_KEY}
    for text_ in (canaries.ROUTING_KEY, *canaries.writings(f"user:{canaries.ROUTING_KEY}"), json.dumps(webhook())):
        assert bool(found_in(f"…{text_}…", secrets)) is (text_ != json.dumps(webhook()))
