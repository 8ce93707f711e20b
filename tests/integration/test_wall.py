"""The wallboard: opened by a token that leaves the address, opens nothing else, can be revoked, and says no secrets."""

import re

import pytest
from sqlalchemy import select

from gateway.spells import Spell
from gateway.store.db import db
from gateway.store.tables import Audit, Token
from tests.browsing import PASSWORD, Browser, everybody_has_a_password

WALL = "/wall"
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # they ask it alike


def administrator(world):
    everybody_has_a_password()
    irina = Browser(world.app)
    assert irina.sign_in("irina@example.org").status_code == 302
    return irina


def new_screen(irina, name="office", days="365"):
    """The address that the page shows, without its host."""
    made = irina.press("/settings/tokens", name=name, scope="wall", days=days)
    assert made.headers["Cache-Control"] == "no-store"
    return re.search(r'id="made"[^>]*>https?://[^/]+(/wall\?k=nabat_[\w-]{43})<', made.text)[1]


@pytest.fixture
def screen(world):
    """A screen that has been started with its address: (browser, the token's row number)."""
    place = new_screen(administrator(world))
    browser = Browser(world.app, "192.0.2.50")
    assert browser.get(place).status_code == 302
    number = db.session.scalar(select(Token.id).where(Token.name == "office"))
    return browser, number


@one_database
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_token_leaves_the_address_for_a_cookie_of_that_page_only(world, scheme):
    place = new_screen(administrator(world))
    token = place.partition("k=")[2]
    browser = Browser(world.app, "192.0.2.50", scheme)
    first = browser.get(place)
    assert (first.status_code, first.headers["Location"]) == (302, WALL)
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cache-Control"] == "no-store"
    cookie = first.headers["Set-Cookie"]
    parts = {"Path=/wall", "HttpOnly", "SameSite=Lax", *(["Secure"] if scheme == "https" else [])}
    assert parts <= {one.strip() for one in cookie.split(";")}
    assert cookie.startswith("__Secure-") is (scheme == "https")
    page = browser.get(WALL)
    assert page.status_code == 200
    assert token not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert token not in "".join(repr(row.__dict__) for row in db.session.scalars(select(Token)))  # its hash is kept
    db.session.rollback()
    row = db.session.scalar(select(Token).where(Token.name == "office"))
    assert (row.last_used_at, row.last_address) == (world.clock.now(), "192.0.2.50")


@one_database
def test_it_opens_the_wallboard_and_nothing_else(world, screen):
    browser, _ = screen
    for place in ("/", "/overview", "/incidents", "/live", "/settings/tokens", "/incidents/1"):
        assert browser.get(place).status_code in (302, 286), place
    assert browser.client.post(WALL).status_code == 405
    token = new_screen(administrator(world), "second").partition("k=")[2]
    for path in ("/api/v1/incidents", "/api/v1/me", "/api/v1/oncall"):
        assert world.client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 403, path
    sent = world.client.post("/ingest/alertmanager", json={}, headers={"Authorization": f"Bearer {token}"})
    assert sent.status_code in (401, 403)


@one_database
def test_what_opens_more_is_no_token_of_a_screen_and_no_person_has_one(world):
    irina = administrator(world)
    assert irina.press("/settings/tokens", name="both", scope=["read", "wall"]).status_code == 422
    made = irina.press("/settings/tokens", name="robot", scope="read", days="30").text
    token = re.search(r"nabat_[\w-]{43}", made)[0]
    assert Browser(world.app).get(f"{WALL}?k={token}").status_code == 410
    own = {"name": "mine", "days": "30", "password": PASSWORD}
    assert irina.press("/me/tokens", scope="wall", **own).status_code == 422
    assert db.session.scalars(select(Token.name).where(Token.kind == "api")).all() == ["robot"]
    for scopes, code in ((["read", "admin"], 200), (["admin"], 403)):  # by HTTP: no wider than the token that makes it
        key = re.search(r"nabat_[\w-]{43}", irina.press("/me/tokens", scope=scopes, **own).text)[0]
        wanted = {"name": "by program", "scopes": ["wall"], "days": 30}
        made = world.client.post("/api/v1/tokens", json=wanted, headers={"Authorization": f"Bearer {key}"})
        assert made.status_code == code
        if code == 200:
            assert Browser(world.app).get(f"{WALL}?k={made.json['token']}").status_code == 302


def test_once_revoked_or_over_the_screen_is_let_in_no_more_and_says_so(world, screen):
    browser, number = screen
    irina = administrator(world)
    ending = db.session.get(Token, number).ending
    assert browser.get("/wall/live").status_code == 200
    assert irina.press(f"/settings/tokens/{number}/revoke", confirm=ending).status_code == 302
    assert browser.get("/wall/live").status_code == 302  # its script goes to the page …
    over = browser.get(WALL)
    assert (over.status_code, "This screen no longer has access" in over.text) == (410, True)  # … which says why
    assert browser.get(WALL).headers["Location"].startswith("/login")  # the cookie is gone
    told = db.session.execute(select(Audit.action, Audit.target).where(Audit.action.startswith("token"))).all()
    assert told == [("token create", "office"), ("token revoke", "office")]
    short = new_screen(irina, "short", "30")
    world.clock.advance(days=30)
    assert Browser(world.app).get(short).status_code == 410
    assert Browser(world.app).get(f"{WALL}?k=").status_code == 410
    assert Browser(world.app).get(f"{WALL}?k=" + "x" * 5000).status_code == 410


@one_database
def test_whoever_is_signed_in_sees_it_without_a_token_and_a_stranger_does_not(world):
    irina = administrator(world)
    anna, stranger = Browser(world.app, "192.0.2.2"), Browser(world.app, "192.0.2.3")
    anna.sign_in()
    assert anna.get(WALL).status_code == 200
    assert stranger.get(WALL).headers["Location"].startswith("/login")
    assert stranger.get("/wall/live").status_code == 302
    place = new_screen(irina)
    assert anna.get(place).headers["Location"] == WALL  # nor does it stay in the address of a person


def test_it_turns_its_pages_without_a_script_and_tells_a_script_only_what_is_new(world, screen):
    browser, _ = screen
    world.alert(name="Disk full", service="billing")
    page = browser.get(WALL)
    assert re.search(r'<noscript><meta http-equiv="refresh" content="20; url=/wall\?p=services">', page.text)
    assert re.findall(r'<section class="w-page" id="w-(\w+)"[^>]*?( hidden)?>', page.text) == [
        ("now", ""), ("services", " hidden"), ("oncall", " hidden"), ("pipeline", " hidden"), ("latest", " hidden"),
    ]  # fmt: skip
    second = browser.get(f"{WALL}?p=latest").text
    assert re.findall(r'id="w-(\w+)" aria-labelledby="\S+">', second) == ["latest"]
    assert "url=/wall?p=now" in second
    assert "Disk full" in page.text
    assert 'class="w-wide">billing</span><b>1</b>' in page.text
    mark = re.search(r'data-mark="([^"]*)"', page.text)[1]
    same = browser.get(f"/wall/live?since={mark}")
    assert (same.status_code, same.data) == (204, b"")
    assert int(same.headers["X-Now"]) == int(world.clock.now().timestamp() * 1000)
    world.alert(name="Second", fingerprint="s")
    news = browser.get(f"/wall/live?since={mark}")
    assert (news.status_code, "Second" in news.text, "<html" in news.text) == (200, True, False)
    later = re.search(r'data-mark="([^"]*)"', news.text)[1]
    world.clock.advance(seconds=10)
    assert browser.get(f"/wall/live?since={later}").status_code == 200  # "7 min" goes on though nothing happens


def test_titles_are_shown_as_text_and_nothing_else_that_people_or_senders_wrote(world, screen):
    browser, _ = screen
    hostile = '<img src=x onerror=alert(1)> "{{7*7}}"'
    (number,) = world.alert(name=hostile, fingerprint="h", service="<b>shop</b>", summary="the canary of a summary")
    anna = Browser(world.app)
    anna.sign_in()
    anna.press(f"/incidents/{number}/notes", text="the canary of a note")
    anna.press(f"/incidents/{number}/urgency", urgency="fast", reason="the canary of a reason")
    for place in (WALL, "/wall/live"):
        page = browser.get(place).text
        assert "canary" not in page
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
        assert "&lt;b&gt;shop" in page
        assert "49" not in re.findall(r"onerror[^<]{0,40}", page)[0]
        assert "Anna" in page  # who is on call …
        assert not re.search(r"\+\d{6}|@example", page)  # … but by no number and no address


@one_database
def test_an_empty_installation_is_quiet_and_turns_what_there_is(world, screen):
    browser, _ = screen
    page = browser.get(WALL).text
    assert "All quiet" in page
    assert 'id="w-services"' not in page
    assert 'id="w-latest"' not in page


@one_database
def test_a_slash_at_the_end_of_its_address_is_no_mistake(world, screen):
    browser, _ = screen
    led = browser.get("/wall/?k=nabat_x&p=now")
    assert (led.status_code, led.headers["Location"]) == (302, "/wall?k=nabat_x&p=now")
    assert led.headers["Referrer-Policy"] == "no-referrer"


@one_database
def test_whoever_tries_keys_fills_no_log(world, caplog, monkeypatch):
    monkeypatch.setattr("gateway.access.screens._refused", Spell())
    stranger = Browser(world.app, "203.0.113.9")
    for number in range(30):
        assert stranger.get(f"{WALL}?k=nabat_{number}").status_code == 410
    said = [one for one in caplog.messages if "screen_refused" in one]
    assert 1 <= len(said) <= 2  # the next is due ten seconds later
    assert "address=203.0.113.9" in said[0]
