"""Nobody is let in who was not asked: guesses, made-up addresses, defaults, and what a broken installation shows."""

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text

from gateway.access import auth
from gateway.access.proxies import TrustedProxies
from gateway.doors.bodies import environ_of
from gateway.store.db import db, transaction
from gateway.store.tables import PersonRow, Token
from tests.browsing import PASSWORD, Browser, everybody_has_a_password, token_in
from tests.samples import webhook

# What answers look like does not depend on the database.
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

DEFAULTS = ("admin", "root", "nabat", "administrator", "admin@example.org", "demo", "test")


@pytest.fixture
def app(world):
    everybody_has_a_password()
    return world.app


def tries(app, forwarded, count, password="wrong", address="192.0.2.1", **environ):
    """Sign-ins from one address that calls itself another each time."""
    for number in range(count):
        browser = Browser(app, address)
        browser.environ |= {name: value.format(number) for name, value in {**forwarded, **environ}.items()}
        yield browser.sign_in(password=password).status_code


SPOOFS = [
    {"HTTP_X_FORWARDED_FOR": "203.0.113.{0}"},
    {"HTTP_X_FORWARDED_FOR": "203.0.113.{0}, 198.51.100.{0}"},
    {"HTTP_X_REAL_IP": "203.0.113.{0}"},
    {"HTTP_FORWARDED": "for=203.0.113.{0}"},
    {
        "HTTP_CF_CONNECTING_IP": "203.0.113.{0}",
        "HTTP_TRUE_CLIENT_IP": "203.0.113.{0}",
        "HTTP_CLIENT_IP": "203.0.113.{0}",
    },
]


@pytest.mark.parametrize("spoof", SPOOFS, ids=str)
def test_a_made_up_address_does_not_buy_more_guesses(app, spoof):
    codes = list(tries(app, spoof, auth.ATTEMPTS + 2))
    assert codes == [401] * auth.ATTEMPTS + [429] * 2
    assert Browser(app, "192.0.2.99").sign_in().status_code == 302  # its owner, from elsewhere


@pytest.mark.parametrize("spoof", SPOOFS[:2], ids=str)
def test_nor_behind_a_proxy_of_ours(app_of, spoof):
    """The proxy adds the address that it sees: what stands before it is the visitor's own invention."""
    app = app_of(NABAT_TRUSTED_PROXIES="10.0.0.0/8")
    before = {"HTTP_X_FORWARDED_FOR": f"{spoof['HTTP_X_FORWARDED_FOR']}, 192.0.2.7, 10.0.0.2"}
    codes = list(tries(app, before, auth.ATTEMPTS + 2, address="10.0.0.1"))
    assert codes == [401] * auth.ATTEMPTS + [429] * 2
    assert list(tries(app, {"HTTP_X_FORWARDED_FOR": "192.0.2.8"}, 1, address="10.0.0.1")) == [401]


@pytest.mark.parametrize(
    ("client", "headers", "visitor"),
    [
        ("192.0.2.1:4711", {}, "192.0.2.1"),
        ("[2001:db8::7]:4711", {}, "2001:db8::7"),
        ("[2001:db8::1]:4711", {"x-forwarded-for": "192.0.2.9"}, "192.0.2.9"),
        ("10.0.0.1:4711", {"x-forwarded-for": "192.0.2.9", "x_forwarded_for": "6.6.6.6"}, "192.0.2.9"),
        ("10.0.0.1:4711", {"x_forwarded_for": "6.6.6.6", "x-forwarded-for": "192.0.2.9"}, "192.0.2.9"),
        ("10.0.0.1:4711", {"X_Forwarded-For": "6.6.6.6"}, "10.0.0.1"),
    ],
)
def test_who_a_visitor_is_to_the_web_server(app, client, headers, visitor):
    scope = SimpleNamespace(
        server="[::]:8000", client=client, method="GET", path="/", query_string="", http_version="1.1", scheme="http",
        headers=headers, authority=None,
    )  # fmt: skip
    caught = {}
    proxies = TrustedProxies(lambda environ, _: caught.update(environ) or [], ["10.0.0.0/8", "2001:db8::1"])
    proxies(environ_of(scope, b""), None)
    assert caught["REMOTE_ADDR"] == visitor


def test_a_fresh_installation_has_nobody_and_no_key(app_of):
    app = app_of()
    assert db.session.scalar(select(func.count()).select_from(PersonRow)) == 0
    assert db.session.scalar(select(func.count()).select_from(Token)) == 0
    for name in DEFAULTS:
        for password in (name, "admin", "password", "changeme", ""):
            assert Browser(app, f"192.0.2.{len(name)}{len(password)}").sign_in(name, password).status_code in (401, 429)
    for token in ("", "admin", "None", "null", "0", "setup"):
        assert Browser(app).get(f"/setup?token={token}").status_code == 410
    client = app.test_client()
    for token in ("", "nabat", "null", "None", "undefined"):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post("/ingest/alertmanager", json=webhook(), headers=headers).status_code == 401
        assert client.get("/api/v1/incidents", headers=headers).status_code == 401


def test_who_was_imported_without_a_password_cannot_sign_in_with_none(world):
    for password in ("", " ", "None", "null", "\0"):
        assert Browser(world.app, f"192.0.2.{len(password)}").sign_in(password=password).status_code == 401


def test_a_sign_in_takes_no_cookie_that_was_there_before(app):
    """Whoever planted a cookie in our visitor's browser is not signed in with them."""
    victim, thief = Browser(app), Browser(app)
    planted = "a" * 43
    for browser in (victim, thief):
        browser.client.set_cookie("nabat", planted)
    form_before = token_in(victim.get("/login").text)
    assert victim.sign_in().status_code == 302
    assert victim.cookie("nabat").value != planted
    assert thief.get("/incidents").status_code == 302
    assert victim.csrf() != form_before
    first = victim.csrf()
    victim.press("/logout")
    victim.sign_in()
    assert victim.csrf() != first


def test_nothing_runs_in_debug_and_nothing_is_explained_to_strangers(app):
    assert app.debug is False
    assert app.testing is False
    assert app.config["PROPAGATE_EXCEPTIONS"] is None
    for path in ("/console", "/?__debugger__=yes&cmd=resource&f=style.css", "/debug", "/.git/config", "/.env", "/data",
                 "/static/..%2f..%2fnabat.db", "/static/%2e%2e/%2e%2e/README.md", "/docs"):  # fmt: skip
        answer = Browser(app).get(path)
        assert answer.status_code in (302, 404), path
        assert "Traceback" not in answer.text


def test_a_page_that_breaks_says_nothing_of_why(world, app):
    (number,) = world.alert()
    anna = Browser(app)
    anna.sign_in()
    with transaction() as session:
        session.execute(text("ALTER TABLE entry RENAME TO entry_away"))
    answer = anna.get(f"/incidents/{number}")
    assert answer.status_code == 500
    for word in ("Traceback", "sqlalchemy", "sqlite", "SELECT", ".py", "entry", PASSWORD):
        assert word not in answer.text, word
    api = world.client.post("/callback/pagerduty", data=b"\xff")
    assert "Traceback" not in api.text
