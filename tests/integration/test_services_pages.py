"""The pages of services: what alerts and the rule book say they are, counted by day, never by looking through all."""

from datetime import timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs
from sqlalchemy import delete, select, update

from gateway.actions import Actor
from gateway.acts import silencing
from gateway.acts.service_address import name_of, slug
from gateway.flows import rollups as keeping
from gateway.store.db import reading, transaction
from gateway.store.figures import rollups, service_days
from gateway.store.tables import PersonRow
from gateway.store.tables.stats import StatCore, StatService
from rules.book import parse
from rules.checks.services import named
from rules.words import Suppressor
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import BOOK, alert, group

OURS = BOOK.replace(
    "routes:\n",
    "routes:\n  - {name: ledger down, match: ['service=~\"ledger|vault\"', 'severity=critical'], urgency: emergency,"
    " policy: infra}\n",
)
MOSCOW = ZoneInfo("Europe/Moscow")
RUNBOOK = {"runbook_url": "https://wiki.example.org/runbooks/disk"}


def fires(world, service, number=1, annotations=()):
    made = alert(name=f"Alert{number}", fingerprint=f"{service}{number}", service=service)
    answer = world.post(group({**made, "annotations": dict(annotations)}))
    assert answer.status_code == 202, answer.text
    return answer.json["incidents"][0]


@pytest.fixture
def world(staffed_of):
    made = staffed_of(OURS)
    everybody_has_a_password()
    return made


def row_of(page, name):
    return next(part for part in page.split("<tr>") if f">{name}</a>" in part).partition("</tr>")[0]


def test_services_are_what_alerts_and_the_rule_book_say_they_are(world):
    old = fires(world, "billing", annotations=RUNBOOK)
    world.resolves(old)
    open_ = fires(world, "web/shop <b>", 2)
    keeping.turn(world.clock.now(), MOSCOW)
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    page = irina.get("/services").text
    assert "4 services" in page
    assert "<b>" not in page.partition("web/shop")[2][:10]
    assert page.index("web/shop") < page.index(">billing<")  # the worst first
    billing, ledger = row_of(page, "billing"), row_of(page, "ledger")
    assert ("calm" in billing, "1 incident in 30 days" in billing, RUNBOOK["runbook_url"] in billing) == (True,) * 3
    assert 'href="/policies/infra"' in billing
    assert "Anna" in billing
    assert ("0 incidents in 30 days" in ledger, "infra" in ledger) == (True, True)

    one = irina.get("/services/billing").text
    assert f'href="/incidents/{old}"' in one.partition("Over lately")[2]
    told = one.partition('id="h-told"')[2]
    assert told.index("Anna") < told.index("Oleg")
    assert "Nothing is open." in one
    odd = irina.get(f"/services/{slug('web/shop <b>')}")
    assert (odd.status_code, f'href="/incidents/{open_}"' in odd.text) == (200, True)
    assert irina.get("/services/vault?at=2026-10-01T03:00").status_code == 200
    for nothing in ("none", "~%%%", "~", "..", "a/b", "a%00b", "~AA", "~7aCA", "%ED%A0%80"):
        assert irina.get(f"/services/{nothing}").status_code == 404


def test_the_list_is_asked_like_others_and_walked_page_by_page(world, monkeypatch):
    for number, name in enumerate(["s0", "s1", "s2", "s3", "s4", "s5", "Печать"]):
        fires(world, name, number)
    world.resolves(fires(world, "calm", 9))
    keeping.turn(world.clock.now(), MOSCOW)
    monkeypatch.setattr("dashboard.services.views.PAGE", 4)
    viewer = Browser(world.app)
    viewer.sign_in("irina@example.org")

    def walk(address):
        names = []
        while address:
            page = viewer.get(address).text
            names += [part.partition(">")[2].partition("<")[0] for part in page.split('class="ttl"')[1:]]
            more = page.partition('class="foot"><a class="btn sm" href="')[2].partition('"')[0]
            address = more.replace("&amp;", "&")
        return names

    every = [*(f"s{number}" for number in range(6)), "Печать", "calm", "ledger", "vault"]
    assert walk("/services") == every
    assert walk("/services?sort=name") == sorted(every)
    assert walk("/services?sort=-incidents")[-2:] == ["ledger", "vault"]
    assert walk("/services?q=s&status=open") == every[:6]
    assert walk("/services?q=urgency:emergency")[:2] == ["s0", "s1"]
    assert walk("/services?q=ALM") == ["calm"]
    assert walk("/services?team=infra&sort=name") == sorted(every)
    assert walk("/services?team=support") == []
    monkeypatch.setattr("gateway.acts.services.TRIED", 6)
    assert walk("/services?team=infra&sort=name") == sorted(every)
    assert "there are more" in viewer.get("/services?team=support").text
    assert "source:x" in viewer.get("/services?q=source:x").text
    for odd in ("after=1.2.~%2F", "after=0.0.zz", "sort=x", "urgency=9", "status=x"):
        assert viewer.get(f"/services?{odd}").status_code == 200
    for number in range(5):  # longer than an address usually is, six characters to each letter
        fires(world, f"{'Очень долгое имя ' * 20}{number}", 20 + number)
    assert len(set(walk("/services?q=долгое"))) == 5


def test_days_are_counted_once_more_when_services_were_not_and_forgotten_after_a_month(world):
    fires(world, "billing")
    keeping.turn(world.clock.now(), MOSCOW)
    with reading() as session:
        opened = session.scalar(select(StatCore.day))
    world.passes(days=3)
    for _ in range(2):  # whatever the days between brought is seen
        keeping.turn(world.clock.now(), MOSCOW)
    with transaction() as session:
        session.execute(delete(StatService))
        session.execute(delete(StatCore))
    keeping.turn(world.clock.now(), MOSCOW)
    with reading() as session:  # no service has anything, which is no reason to count a month anew, turn by turn
        assert session.scalars(select(StatCore).where(StatCore.day == opened)).all() == []
    with transaction() as session:  # as a version left it that knew no days of services
        rollups.set_state(session, structs.replace(rollups.state(session), services=False))
    keeping.turn(world.clock.now(), MOSCOW)
    with reading() as session:
        (day,) = service_days.days(session, ["billing"])
    assert (day.incidents, len(day.newest)) == (1, 1)
    world.passes(days=40)
    keeping.turn(world.clock.now(), MOSCOW)
    with reading() as session:
        assert service_days.names(session) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_silences_that_touch_it_are_named(world):
    fires(world, "billing")
    now, actor = world.clock.now(), Actor("Irina", "dashboard", None, "irina@example.org")
    keeping.turn(now, MOSCOW)
    wanted = (['service="billing"', "env=x"], ["service=crm"], ["alertname=Alert1"], ["alertname=Other"])
    with transaction() as session:
        for number, matchers in enumerate(wanted):
            made = silencing.silence(matchers, now, now + timedelta(hours=2), f"reason {number}")
            silencing.add(session, Suppressor.SILENCE, made, actor, now)
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    part = irina.get("/services/billing").text.partition('id="h-quiet"')[2].partition("</section>")[0]
    assert [f"reason {number}" in part for number in range(4)] == [True, False, True, False]
    fires(world, "unknown", 2)  # of which no rule is known before the days are counted
    assert "/rules/test" in irina.get("/services/unknown").text
    with transaction() as session:
        session.execute(update(PersonRow).values(role="viewer"))
    page = irina.get("/services/unknown").text
    assert "No rule of the present book is known" in page
    assert "/rules/test" not in page


@pytest.mark.parametrize("name", ["billing", "a/b", "..", ".", "~x", "Печать", "a%2Fb", "a b", "x\ty", "q?x=1#y"])
def test_every_name_has_an_address_that_leads_back(name):
    assert name_of(unquote(slug(name))) == name
    assert not {"/", "?", "#", "\x00"} & set(slug(name))
    assert not slug(name).startswith(".")


def test_a_rule_book_names_services_in_conditions_but_not_by_denying_them():
    book = parse({"book.yaml": OURS.replace("'severity=critical']", "{not: ['service=never']}]", 1)})
    assert list(named(book)) == ["ledger", "vault"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_overview_leads_to_services_and_says_how_many_are_calm_and_how_long_it_is_quiet(world):
    number = fires(world, "billing")
    keeping.turn(world.clock.now(), MOSCOW)
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    page = irina.get("/overview").text
    assert 'href="/services/billing"' in page
    assert "+ 2 calm" in page  # ledger and vault
    assert "unanswered for" in page
    world.resolves(number)
    world.clock.advance(minutes=3)
    page = irina.get("/overview").text
    assert "+ 3 calm" in page
    assert "All quiet" in page
    assert f'last incident <a href="/incidents/{number}">' in page
