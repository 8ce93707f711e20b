"""Providers that fail, refuse, hang, babble, lose what they say, or cannot be found: F8, F23 to F28, F30, F31, F33."""

import gzip
import socket
import statistics
import threading
import time
from contextlib import contextmanager

import pytest

from tests.databases import missing, wait_until
from tests.fakes.http import FakeServer, drip, drop, hang, raw, reply
from tests.fakes.smtp import FakeSmtp
from tests.gameday.checks import NAME
from tests.gameday.harness import BOTH, people_of, sized
from tests.gameday.wires import Relay
from tests.processes import memory_of

MARGIN = 3.0  # seconds for a machine with other things to do
SECOND_WAY = 65.0  # seconds until an emergency is told another way (F23)
AT_ONCE = 5.0  # seconds from a refusal for good to the next way (F33)
BOMB = reply(202, gzip.compress(bytes(300 * 2**20)), {"Content-Encoding": "gzip"})


def first_told(run):
    """Seconds from each emergency's 2xx until somebody was told it, by whatever way."""
    firsts = {}
    for one in list(run.ledger.accepted):
        if one.provider == "ntfy" and (found := NAME.search(one.action)) and "esolved" not in one.action:
            firsts.setdefault(found.group(), one.at)
    for body, _, answered in run.accepted():
        for one in body["alerts"]:
            name = one["labels"]["alertname"]
            if one["status"] == "firing" and name in firsts:
                yield max(0.0, firsts[name] - answered)


def one_incident_each(run):
    """PagerDuty opens an incident a key: the same key, whatever was tried before."""
    keys = {one.key for one in run.ledger.pages()}
    known = {f"nabat-{uuid}" for (uuid,) in run.gateway.rows("SELECT uuid FROM incident")}
    assert keys <= known


def under_load(game, fault, database, **more):
    run = game(fault, database, **more)
    run.web()
    worker = run.worker()
    run.load(emergency_every=1.0)
    run.wait_for_pages(2)
    return run, worker


@BOTH
@sized(full=600)
@pytest.mark.timeout(1800)
def test_f23_pagerduty_answers_5xx(game, database, size):
    run, _ = under_load(game, "F23", database)
    with run.ledger.meanwhile(False, reply(503), reply(500), reply(502)):
        time.sleep(size)
    back, before = time.monotonic(), len(run.ledger.pages())
    wait_until(lambda: len(run.ledger.pages()) > before, 90)
    first = time.monotonic() - back
    slowest = max(first_told(run))
    run.finish(note=f"{size} s; another way after {slowest:.1f} s at most, back: first call after {first:.1f} s")
    one_incident_each(run)
    assert slowest <= SECOND_WAY


@BOTH
@sized(full=300)
@pytest.mark.timeout(1200)
def test_f24_pagerduty_says_429(game, database, size):
    run, _ = under_load(game, "F24", database)
    with run.ledger.meanwhile(False, reply(429, headers={"Retry-After": "5"})):
        time.sleep(size)
    slowest = max(first_told(run))
    run.finish(note=f"{size} s; another way after {slowest:.1f} s at most")
    assert slowest <= MARGIN + 2.0  # no worker waits for it


@BOTH
@sized(full=60)
@pytest.mark.timeout(600)
def test_f8_f25_a_provider_never_answers(game, database, size):
    run, worker = under_load(game, "F8 F25", database)
    with run.ledger.meanwhile(False, hang()):
        time.sleep(size)
        slowest = max(first_told(run))
    run.finish(note=f"{size} s; another way after {slowest:.1f} s at most")
    assert worker.popen.returncode == 0  # it was told to stop, and nothing hung
    assert slowest <= MARGIN + 2.0


@BOTH
@sized(full=60)
@pytest.mark.timeout(600)
def test_f26_a_provider_acts_and_its_answer_is_lost(game, database, size):
    run, _ = under_load(game, "F26", database)
    with run.ledger.meanwhile(True, drop()):
        time.sleep(size)
    run.finish(note=f"{size} s")
    one_incident_each(run)
    assert run.outcome.explained > 0


@BOTH
@sized(full=100)
@pytest.mark.timeout(900)
def test_f27_a_provider_babbles(game, database, size):
    """Byte by byte, cut off, no HTTP at all, and 300 MiB in a few kilobytes."""
    run, worker = under_load(game, "F27", database)
    before = memory_of(worker.pid)
    cut = raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 400\r\n\r\n{")
    for step in (drip(b"HTTP/1.1 202 Accepted\r\n" + b"X" * 400), cut, raw(), BOMB):
        with run.ledger.meanwhile(True, step):
            time.sleep(size / 4)
    grown = (memory_of(worker.pid) - before) / 2**20
    run.finish(note=f"{size} s; {grown:+.0f} MiB")
    one_incident_each(run)
    assert grown <= 64


@BOTH
@pytest.mark.parametrize("fault", ["hole", "reset", "flap"])
@sized(full=60)
@pytest.mark.timeout(900)
def test_f28_a_dead_channel_slows_no_other(game, database, size, fault):
    """P11: e-mail, which most of the load is, is dead; calls are made as quickly as before."""
    with FakeSmtp() as mail, Relay(("127.0.0.1", 0), ("127.0.0.1", mail.port)) as relay:
        settings = {"NABAT_SMTP_URL": f"smtp://127.0.0.1:{relay.port}", "NABAT_MAIL_FROM": "nabat@example.org"}
        run = game(f"F28 {fault}", database, prepare=False, **settings)
        run.gateway.prepare(
            people_of(run.ledger).replace("contacts: [", "contacts: [{channel: email, address: mail@example.org}, ")
        )
        run.web()
        run.worker()
        run.load(emergency_every=0.2)
        run.wait_for_pages(2)
        time.sleep(size)
        began = time.monotonic()
        {"hole": relay.frozen, "reset": relay.refusing, "flap": relay.flapping}[fault].set()
        time.sleep(size)
        ended = time.monotonic()
        for one in (relay.frozen, relay.refusing, relay.flapping):
            one.clear()
        run.finish()
    well, ill = _calls(run, 0, began), _calls(run, began, ended)
    run.outcome.note = f"p99 of a call {well:.2f} s before, {ill:.2f} s meanwhile"
    assert ill <= max(1.1 * well, well + 0.5)  # what a machine with other things to do adds


def _calls(run, begin, end):
    """The 99th percentile of seconds from a 2xx to the first call, of emergencies that came in this time."""
    first = {}
    for one in run.ledger.pages():
        first.setdefault(one.key, one.at)
    keys = {NAME.search(title).group(): f"nabat-{uuid}" for uuid, title in run.gateway.rows(
        "SELECT uuid, title FROM incident WHERE urgency = 0"
    ) if NAME.search(title)}  # fmt: skip
    waits = [
        first[keys[name]] - answered
        for body, _, answered in run.accepted()
        for one in body["alerts"]
        if begin <= answered < end and (name := one["labels"]["alertname"]) in keys and keys[name] in first
    ]
    return statistics.quantiles(waits, n=100)[98]


class Names:
    """A name server on loopback that knows one name, or says there is none, or says nothing."""

    def __init__(self):
        self.mode = "ok"  # none, silent
        self.asked = 0
        self._door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._door.settimeout(0.2)
        self.open = True
        try:
            self._door.bind(("127.0.53.1", 53))
        except OSError:
            self._door.close()
            raise
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        while self.open:
            try:
                question, whom = self._door.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if self.mode == "silent":
                continue
            kind = question[-4:-2]
            found = self.mode == "ok" and kind == b"\x00\x01"
            code = b"\x81\x83" if self.mode == "none" else b"\x81\x80"
            head = question[:2] + code + b"\x00\x01" + (b"\x00\x01" if found else b"\x00\x00") + bytes(4)
            body = (
                b"\xc0\x0c\x00\x01\x00\x01" + bytes(4) + b"\x00\x04" + socket.inet_aton("127.0.0.1") if found else b""
            )
            self._door.sendto(head + question[12:] + body, whom)
        self._door.close()

    def close(self):
        self.open = False


@contextmanager
def name_server(folder):
    try:
        names = Names()
    except OSError as problem:
        missing(f"no name server of our own: {problem}")
    (folder / "resolv.conf").write_text("nameserver 127.0.53.1\noptions attempts:2 timeout:5\n")
    script = f'mount --bind {folder}/resolv.conf /etc/resolv.conf && exec "$@"'
    try:
        yield names, ["unshare", "--mount", "sh", "-c", script, "sh"]
    finally:
        names.close()


@BOTH
@sized(full=60)
@pytest.mark.timeout(600)
def test_f30_the_name_server_is_dead_or_knows_nobody(game, database, size, tmp_path):
    run = game("F30", database)
    run.gateway.environment["NABAT_ALLOW_PRIVATE_HOSTS"] = "127.0.0.1,provider.nabat.test"
    there = run.ledger.url.replace("127.0.0.1", "provider.nabat.test")
    with name_server(tmp_path) as (names, inside):
        run.web()
        run.worker(by=inside, NABAT_PAGERDUTY_EVENTS_URL=there)
        run.load(emergency_every=1.0)
        run.wait_for_pages(2)
        for mode in ("silent", "none"):
            names.mode = mode
            time.sleep(size / 2)
        names.mode = "ok"
        run.finish(note=f"{size} s without names, asked {names.asked} times")
        assert names.asked
    assert run.outcome.slowest <= 10.0 + MARGIN  # the last good address stands in


@BOTH
@sized(full=30)
@pytest.mark.timeout(600)
def test_f31_a_provider_sends_us_elsewhere(game, database, size):
    run, _ = under_load(game, "F31", database)
    with FakeServer() as trap:
        steps = [reply(code, headers={"Location": f"{trap.url}/elsewhere"}) for code in (301, 302, 307)]
        with run.ledger.meanwhile(False, *steps):
            time.sleep(size)
        run.finish(note=f"{size} s")
        assert trap.requests == []


@BOTH
@sized(full=30)
@pytest.mark.timeout(600)
def test_f33_a_provider_refuses_for_good(game, database, size):
    run, _ = under_load(game, "F33", database)
    with run.ledger.meanwhile(False, reply(400, {"status": "invalid event"}), reply(403)):
        time.sleep(size)
        asked = len(run.ledger.requests)
    run.finish(note=f"{size} s")
    failed = run.gateway.rows("SELECT attempts FROM delivery WHERE channel = 'pagerduty' AND status = 'failed'")
    assert failed
    assert max(attempts for (attempts,) in failed) <= 2  # no storm of repeats
    assert asked
    assert max(first_told(run)) <= AT_ONCE + MARGIN
