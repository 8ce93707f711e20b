"""The one way out: deadlines, verdicts, and no way into the private network."""

import gzip
import socket
import ssl
import time

import pytest
import trustme

from gateway.outward import outbound
from gateway.outward.outbound import PermanentFailure, TemporaryFailure, post
from tests.fakes.http import FakeServer, drip, drop, hang, raw, reply

QUICK = 0.6


@pytest.fixture
def server():
    with FakeServer() as fake:
        yield fake


def unused_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_an_accepted_request_comes_back_with_its_answer(server):
    server.then(reply(201, {"sid": "SM1"}))
    answer = post(server.url + "/x", json={"a": "почта"}, headers={"X-Key": "1"}, auth=("me", "secret"))
    assert (answer.status, answer.said()) == (201, {"sid": "SM1"})
    asked = server.requests[0]
    assert asked.json() == {"a": "почта"}
    assert (asked.headers["X-Key"], asked.headers["Accept-Encoding"]) == ("1", "identity")
    assert asked.headers["Authorization"].startswith("Basic ")


def test_netrc_and_proxies_are_not_used(server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login stolen password stolen\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    post(server.url, json={})
    assert "Authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("headers", "wish"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "86400"}, 300),
        ({"Retry-After": "Sat, 05 Dec 2026 03:12:30 GMT", "Date": "Sat, 05 Dec 2026 03:12:00 GMT"}, 30),
        ({"Retry-After": "Sat, 05 Dec 2020 03:12:30 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "٣"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_later_is_later(server, status, headers, wish):
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    server.then(reply(status, headers=headers))
    with pytest.raises(TemporaryFailure) as failure:
        post(server.url, json={})
    assert failure.value.retry_after == wish
    assert not failure.value.ambiguous


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
def test_never_is_never(server, status):
    server.then(reply(status, b"bad\x00key\x1b[31m " + b"x" * 1000))
    with pytest.raises(PermanentFailure) as failure:
        post(server.url, json={})
    assert failure.value.status == status
    assert str(failure.value).startswith(f"HTTP {status}: bad\ufffdkey\ufffd[31m xxx")
    assert len(str(failure.value)) < 220


def test_a_stranger_s_answer_is_not_shown(server):
    server.then(reply(400, b"the private page"))
    with pytest.raises(PermanentFailure, match=r"HTTP 400$"):
        post(server.url, json={}, loopback=False, allow_private={"127.0.0.1"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server, status):
    server.then(reply(status, headers={"Location": server.url + "/elsewhere"}))
    with pytest.raises(PermanentFailure, match="redirect"):
        post(server.url, json={})
    assert len(server.requests) == 1


def test_nobody_there_is_temporary_and_certain():
    started = time.monotonic()
    with pytest.raises(TemporaryFailure, match="refused") as failure:
        post(f"http://127.0.0.1:{unused_port()}", json={})
    assert not failure.value.ambiguous
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "step",
    [
        hang(),
        drop(),
        raw(),
        raw(b""),
        drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["hang", "drop", "garbage", "closed", "dripping head", "endless 100"],
)
def test_no_answer_may_have_been_an_action(server, step):
    server.then(step)
    started = time.monotonic()
    with pytest.raises(TemporaryFailure) as failure:
        post(server.url, json={}, deadline=QUICK)
    assert failure.value.ambiguous
    assert time.monotonic() - started < QUICK + 5


@pytest.mark.parametrize(
    "step",
    [
        drip(b"HTTP/1.1 202 OK\r\n\r\n{" + b" " * 500, every=0.002),
        raw(b"HTTP/1.1 202 OK\r\nContent-Length: 500\r\n\r\n{"),
        raw(b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"),
        reply(202, b"\xff\xfe not JSON"),
        reply(202, b"[" * 60_000),
    ],
    ids=["dripping", "cut", "bad chunks", "no JSON", "deep JSON"],
)
def test_a_status_is_an_answer_whatever_becomes_of_the_body(server, step):
    server.then(step)
    answer = post(server.url, json={}, deadline=1)
    assert (answer.status, answer.said()) == (202, {})


def test_a_large_or_packed_body_is_not_swallowed(server):
    bomb = gzip.compress(b"\0" * 50_000_000)
    server.then(reply(202, b"x" * 1_000_000), reply(202, bomb, {"Content-Encoding": "gzip"}))
    assert len(post(server.url, json={}).body) == 65_536
    assert post(server.url, json={}).body == bomb[:65_536]


def test_an_unverified_certificate_gets_nothing(monkeypatch):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeServer(tls=context) as server:
        with pytest.raises(TemporaryFailure, match="TLS") as failure:
            post(server.url, json={}, deadline=2)
        assert not failure.value.ambiguous
        assert server.requests == []
        with authority.cert_pem.tempfile() as certificate:
            outbound.trust().load_verify_locations(certificate)
        assert post(server.url, json={}, deadline=2).status == 200
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with FakeServer(tls=context) as server:
        with pytest.raises(TemporaryFailure, match="TLS"):
            post(server.url, json={}, deadline=2)
        assert server.requests == []
    outbound.trust.cache_clear()


def test_a_silent_handshake_ends():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(TemporaryFailure) as failure:
            post(f"https://127.0.0.1:{silent.getsockname()[1]}", json={}, deadline=QUICK)
        assert not failure.value.ambiguous
        assert time.monotonic() - started < QUICK + 5


def test_a_header_that_http_does_not_take_is_a_failure_like_others(server):
    with pytest.raises(PermanentFailure, match="a header has characters"):
        post(server.url, headers={"Authorization": "Bearer ключ"})
