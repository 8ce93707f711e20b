"""No way into the private network: names, numbers in disguise, and names that change their mind."""

import socket
import time

import pytest

from gateway.outward import dialing
from gateway.outward.addresses import check_url, is_public, private_hosts
from gateway.outward.outbound import PermanentFailure, TemporaryFailure, ask, post
from tests.fakes.http import FakeServer

QUICK = 0.6


@pytest.fixture
def server():
    with FakeServer() as fake:
        yield fake


@pytest.fixture
def names(monkeypatch):
    """A name server of our own: each question takes the next answer."""
    asked, answers = [], []

    def getaddrinfo(host, port, *_args, **_options):
        asked.append(host)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        kind = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [(kind, socket.SOCK_STREAM, 6, "", (found, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(dialing, "_known", {})
    return answers, asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "192.0.2.1",
        "198.18.0.1",
        "192.88.99.1",
        "3fff::1",
        "5f00::1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "::ffff:0:a00:1",
        "fe80::1%eth0",
    ],
)
def test_these_are_not_the_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2a00:1450:4010:c0f::66", "::ffff:93.184.215.14"])
def test_these_are(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/t",
        "https://localhost/t",
        "https://localhost./t",
        "https://[::1]/t",
        "https://0/t",
        "https://2130706433/t",
        "https://0x7f000001/t",
        "https://127.1/t",
        "https://0177.0.0.1/t",
        "https://0x7f.1/t",
        "https://[::ffff:127.0.0.1]/t",
        "https://[64:ff9b::7f00:1]/t",
        "https://[2002:7f00:1::]/t",
        "https://100.64.0.1/t",
        "https://169.254.169.254/latest/meta-data",
        "https://\uff11\uff12\uff17.0.0.1/t",
        "https://127。0。0。1/t",
        "https://ⓛocalhost/t",
        "https://ntfy.sh@127.0.0.1/t",
        "https://127.0.0.1#@ntfy.sh/t",
        "https://ntfy.sh\\@127.0.0.1/t",
        "https://ntfy.sh:0/t",
        "https://ntfy.sh:/t",
        "https://ntfy.sh:65536/t",
        "http://ntfy.sh/t",
        "ftp://ntfy.sh/t",
        "https:///t",
        "ntfy.sh/t",
        "",
        "https://ntfy .sh/t",
        "https://ntfy.sh\n/t",
        "https://-ntfy.sh/t",
        "https://a..b/t",
        "https://" + "a" * 64 + ".sh/t",
        "file:///etc/passwd",
        "https://x%00.sh/t",
        "https://[:::ffff:7f00:1]/t",
        "https://ntfy.sh:25/t",
        "https://ntfy.sh:22/t",
        "https://localhost.localdomain/t",
        "https://ip6-loopback/t",
        "https://IP6-Localhost./t",
        "https://\u0661\u0662\u0667.\u0660.\u0660.\u0661/t",
        "https://ntfy.٢/t",
    ],
)
def test_what_people_enter_is_checked_in_words(url, names):
    assert check_url(url)
    with pytest.raises(PermanentFailure):
        ask(url, loopback=False, json={})
    assert names[1] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://ntfy.sh/topic",
        "https://ntfy.example.org:8443/t",
        "https://пример.рф/т",
        "https://93.184.215.14/t",
        "https://ntfy_1.example/t",
    ],
)
def test_good_addresses_pass(url):
    assert check_url(url) == ""


def test_the_administrator_can_allow_hosts():
    allowed = private_hosts({"NABAT_ALLOW_PRIVATE_HOSTS": "ntfy.lan, 10.0.0.5\n[::1] LOCALHOST."})
    assert allowed == {"ntfy.lan", "10.0.0.5", "::1", "localhost"}
    for url in ("http://ntfy.lan/t", "http://10.0.0.5:8080/t", "https://[::1]/t", "http://localhost/t"):
        assert check_url(url, allow_private=allowed) == ""
    assert check_url("http://10.0.0.6/t", allow_private=allowed)
    assert private_hosts({}) == frozenset()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::1"]
)
@pytest.mark.parametrize("loopback", [True, False])
def test_a_name_that_leads_inside_is_refused(names, address, loopback):
    names[0].append(address)
    with pytest.raises(PermanentFailure, match="private"):
        post("https://inside.example/t", json={}, loopback=loopback)


def test_the_address_that_was_checked_is_the_address_that_is_used(names, server):
    answers, asked = names
    answers.extend(["127.0.0.1", "93.184.215.14"])
    url = f"http://rebind.example:{server.port}/t"
    post(url, json={}, allow_private={"rebind.example"}, deadline=2)
    assert asked == ["rebind.example"]
    assert server.requests[0].headers["Host"] == f"rebind.example:{server.port}"


def test_a_name_that_changes_its_mind_does_not_lead_inside(names, server):
    answers, asked = names
    answers.extend(["93.184.215.14", "127.0.0.1"])
    with pytest.raises(TemporaryFailure):
        post(f"https://rebind.example:{server.port}/t", json={}, loopback=False, deadline=QUICK)
    assert asked == ["rebind.example"]
    assert server.requests == []


def test_an_unknown_name_is_temporary(names):
    names[0].append(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    with pytest.raises(TemporaryFailure, match=r"cannot find nowhere\.example: Name or service not known") as failure:
        post("https://nowhere.example", json={})
    assert not failure.value.ambiguous


def test_a_dead_name_server_is_outlived_by_the_last_good_answer(names, server):
    answers, _ = names
    answers.extend(["127.0.0.1", socket.gaierror(socket.EAI_AGAIN, "Temporary failure")])
    for _attempt in range(2):
        post(f"http://known.example:{server.port}/", json={}, allow_private={"known.example"})
    assert len(server.requests) == 2


def test_a_name_server_that_never_answers_does_not_hold_us(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(1.5) or [])
    started = time.monotonic()
    with pytest.raises(TemporaryFailure, match="name server"):
        post("https://slow.example", json={}, deadline=QUICK)
    assert time.monotonic() - started < QUICK + 5
