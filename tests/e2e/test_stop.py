"""Told to stop, each process begins nothing new, ends what it began, and ends well (P22); all accounts agree (P24)."""

import http.client
import json
import os
import signal
import socket
import time
from collections import Counter

import pytest

from tests.accounts import unexplained
from tests.databases import wait_until
from tests.e2e.test_kill import nothing_is_lost, senders, settled
from tests.processes import READY, TOLD_TO_STOP, children_of
from tests.samples import alert, group

RESTARTS = int(os.environ.get("TEST_RESTARTS", "1"))  # rounds for each database; 100 before a release
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 30 * RESTARTS)]
__all__ = ["senders"]  # a fixture


def test_restarts_under_load_lose_and_repeat_nothing(gateway, ledger, senders, capsys):
    ledger.pause = 0.02
    load = []
    slowest = 0.0
    for _ in range(RESTARTS):
        processes = [gateway.web(), gateway.worker(), gateway.auditor()]
        load = load or senders(gateway, pause=0.1)
        reached = len(ledger.pages())
        wait_until(lambda reached=reached: len(ledger.pages()) > reached + 10, 60)
        told = time.monotonic()
        for process in processes:
            process.popen.terminate()
        assert [process.stop() for process in processes] == [0, 0, 0]
        slowest = max(slowest, time.monotonic() - told)
    web, worker = gateway.web(), gateway.worker()
    for sender in load:
        sender.finish()
    settled(gateway)
    assert nothing_is_lost(gateway, ledger, load)[2] == 0  # none was sent twice
    statuses = sum((sender.statuses for sender in load), Counter())
    assert {status for status in statuses if isinstance(status, int)} <= {202, 503}
    assert [worker.stop(), web.stop()] == [0, 0]
    with capsys.disabled():
        print(f"\n{RESTARTS} restarts, {gateway.url.partition(':')[0]}: stopped within {slowest:.1f} s; {statuses}")  # noqa: T201


def test_a_worker_that_is_told_to_stop_begins_nothing_new_and_ends_what_it_began(gateway_on, ledger):
    gateway = gateway_on("sqlite")
    gateway.web()
    worker = gateway.worker()
    answers = ledger.hold_firsts()
    assert gateway.post(group(alert(name="First", fingerprint="first")))[0] == 202
    wait_until(lambda: len(ledger.pages()) == 1, 30)
    worker.popen.terminate()
    time.sleep(1)  # it may take so long until nothing new is begun
    assert gateway.post(group(alert(name="Second", fingerprint="second")))[0] == 202
    time.sleep(1)
    assert worker.alive  # its call is under way
    answers.set()
    assert worker.stop() == 0
    assert len(ledger.pages()) == 1
    rows = "SELECT title, d.status, attempts FROM delivery d JOIN incident i ON i.id = incident_id WHERE channel = {}"
    assert gateway.rows(rows.format("'pagerduty'") + " ORDER BY i.id") == [
        ("First on db01", "sent", 1),
        ("Second on db01", "queued", 0),
    ]
    worker = gateway.worker()
    wait_until(lambda: len(ledger.pages()) == 2, 30)
    settled(gateway)
    assert unexplained(gateway, ledger) == []
    assert worker.stop() == 0


@pytest.mark.parametrize("ctrl_c", [False, True])
def test_a_web_server_that_is_told_to_stop_answers_what_was_on_its_way(gateway_on, ctrl_c):
    gateway = gateway_on("sqlite")
    web = gateway.web()
    body = json.dumps(group(alert())).encode()
    token = gateway.tokens["alertmanager", ""]
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as link:
        head = (
            f"POST /ingest/alertmanager HTTP/1.1\r\nHost: nabat\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        link.sendall(head.encode() + body[:20])
        time.sleep(0.3)  # it is being read
        if ctrl_c:
            for _ in range(3):  # somebody is impatient; and the master tells its processes once more
                web.signal(signal.SIGINT)
                time.sleep(0.2)  # or it would be one signal
        else:
            web.popen.terminate()
        wait_until(lambda: not _listens(gateway.port), 10)
        time.sleep(0.3)  # whatever else they are told has come
        link.sendall(body[20:])
        answer = http.client.HTTPResponse(link)
        answer.begin()
        assert answer.status == 202
    code = web.stop(TOLD_TO_STOP)
    assert code == 0 or ctrl_c  # a process that ended before the master told it to counts as a failure
    assert gateway.value("SELECT count(*) FROM alert") == 1


def test_a_web_server_that_is_told_to_stop_while_it_starts_does(gateway_on):
    gateway = gateway_on("sqlite")
    for after in (0.0, 0.02, 0.04, 0.06, 0.1, 0.2):  # seconds since there is the first of its processes
        web = gateway.web(wait=False)
        wait_until(lambda web=web: children_of(web.pid), READY)
        time.sleep(after)
        assert web.stop(2 * TOLD_TO_STOP) == 0
        assert "refused to gracefully stop" not in web.said(), after


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
