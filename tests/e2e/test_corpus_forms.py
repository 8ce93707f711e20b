"""Hostile forms and addresses against the running dashboard: refused, nothing changed, nobody else hurt.

The inputs are other people's (TEST_SHARED) and read in place.
"""

import http.client
import re
import shutil
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from gateway.app import create_app
from gateway.settings import load
from gateway.store.db import db, transaction
from gateway.store.tables import PersonRow
from tests.browsing import KEPT, PASSWORD, token_in
from tests.conftest import SHARED
from tests.databases import missing
from tests.e2e.hostile import SILENCE, VISIBLE, cases, timed
from tests.processes import Gateway
from tests.samples import PEOPLE, webhook

BUSY = 10.0  # seconds more than a case may take, because this machine has other things to do too
FORMS, PATHS = cases("form"), cases("path")
PLACES = {
    "login": "/login", "login_ok": "/login", "ack": "/incidents/1/acknowledge", "note": "/incidents/1/notes",
    "profile": "/me", "silence_new": "/silences",
}  # fmt: skip
WHO = {"ok": "anna@example.org", "admin": "irina@example.org", "viewer": "vera@example.org"}
VERA = "  - {email: vera@example.org, name: Vera, role: viewer, timezone: Europe/Moscow, contacts: []}\nteams:"
pytestmark = pytest.mark.slow


class Visitor:
    """A browser on a connection of its own for each request, with its cookies, that follows nothing."""

    def __init__(self, port):
        self.port, self.cookies, self.csrf = port, {}, ""

    def ask(self, method, path, form=None, headers=None):
        """Status, headers and text; "close" when the link was cut."""
        body = urlencode(form, errors="surrogatepass").encode() if form is not None else None
        headers = {**(headers or {}), "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SILENCE)
        try:
            try:
                link.request(method, path, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                """Refused before all of it was sent: the answer may be there all the same."""
            answer = link.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
            return answer.status, answer.headers, answer.read(200_000).decode(errors="replace")
        except (http.client.HTTPException, ConnectionError):
            return "close", {}, ""
        finally:
            link.close()

    def sign_in(self, email, password=PASSWORD, **more):
        form = {"csrf_token": token_in(self.ask("GET", "/login")[2]), "username": email, "password": password, **more}
        return self.ask("POST", "/login", form)

    def signed_in(self, email):
        assert self.sign_in(email)[0] == 302
        page = self.ask("GET", "/me")[2]
        self.csrf = re.search(r'name="csrf-token" content="([^"]*)"', page)[1]
        return self


class Target:
    """A web server without a worker, one open incident, and somebody signed in for each role that a case may want."""

    def __init__(self, gateway):
        self.gateway = gateway
        gateway.prepare(PEOPLE.replace("NTFY", "https://ntfy.example").replace("teams:", VERA, 1))
        everybody_may_sign_in(gateway)
        gateway.web()
        assert gateway.post(webhook())[0] == 202
        self.visitors = {role: Visitor(gateway.port).signed_in(email) for role, email in WHO.items()}

    def state(self):
        """All that a form could change."""
        queries = (
            "SELECT count(*), max(id) FROM audit", "SELECT count(*) FROM entry", "SELECT id, status FROM incident",
            "SELECT email, name, role, active, language FROM person ORDER BY id", "SELECT count(*) FROM contact",
            "SELECT count(*) FROM silence",
        )  # fmt: skip
        return [self.gateway.rows(query) for query in queries]


def everybody_may_sign_in(gateway):
    app = create_app(load(gateway.environment))
    with app.app_context():
        with transaction() as session:
            session.execute(update(PersonRow).values(password_hash=KEPT))
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def target(request, tmp_path_factory, sqlite_file):
    folder = tmp_path_factory.mktemp("forms")
    if request.param == "sqlite":
        shutil.copyfile(sqlite_file, folder / "nabat.db")
        url = f"sqlite:///{folder}/nabat.db"
    else:
        url = request.getfixturevalue("durable").copy("forms")
    with Gateway(folder, url) as gateway:
        yield Target(gateway)


def each(found):
    """One test for each; where the corpus is not there, one that says so."""
    return pytest.mark.parametrize("case", found or [None], ids=str)


def is_there(found):
    return found or missing(f"no shared test data (TEST_SHARED) at {SHARED}")


@each(FORMS)
def test_a_hostile_form_is_refused_and_changes_nothing(case, target):
    place = PLACES[is_there(case).said["target"]]
    before = target.state()
    (status, headers, text), took = filled_in(case, target, place)
    assert status in case.said["status"], text
    assert took < case.seconds + BUSY
    assert "Traceback" not in text
    if status == "close" or status >= 400:
        assert target.state() == before
    EFFECTS.get(case.id, lambda *_: None)(target, headers, text)
    assert target.gateway.get("/healthz")[0] == 200


def filled_in(case, target, place):
    said, mode = case.said, case.said["auth"]
    form = {name: "x" * int(text[4:]) if text.startswith("GEN:") else text for name, text in said["form"].items()}
    if said["target"] in ("login", "login_ok"):  # the form before sign-in, as every browser has it: with its token
        visitor = Visitor(target.gateway.port)
        known = {"username": WHO["ok"], "password": PASSWORD} if said["target"] == "login_ok" else {}
        form = {**form, **known, "csrf_token": token_in(visitor.ask("GET", place)[2])}
    elif mode in ("anon", "anonhx"):
        visitor = Visitor(target.gateway.port)
    else:
        visitor = target.visitors.get(mode) or target.visitors["ok"]
        if mode not in ("nocsrf", "hxonly"):
            form.setdefault("csrf_token", visitor.csrf)
    headers = {
        "evilorigin": {"Origin": "https://evil.example"},
        "xsite": {"Sec-Fetch-Site": "cross-site"},
        "hxonly": {"HX-Request": "true"},
        "anonhx": {"HX-Request": "true"},
    }.get(mode, {})
    *answer, took = timed(visitor.ask, said["method"], place, form, headers | said.get("headers", {}))
    return answer, took


@each(PATHS)
def test_a_hostile_address_finds_nothing_and_breaks_nothing(case, target):
    visitor = target.visitors["ok"]
    status, _, text, took = timed(visitor.ask, "GET", is_there(case).said["path"])
    assert status in case.said["status"], text
    assert took < case.seconds + BUSY
    assert "Traceback" not in text
    assert target.gateway.get("/healthz")[0] == 200


def test_no_form_or_address_was_a_surprise(target):
    said = target.gateway.said()
    assert "Traceback" not in said
    assert " error event=" not in said, said[-3000:]


# --- what is written in the manifest about single cases

EFFECTS = {}


def effect(number):
    def keep(look):
        EFFECTS[number] = look
        return look

    return keep


@effect("form-205")
def the_note_is_text(target, _headers, _text):
    page = target.visitors["ok"].ask("GET", "/incidents/1")[2]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@effect("form-212")
def nobody_becomes_an_administrator(target, _headers, _text):
    assert target.gateway.value("SELECT role FROM person WHERE email = 'anna@example.org'") == "responder"


@effect("form-214")
def a_wrong_password_is_answered_like_an_unknown_name(target, _headers, text):
    _, _, other = Visitor(target.gateway.port).sign_in("oleg@example.org", "x")

    def plain(page):
        return re.sub(r'value="[^"]*"', "", page)

    assert plain(other) == plain(text)


@effect("form-217")
def it_leads_to_a_page_of_ours(_target, headers, _text):
    assert re.match(r"/(?![/\\])", headers["Location"])


def test_every_class_of_the_corpus_is_looked_at():
    """By this file, test_corpus.py beside it, and tests/security/."""
    here = cases("form", "path")
    beside = cases("json", "schema", "time", "text", "url", "length", "auth", "sign", "raw", "ticket")
    security = cases("ssrf", "config")
    if not VISIBLE.is_dir():
        missing(f"no shared test data (TEST_SHARED) at {SHARED}")
    lines = (VISIBLE / "manifest.jsonl").read_text().splitlines()
    assert len(here) + len(beside) + len(security) == len(lines)
