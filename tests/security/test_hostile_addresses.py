"""Addresses that people enter lead nowhere inside: refused when they are entered, and again when they are called.

The corpus's own (TEST_SHARED) and more of the same kind, at every place where a web address can be given.
"""

import json
import socket
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.channels import AddressEnded, PermanentFailure, TemporaryFailure, ntfy, webpush
from gateway.outward import alertmanager_api, dialing
from gateway.outward.addresses import is_loopback
from gateway.outward.outbound import ask
from gateway.outward.webpush import make_key, public_key
from gateway.settings import SETTINGS, BadSettings, load
from gateway.start.commands import cli
from gateway.store.db import db, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import AlertmanagerAddress, ContactRow, PersonRow, Source
from gateway.store.tables.desk import DeskAddress
from tests.browsing import Browser, everybody_has_a_password
from tests.channels.samples import MESSAGE
from tests.conftest import KEY, SHARED
from tests.databases import missing
from tests.e2e.hostile import cases
from tests.fakes.http import FakeServer, reply

pytestmark = pytest.mark.slow

CORPUS = [case.said["form"]["url"] for case in cases("ssrf")]
MORE = [
    "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/", "http://100.64.0.1/", "http://192.168.1.1/", "http://[fe80::1]/", "http://0.0.0.0/",
    "http://\uff11\uff12\uff17.0.0.1/", "http://localhost.:80/", "http://x@127.0.0.1/", "ftp://127.0.0.1/",
    "dict://127.0.0.1:11211/", "http://[:::1]/", "https://10.0.0.1/",
    "https://0177.1/", "https://0x7f.0x0.0x0.0x1/", "https://017700000001/", "https://3232235777/", "https://127.0.0.1./",
    "https://[fe80::1%25eth0]/", "https://[::1%25lo]/", "https://[fe80::1%eth0]/", "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::1]/", "https://[2001:0:a00:1::1]/", "https://[::ffff:a00:1]/", "https://[::ffff:0:a00:1]/",
    "https://127\uff0e0\uff0e0\uff0e1/", "https://\u2460\u2461\u2466.0.0.1/", "https://l\u00adocalhost/",
    "https://\u0661\u0662\u0667.\u0660.\u0660.\u0661/", "https://ok.example:443@127.0.0.1/",
    "https://ok.example%40127.0.0.1/", "https://127.0.0.1\\@ok.example/", "https:\\\\127.0.0.1/", "https:/127.0.0.1/",
    "https:127.0.0.1/", "//127.0.0.1/", "hTTpS://127.0.0.1/", "hTTp://ok.example/", "gOpher://127.0.0.1/", "https://127.0.0.1:80:443/",
    "https://ok.example:22/", "https://localhost.localdomain/", "https://ip6-loopback/", "https://a.localhost/",
    "https://192.88.99.1/", "https://[3fff::1]/", "https://127.0.0.1%00.ok.example/", "https://[ok.example]/",
]  # fmt: skip
NAMES = ("rebind.test", "ok.example")  # the corpus's two whose danger only shows when they are called
ENTERED = [url for url in [*CORPUS, *MORE] if not any(name in url for name in NAMES)]
PROVIDERS = [one.name for one in SETTINGS if one.name.endswith("_URL") and one.default.startswith("https://")]
OURS = make_key()
PAIR = {"p256dh": public_key(OURS), "auth": "A" * 22}


def test_the_corpus_is_among_them():
    if not cases("ssrf"):
        missing(f"no shared test data (TEST_SHARED) at {SHARED}")
    assert len(CORPUS) >= 9
    assert {name for name in NAMES for url in CORPUS if name in url} == set(NAMES)


def topic(url):
    return f"{url.rstrip('/')}/topic"


def subscription(url):
    return json.dumps({"endpoint": url, "keys": PAIR})


@pytest.mark.parametrize("channel", ["ntfy", "webpush"])
def test_no_people_file_brings_one_in(channel, tmp_path, app):
    contacts = [
        {"channel": channel, "address": topic(url) if channel == "ntfy" else subscription(url)} for url in ENTERED
    ]
    lines = [f"     {json.dumps(one, ensure_ascii=False)}," for one in contacts]
    text = "\n".join(
        ["people:", "  - email: anna@example.org", "    name: Anna", "    contacts: [", *lines, "    ]", ""]
    )
    (tmp_path / "people.yaml").write_text(text, encoding="utf-8")
    done = CliRunner(env=environment(tmp_path, app)).invoke(cli, ["people", "import", str(tmp_path / "people.yaml")])
    assert done.exit_code == 1, done.output
    refused = {int(line.split(":")[1]) for line in done.stderr.splitlines() if "contacts" in line}
    assert [url for number, url in enumerate(ENTERED, 5) if number not in refused] == []
    db.session.rollback()
    assert db.session.query(ContactRow).count() == 0


def environment(folder, app):
    settings = app.extensions["gateway"].settings
    return {"NABAT_DATABASE_URL": settings.database_url, "NABAT_DATA_DIR": str(folder), "NABAT_SECRET_KEY": KEY}


def test_no_browser_subscribes_with_one(world):
    everybody_has_a_password()
    anna = Browser(world.app)
    anna.sign_in()
    headers = {"X-CSRF-Token": anna.csrf(), "Content-Type": "application/json"}
    for url in ENTERED:
        place = {"environ_overrides": anna.environ, "headers": headers}
        assert anna.client.post("/me/push", data=subscription(url), **place).status_code == 422, url
    db.session.rollback()
    assert db.session.query(ContactRow).filter_by(channel="webpush").count() == 0


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_setting_takes_one(name):
    """This machine itself is allowed there, by name: a provider may run beside us."""
    taken = []
    for url in ENTERED:
        try:
            load({name: url})
            taken.append(url)
        except BadSettings as problem:
            assert problem.complaints[0].startswith(name)  # noqa: PT017
    assert [url for url in taken if not is_loopback(urlsplit(url).hostname or "")] == []


@pytest.fixture
def admin(world):
    """An administrator's browser, and a source of each kind that is asked or told by an address."""
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("irina@example.org")
    for kind in ("alertmanager", "ticket"):
        world.token(kind)
    numbers = dict(db.session.execute(select(Source.name, Source.id)).all())
    return browser, numbers["alertmanager"], numbers["ticket"]


def test_no_form_of_a_source_or_a_person_takes_one(admin):
    browser, alertmanager, ticket = admin
    anna = db.session.scalar(select(PersonRow.id).where(PersonRow.email == "anna@example.org"))
    for url in ENTERED:
        asked = {"urls": url, "auth": "none", "receivers": ""}
        assert browser.press(f"/sources/{alertmanager}/alertmanagers", **asked).status_code == 422, url
        assert browser.press(f"/sources/{ticket}/desk", url=url).status_code == 422, url
        for place in ("/me/contact", f"/people/{anna}/contacts"):
            assert browser.press(place, channel="ntfy", address=topic(url)).status_code == 422, (place, url)
    assert kept() == []


def kept():
    db.session.rollback()
    return [*db.session.scalars(select(AlertmanagerAddress)), *db.session.scalars(select(DeskAddress))]


def test_no_program_enters_one(world, admin):
    _, alertmanager, ticket = admin
    with transaction() as session:
        token = source_store.create_api_token(session, "program", ["read", "act", "admin"], world.clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    for url in ENTERED:
        for path, said in ((f"{alertmanager}/alertmanagers", {"urls": [url]}), (f"{ticket}/desk", {"url": url})):
            answer = world.client.post(f"/api/v1/sources/{path}", json=said, headers=headers)
            assert answer.status_code == 400, (path, url)
    assert kept() == []


def test_no_command_takes_one(tmp_path, app, admin):
    for url in ENTERED:
        done = CliRunner(env=environment(tmp_path, app)).invoke(
            cli, ["source", "set", "alertmanager", f"--alertmanager-url={url}"]
        )
        assert done.exit_code != 0, url
    assert kept() == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1", "169.254.169.254"]
)
def test_names_that_lead_inside_are_not_called(monkeypatch, address):
    """Names of others that resolve to us, as 127.0.0.1.nip.io does: nothing shows it when they are entered."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, *_a, **_m: [(kind, socket.SOCK_STREAM, 6, "", (address, port))]
    )
    monkeypatch.setattr(dialing, "_known", {})

    def never(*_place, **_more):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", never)
    for name in ("127.0.0.1.nip.io", "metadata.google.internal", "xn--oogaa.example", "intern"):
        url = f"https://{name}/"
        with pytest.raises(PermanentFailure, match="private address"):
            ask(url, loopback=False, json={})
        with pytest.raises((PermanentFailure, TemporaryFailure)):
            alertmanager_api.look(url, {}, frozenset(), 2.0)
        for channel, place in ((ntfy, topic(url)), (webpush, subscription(url))):
            with pytest.raises((PermanentFailure, AddressEnded)):
                channel.send(to(place), {webpush.KEY: OURS})


def test_no_mail_server_is_another_kind_of_address():
    """Where it may be is the administrator's business: mail servers are private as often as not."""
    for url in [*ENTERED, "smtp://", "smtp://h?starttls=yes", "smtp://h\nx", "smtps://[::"]:
        with pytest.raises(BadSettings) as problem:
            load({"NABAT_SMTP_URL": url})
        assert problem.value.complaints[0].startswith("NABAT_SMTP_URL")


def test_nothing_is_called_there_either(monkeypatch):
    """Whatever way an address came in, also from a row of the database that nobody checked."""

    def never(*_place, **_more):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", never)
    for url in ENTERED:
        with pytest.raises((PermanentFailure, TemporaryFailure)):
            ask(url, loopback=False, json={})
        for channel, address in ((ntfy, topic(url)), (webpush, subscription(url))):
            with pytest.raises((PermanentFailure, AddressEnded)):
                channel.send(to(address), {webpush.KEY: OURS})


def to(address):
    return replace(MESSAGE, address=address)


def test_a_name_that_changes_its_mind_leads_nowhere(monkeypatch):
    """Public when it is first asked for, ours the next time: what is called is the very address that was checked."""
    answers, asked, called = ["93.184.215.14", "127.0.0.1"], [], []

    def getaddrinfo(host, port, *_args, **_options):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[min(len(asked), 2) - 1], port))]

    def connect(_socket, place):
        called.append(place[0])
        raise OSError("unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(dialing, "_known", {})
    place = "https://rebind.test/topic"
    assert ntfy.check(place, {}) == ""
    assert asked == []  # what is entered is not looked up: it would prove nothing
    with pytest.raises(TemporaryFailure, match="unreachable"):
        ntfy.send(to(place), {})
    with pytest.raises(PermanentFailure, match="private address"):
        ntfy.send(to(place), {})
    assert asked == ["rebind.test"] * 2
    assert called == ["93.184.215.14"]


def test_a_redirect_is_not_followed():
    with FakeServer() as inside, FakeServer(lambda _: reply(302, headers={"Location": f"{inside.url}/x"})) as outside:
        for status in (301, 302, 303, 307, 308):
            outside.then(reply(status, headers={"Location": f"{inside.url}/x"}))
            with pytest.raises(PermanentFailure, match=str(status)):
                ntfy.send(to(f"{outside.url}/topic"), {"NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1"})
        assert inside.requests == []
