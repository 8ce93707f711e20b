"""Every route, walked: what answers tell browsers, what another site may not do, and that looking changes nothing."""

import json

import pytest

from dashboard.headers import CONTENT_SECURITY_POLICY
from gateway.store.db import db, transaction
from gateway.store.senders import sources
from gateway.store.tables import Base
from tests.browsing import Browser, everybody_has_a_password
from tests.conventions.test_roles import FORMS, TABLE, address
from tests.doors import BridgeDoor
from tests.samples import webhook

# What answers look like does not depend on the database.
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

KEPT_BY_BROWSERS = ("/static/<path:name>", "/sw.js", "/manifest.webmanifest")
FOR_GUESTS = ("/g/<token>", "/wall", "/wall/", "/wall/live")  # not even our own server is told from where
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null"}, {"Origin": "http://localhost.evil.example"},
]  # fmt: skip
GETS = [rule for method, rule in TABLE if method == "GET"]
POSTS = [rule for method, rule in TABLE if method == "POST"]
WITHOUT_A_SESSION = (  # machines, signed links, and forms before sign-in
    "/ingest", "/v2/", "/generic/", "/api", "/callback", "/p/<token>", "/weekly/<token>", "/s/<int", "/heartbeat/",
    "/status/",
    "/login", "/setup",
)  # fmt: skip
WITH_A_SESSION = [rule for rule in POSTS if not rule.startswith(WITHOUT_A_SESSION) or rule.startswith("/setup/steps")]


@pytest.fixture
def number(world):
    everybody_has_a_password()
    return world.alert()[0]


def signed_in(world, email="irina@example.org", scheme="http"):
    browser = Browser(world.app, scheme=scheme)
    assert browser.sign_in(email).status_code == 302
    return browser


def wrong_with(rule, answer, *, https):
    """What the headers lack, in words. An answer without a body has nothing to guard: it is only not to be kept."""
    if answer.status_code == 204:
        assert answer.data == b""
        left = {"X-Content-Type-Options", "Cache-Control", "X-Now", "X-Waiting", "HX-Trigger", "Set-Cookie"}
        yield from (f"{name} is there" for name in set(answer.headers.keys()) - left)
        yield from (
            f"{name} is lacking" for name in {"X-Content-Type-Options", "Cache-Control"} - set(answer.headers.keys())
        )
        return
    headers, wanted = answer.headers, {
        "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer" if rule in FOR_GUESTS else "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }  # fmt: skip
    yield from (f"{name}: {headers.get(name)}" for name, value in wanted.items() if headers.get(name) != value)
    if rule not in KEPT_BY_BROWSERS and headers.get("Cache-Control") != "no-store":
        yield f"Cache-Control: {headers.get('Cache-Control')}"
    if bool(headers.get("Strict-Transport-Security")) is not https:
        yield f"Strict-Transport-Security: {headers.get('Strict-Transport-Security')}"
    yield from (f"{name} is there" for name, _ in headers if name.startswith("Access-Control-"))
    yield from (f"{name} is there" for name in ("X-Powered-By", "Server") if name in headers)
    for cookie in headers.getlist("Set-Cookie"):
        yield from (f"{cookie}: no {part}" for part in attributes(cookie, https=https) if part not in cookie)


def attributes(cookie, *, https):
    name = cookie.partition("=")[0]
    if name not in ("language", "theme"):  # the two that a page before sign-in needs, and no secrets
        yield "HttpOnly"
        yield from ["__Host-", "Path=/"] if https else []
    yield from ["SameSite=Lax", *(["Secure"] if https else [])]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("who", ["a stranger", "an administrator"])
def test_every_answer_of_every_route_has_all_headers(world, number, scheme, who):
    browser = Browser(world.app, scheme=scheme) if who == "a stranger" else signed_in(world, scheme=scheme)
    wrong = []
    for rule in [*GETS, "/nothing/here"]:
        answer = browser.get(address(rule, number))
        wrong += [f"GET {rule}: {one}" for one in wrong_with(rule, answer, https=scheme == "https")]
    csrf = browser.csrf() if who != "a stranger" else ""
    for rule in POSTS:  # /logout is the last of them
        answer = browser.post(address(rule, number), {"csrf_token": csrf, "text": "x", **FORMS.get(rule, {})})
        wrong += [f"POST {rule}: {one}" for one in wrong_with(rule, answer, https=scheme == "https")]
        csrf = browser.csrf() if rule == "/me/password" and csrf else csrf
    wrong += [f"PUT: {one}" for one in wrong_with("", browser.client.put("/login", base_url=browser.root),
                                                  https=scheme == "https")]  # fmt: skip
    assert wrong == []


def test_the_answers_that_no_page_made_have_them_too(world):
    door = BridgeDoor(world.app)
    try:
        token = {"Authorization": f"Bearer {world.token()}"}
        good = json.dumps(webhook()).encode()
        answers = [
            door.post("/ingest/alertmanager", good, **token), door.post("/ingest/alertmanager", b"{", **token),
            door.post("/ingest/alertmanager", good), door.post("/login", b"x" * 1_100_000), door.post("/nowhere", b""),
        ]  # fmt: skip
        page = door.post("/incidents/1/note", b"x" * 1_100_000, accept="text/html", accept_language="ru")
        part = door.post("/incidents/1/note", b"x" * 1_100_000, hx_request="true")
        named = door.get("/nowhere/%D1%83%D1%87%D1%91%D1%82%2541%EF%BF%BD", "", {"accept": "text/html"})
    finally:
        door.close()
    assert [answer.status for answer in answers] == [202, 400, 401, 413, 404]
    assert named.status == 404
    assert "/nowhere/учёт%41\ufffd" in named.body.decode()  # a name of any script, and read once only
    assert (page.status, part.status) == (413, 413)  # people are told by a page, htmx by a sentence
    assert "Слишком длинно" in page.body.decode()
    assert dict(part.headers)["hx-retarget"] == "#flash-err"
    assert "Too long" in part.body.decode()
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def everything():
    """All rows but what says when and from where somebody was last seen, and how often something was asked."""
    db.session.rollback()
    seen = ("last_seen_at", "last_used_at", "last_address")
    tables = [table for table in Base.metadata.sorted_tables if table.name != "counter"]
    columns = {table.name: [one for one in table.columns if one.name not in seen] for table in tables}
    queries = {table.name: table.select().with_only_columns(*columns[table.name]) for table in tables}
    return {name: sorted(map(repr, db.session.execute(query).all())) for name, query in queries.items()}


def test_another_site_changes_nothing_though_the_token_is_right(world, number):
    assert len(WITH_A_SESSION) >= 9
    browser = signed_in(world)
    csrf, before = browser.csrf(), everything()
    for rule in WITH_A_SESSION:
        for headers in ELSEWHERE:
            form = {"csrf_token": csrf, "text": "x", **FORMS.get(rule, {})}
            assert browser.post(address(rule, number), form, headers).status_code == 403, (rule, headers)
    assert everything() == before


def test_a_form_without_its_token_changes_nothing(world, number):
    browser = signed_in(world)
    csrf, before = browser.csrf(), everything()
    for rule in WITH_A_SESSION:
        for wrong in (
            {},
            {"csrf_token": ""},
            {"csrf_token": csrf[:-1]},
            {"csrf_token": csrf + "x"},
            {"csrf_token": "é"},
        ):
            form = {"text": "x", **FORMS.get(rule, {}), **wrong}
            assert browser.post(address(rule, number), form).status_code == 403, (rule, wrong)
        answer = browser.post(f"{address(rule, number)}?csrf_token={csrf}", {"text": "x", **FORMS.get(rule, {})})
        assert answer.status_code == 403, rule  # the address is in logs and in Referer: no place for it
    assert everything() == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_everything_changes_nothing(world, number, method):
    browser, program = signed_in(world), {"Authorization": f"Bearer {api_token(world)}"}
    browser.get("/me/phone")  # makes the key by which push services know us
    before = everything()
    for rule in GETS:
        for query in ("", "?q=x&after=1&status=all&said=kept"):
            place = f"{address(rule, number)}{query}"
            browser.client.open(place, method=method, environ_overrides=browser.environ)
            world.client.open(place, method=method, headers=program)
    assert everything() == before


def test_no_get_answers_what_only_a_post_may_do(world, number):
    """Where another method has a route of its own, a program's, a browser is nobody there."""
    browser, routes = signed_in(world), world.app.url_map.bind("localhost")
    before = everything()
    for rule in POSTS:
        if ("GET", rule) not in TABLE:
            for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"):
                answer = browser.client.open(address(rule, number), method=method, environ_overrides=browser.environ,
                                             headers={"X-HTTP-Method-Override": "POST"})  # fmt: skip
                own = rule.startswith(("/api/", "/v2/")) and routes.test(address(rule, number), method)
                assert answer.status_code in ((401,) if own else (404, 405)), (method, rule)
    assert everything() == before


def api_token(world):
    with transaction() as session:
        return sources.create_api_token(session, "walk", ["read", "act"], world.clock.now())
