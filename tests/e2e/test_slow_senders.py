"""Senders that dawdle, go away, or send too much: nobody waits for them, and nothing of theirs is half stored (F40)."""

import json
import shutil
import socket
import struct
import time
from contextlib import ExitStack, suppress

import pytest

from tests.databases import wait_until
from tests.e2e.hostile import send
from tests.processes import Gateway, children_of, memory_of
from tests.samples import alert, group

DAWDLERS = 200
STRANGERS = 60
DELAY = 1.0  # seconds that they may cost somebody else
CROWD = 2500  # links that each hold 60 kB of a body: more than there is room for
IDLE = 1000
LARGEST = 16 * 1024 * 1024
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, sqlite_file):
    folder = tmp_path_factory.mktemp("slow")
    shutil.copyfile(sqlite_file, folder / "nabat.db")
    with Gateway(folder, f"sqlite:///{folder}/nabat.db").prepare(sources=[("alertmanager", "")]) as gateway:
        gateway.web()
        yield gateway
        assert "Traceback" not in gateway.said()


def body(name):
    return json.dumps(group(alert(name=name, fingerprint=name))).encode()


def head(gateway, length):
    token = gateway.tokens["alertmanager", ""]
    request = f"POST /ingest/alertmanager HTTP/1.1\r\nHost: nabat\r\nAuthorization: Bearer {token}\r\n"
    return f"{request}Content-Length: {length}\r\n\r\n".encode()


def connect(gateway):
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=60)


def stored(gateway):
    return {row[0] for row in gateway.rows("SELECT fingerprint FROM alert WHERE source_id <> 0")}


def complaints(gateway):
    """What we told people about bodies of our senders: the tests come in any order, and one of them is told of."""
    return gateway.rows("SELECT title FROM incident WHERE source_id = 0 AND title LIKE '%cannot be read'")


def fastest_of(gateway, number, name):
    """Seconds of the quickest of some good requests: a neighbour on this machine may slow down one, not all of them."""
    taken = []
    for turn in range(number):
        began = time.monotonic()
        assert gateway.post(body(f"{name}{turn}"))[0] == 202
        taken.append(time.monotonic() - began)
    return min(taken)


def test_two_hundred_half_sent_bodies_hold_up_nobody(gateway):
    alone = fastest_of(gateway, 5, "alone")
    whole = body("half")
    with ExitStack() as links:
        for _ in range(DAWDLERS):
            link = links.enter_context(connect(gateway))
            link.sendall(head(gateway, len(whole)) + whole[: len(whole) // 2])
        among = fastest_of(gateway, 5, "among")
        assert gateway.get("/healthz")[0] == 200
        assert among <= alone + DELAY
        assert "half" not in stored(gateway)
        link.sendall(whole[len(whole) // 2 :])  # the last of them comes to its end after all
        assert link.recv(65536).startswith(b"HTTP/1.1 202")
    assert "half" in stored(gateway)


def test_a_body_that_drips_in_is_taken_in_the_end(gateway):
    whole = body("drip")
    with connect(gateway) as link:
        link.sendall(head(gateway, len(whole)))
        for place in range(0, len(whole), 10):
            link.sendall(whole[place : place + 10])
            time.sleep(0.03)
        assert link.recv(65536).startswith(b"HTTP/1.1 202")
    assert "drip" in stored(gateway)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_nothing_is_kept_of_a_body_that_broke_off(gateway, reset):
    whole, known = body("broken"), stored(gateway) - {"after"}
    payloads, told = gateway.value("SELECT count(*) FROM payload"), complaints(gateway)
    with connect(gateway) as link:
        link.sendall(head(gateway, len(whole)) + whole[:-1])
        if reset:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The bytes that come would be a good body, were they taken for all of it.
    with connect(gateway) as link:
        link.sendall(head(gateway, len(whole) + 1) + whole)
    assert gateway.post(body("after"))[0] == 202
    assert stored(gateway) - known == {"after"}
    assert gateway.value("SELECT count(*) FROM payload") == payloads + 1
    assert complaints(gateway) == told


@pytest.mark.parametrize("more", [0, 1])
def test_the_largest_body_is_taken_and_one_byte_more_is_not(gateway, more):
    whole = body(f"large{more}").ljust(LARGEST + more)
    pieces = [whole[place : place + 1_000_000] for place in range(0, len(whole), 1_000_000)]
    headers = {"Authorization": f"Bearer {gateway.tokens['alertmanager', '']}"}
    status, _ = send(gateway.port, "POST", "/ingest/alertmanager", headers, pieces)
    assert status == (413 if more else 202)
    assert (f"large{more}" in stored(gateway)) == (status == 202)
    if more:  # the sender will not come again, so people are told
        wait_until(lambda: len(complaints(gateway)) == 1)


def test_strangers_who_send_much_cost_no_memory(gateway):
    """Sixty links that pour fifteen megabytes each, without a token."""
    web = children_of(gateway.processes[0].pid)[0]
    before = memory_of(web)
    request = b"POST /ingest/alertmanager HTTP/1.1\r\nHost: nabat\r\nContent-Length: 15000001\r\n\r\n"
    with ExitStack() as links:
        for _ in range(STRANGERS):
            link = links.enter_context(connect(gateway))
            with suppress(OSError):  # we are answered before we are done, and the link is closed
                link.sendall(request)
                for _ in range(15):
                    link.sendall(b" " * 1_000_000)
        assert memory_of(web) - before < 64 * 1024 * 1024
    assert gateway.post(body("afterwards"))[0] == 202


def test_a_small_body_that_breaks_off_is_refused_and_nothing_is_said_to_have_gone_wrong(gateway):
    whole = body("torn")
    with connect(gateway) as link:
        link.sendall(head(gateway, len(whole)) + whole[:-9])
        link.shutdown(socket.SHUT_WR)
        assert link.recv(65536).startswith(b"HTTP/1.1 400")
    with connect(gateway) as link:
        link.sendall(head(gateway, len(whole)) + whole[:-9])
    assert gateway.post(body("after a torn one"))[0] == 202
    assert "torn" not in stored(gateway)


def test_a_crowd_of_dripping_and_of_silent_links_takes_nobodys_room(gateway):
    web = children_of(gateway.processes[0].pid)[0]
    before = memory_of(web)
    with ExitStack() as links:
        for number in range(CROWD + IDLE):
            link = links.enter_context(connect(gateway))
            link.sendall(head(gateway, 64_000) + (b" " * 60_000 if number < CROWD else b""))
        for turn in range(5):
            assert gateway.post(body(f"through the crowd {turn}"))[0] == 202
        assert memory_of(web) - before < 320 * 1024 * 1024
    assert gateway.post(body("after the crowd"))[0] == 202
