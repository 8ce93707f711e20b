"""Processes die, freeze and are told to stop while alerts pour in: nothing is lost, nothing repeated without a reason.

F1, F2, F5, F9, P1, P5, P9, P19, P22.
"""

import itertools
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest

from tests.accounts import received_is_handled, unexplained
from tests.databases import wait_until
from tests.processes import READY, TOLD_TO_STOP, Sender, children_of, command_of, name_of, signal_group
from tests.samples import alert, group
from tests.victims import Victim

KILLS = 10
EACH = 10  # alerts of one post: one of them opens an incident of its own, the others join
LEASE = 15.0  # seconds
MARGIN = 7.0  # seconds for a machine with other things to do
STANDSTILL = 3 * (LEASE + MARGIN)  # what a killed worker had in hand is waited for a lease long
WAITING = "SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending')"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def bodies(sender):
    """Endless posts of one sender: an emergency with a name of its own, and warnings that join a few incidents."""
    for number in itertools.count():
        first = alert(name=f"Call-{sender}-{number}", fingerprint=f"c{sender}-{number}")
        rest = [
            alert(name=f"Warn{place}", fingerprint=f"w{sender}-{number}-{place}", severity="warning")
            for place in range(EACH - 1)
        ]
        yield group(first, *rest)


@pytest.fixture
def senders(request):
    """Starts three senders at a gateway, they stop with the test."""
    running = []

    def start(gateway, pause=0.02):
        running.extend(Sender(gateway, bodies(number), pause) for number in range(3))
        for sender in running:
            sender.start()
        return running

    yield start
    for sender in running:
        sender.over.set()


def settled(gateway):
    """All messages are out, or given up: a busy machine may need long for that, but it never stands still for long."""
    while left := gateway.value(WAITING):
        wait_until(lambda left=left: gateway.value(WAITING) != left, STANDSTILL, every=0.2)


def nothing_is_lost(gateway, ledger, senders):
    """What was answered 2xx is stored; each incident is open once and its page is out; each repeat has its reason."""
    posted = [one for sender in senders for body in sender.answered for one in body["alerts"]]
    stored = Counter(row[0] for row in gateway.rows("SELECT fingerprint FROM alert"))
    assert {one["fingerprint"] for one in posted} <= set(stored)
    assert gateway.rows("SELECT fingerprint FROM alert WHERE latest GROUP BY fingerprint HAVING count(*) > 1") == []

    twice = "SELECT dedup_key FROM incident WHERE status <> 'resolved' GROUP BY dedup_key HAVING count(*) > 1"
    assert gateway.rows(twice) == []
    uuids = dict(gateway.rows("SELECT uuid, id FROM incident WHERE urgency = 0"))
    names = {one["labels"]["alertname"] for one in posted if one["labels"]["severity"] == "critical"}
    assert len(uuids) == len(names)

    pages = Counter(one.key.removeprefix("nabat-") for one in ledger.pages())
    assert set(pages) == set(uuids)
    tries = "SELECT incident_id, attempts, ambiguous FROM delivery WHERE channel = 'pagerduty' AND kind = 'opened'"
    rows = {incident: (attempts, unsure) for incident, attempts, unsure in gateway.rows(tries)}
    repeated = {uuid: number for uuid, number in pages.items() if number > 1}
    for uuid, number in repeated.items():
        attempts, unsure = rows[uuids[uuid]]
        assert number <= attempts, (uuid, number, attempts)
        assert unsure >= number - 1, (uuid, number, unsure)
    assert unexplained(gateway, ledger) == []
    received_is_handled(gateway)
    bad = "SELECT status, count(*) FROM delivery WHERE channel = 'pagerduty' AND status <> 'sent' GROUP BY status"
    assert gateway.rows(bad) == []
    if gateway.url.startswith("sqlite"):
        assert gateway.value("PRAGMA integrity_check") == "ok"
    return len(posted), len(pages), len(repeated)


def test_ten_kills_of_web_and_worker_lose_nothing(gateway, ledger, senders, capsys):
    dice = random.Random(20261205)
    ledger.pause = 0.02  # so that there is something under way to be killed
    web = Victim(gateway, "web", dice, lambda: sum(len(sender.answered) for sender in load))
    victims = [web, Victim(gateway, "worker", dice, lambda: len(ledger.pages()))]
    load = senders(gateway)
    began = time.monotonic()
    while left := [victim for victim in victims if victim.kills < KILLS]:
        for victim in left:
            victim.turn()
        time.sleep(0.004)
    took = time.monotonic() - began
    for sender in load:
        sender.finish()
    settled(gateway)
    alerts, pages, repeated = nothing_is_lost(gateway, ledger, load)
    assert all(sender.statuses["RemoteDisconnected"] + sender.statuses["ConnectionRefusedError"] for sender in load)
    with capsys.disabled():
        kind, slowest = gateway.url.partition(":")[0], max(sender.slowest for sender in load)
        print(  # noqa: T201
            f"\n{2 * KILLS} kills, {kind}: {took:.0f} s, {alerts} alerts, {pages} pages, {repeated} of them repeated; "
            f"slowest answer {slowest:.2f} s; drained {time.monotonic() - began - took:.0f} s later"
        )  # fmt: skip


def test_up_starts_again_what_dies_and_nothing_is_lost(gateway_on, ledger, senders):
    gateway = gateway_on("sqlite")
    ledger.pause = 0.02
    up = gateway.up()
    load = senders(gateway, pause=0.1)
    for name in ("worker", "web"):
        victim = wait_until(lambda name=name: _child(up, name), 30)
        reached = len(ledger.pages())
        wait_until(lambda reached=reached: len(ledger.pages()) > reached + 2, 60)  # both are at work
        signal_group(victim)
        wait_until(lambda victim=victim: not command_of(victim), 10)
    wait_until(lambda: _child(up, "web") and _child(up, "worker") and gateway.answers(), 60)
    for sender in load:
        sender.finish()
    settled(gateway)
    nothing_is_lost(gateway, ledger, load)
    assert up.stop(within=2 * TOLD_TO_STOP) == 0
    assert not gateway.answers()
    assert "event=worker_stopped" in up.said()
    assert "event=auditor_stopped" in up.said()
    assert up.said().endswith("Nabat has stopped.\n")


def test_up_takes_its_children_with_it_whoever_kills_it(gateway_on):
    gateway = gateway_on("sqlite")
    up = gateway.up()
    children = [_child(up, "web"), _child(up, "worker")]
    children += children_of(children[0])
    up.popen.kill()
    wait_until(lambda: not any(command_of(pid) for pid in children), 10)
    assert not gateway.answers()


def _child(up, name):
    return next((pid for pid in children_of(up.pid) if name_of(pid) == f"nabat {name}"), None)


def test_only_an_answer_that_was_lost_makes_a_second_call(gateway_on, ledger):
    gateway = gateway_on("sqlite")
    gateway.web()
    gateway.worker()
    ledger.refuse(1)  # nothing was accepted
    ledger.lose(1)  # accepted, but who was to hear of it?
    assert gateway.post(group(alert(name="Lost", fingerprint="lost")))[0] == 202
    settled(gateway)
    tried = "SELECT status, attempts, ambiguous FROM delivery WHERE channel = 'pagerduty'"
    assert gateway.rows(tried) == [("sent", 3, 1)]
    assert len({one.key for one in ledger.pages()}) == 1
    assert len(ledger.pages()) == 2
    lines = gateway.rows("SELECT kind FROM entry WHERE kind = 'attempt failed'")
    assert len(lines) == 2


def test_two_workers_send_each_message_once(gateway_on, ledger):
    gateway = gateway_on("postgresql")
    ledger.pause = 0.01
    gateway.web()
    workers = [gateway.worker(), gateway.worker()]
    for part in range(3):
        alerts = [alert(name=f"Once{part}-{number}", fingerprint=f"o{part}-{number}") for number in range(100)]
        assert gateway.post(group(*alerts))[0] == 202
    settled(gateway)
    pages = Counter(one.key for one in ledger.pages())
    assert len(pages) == 300
    assert set(pages.values()) == {1}
    assert gateway.rows(
        "SELECT attempts, status, count(*) FROM delivery WHERE channel = 'pagerduty' GROUP BY 1, 2"
    ) == [(1, "sent", 300)]
    assert [worker.stop() for worker in workers] == [0, 0]


def test_a_dead_or_frozen_worker_is_replaced_and_a_thawed_one_changes_nothing(gateway_on, ledger, capsys):
    """One worker is stopped while it sends, another is killed while it sends; a third takes over when their leases end.

    Both databases at once: most of the time goes by waiting.
    """
    answers = ledger.hold_firsts()
    stories = [Replaced(gateway_on(kind), ledger) for kind in ("sqlite", "postgresql")]
    for story in stories:
        story.two_workers_are_lost()
    taken_over = [story.a_third_takes_over() for story in stories]
    answers.set()  # the provider of the frozen workers said yes long ago
    for story in stories:
        story.the_thawed_one_changes_nothing()
    with capsys.disabled():
        print("\ntaken over after " + ", ".join(f"{seconds:.1f} s" for seconds in taken_over))  # noqa: T201
    assert max(taken_over) <= LEASE + MARGIN


class Replaced:
    ROWS = "SELECT * FROM delivery WHERE channel = 'pagerduty' AND id <= {} ORDER BY id"
    LINES = "SELECT kind, count(*) FROM entry WHERE id <= {} GROUP BY kind ORDER BY kind"

    def __init__(self, gateway, ledger):
        self.gateway, self.ledger = gateway, ledger

    def two_workers_are_lost(self):
        self.gateway.web()
        self.frozen, killed, self.other = (self.gateway.worker() for _ in range(3))
        self._freeze(killed)  # until it is their turn: starting one would take too much of a lease
        self._freeze(self.other)
        first = self._page_under_way("Frozen")
        self._freeze(self.frozen)
        killed.signal(signal.SIGCONT)
        second = self._page_under_way("Killed")
        killed.kill()
        self.gone = time.monotonic()
        self.other.signal(signal.SIGCONT)
        self.lost = [first, second]

    def _freeze(self, worker):
        """Not in the middle of a transaction: on SQLite that would freeze everybody who writes."""

        def tried():
            worker.signal(signal.SIGSTOP)
            if self._can_write():
                return True
            worker.signal(signal.SIGCONT)
            return False

        wait_until(tried, 30, every=0.1)

    def _can_write(self):
        if self.gateway.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.gateway.url.removeprefix("sqlite:///"), timeout=1)) as link:
                try:
                    link.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    return False
            return True
        others = "pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle'"
        try:
            wait_until(lambda: self.gateway.value(busy) == 0, 2)
        except AssertionError:
            return False
        return True

    def a_third_takes_over(self):
        """Seconds from the kill to the last page that was made up for."""
        wait_until(lambda: [len(self._pages(uuid)) for uuid in self.lost] == [2, 2], LEASE + MARGIN + READY)
        settled(self.gateway)
        outcome = "SELECT status, attempts, ambiguous, lease FROM delivery WHERE channel = 'pagerduty'"
        assert self.gateway.rows(outcome) == [("sent", 2, 1, 3)] * 2  # two leases, and the end of the lost one
        assert self.other.stop() == 0
        return max(self._pages(uuid)[1].at for uuid in self.lost) - self.gone

    def the_thawed_one_changes_nothing(self):
        deliveries = self.ROWS.format(self.gateway.value("SELECT max(id) FROM delivery"))
        entries = self.LINES.format(self.gateway.value("SELECT max(id) FROM entry"))
        before = self.gateway.rows(deliveries), self.gateway.rows(entries)
        newest = self.gateway.value("SELECT max(id) FROM entry")
        self.frozen.signal(signal.SIGCONT)
        third = self._page_under_way("Thawed")  # first it had to do with its old ones
        settled(self.gateway)
        assert len(self._pages(third)) == 1
        assert (self.gateway.rows(deliveries), self.gateway.rows(entries)) == before
        about = f"SELECT DISTINCT uuid FROM entry JOIN incident i ON i.id = incident_id WHERE entry.id > {newest}"
        assert self.gateway.rows(about) == [(third,)]
        assert self.frozen.stop() == 0

    def _page_under_way(self, name):
        """A new incident whose page has reached the provider: its uuid."""
        assert self.gateway.post(group(alert(name=name, fingerprint=name)))[0] == 202
        (uuid,) = self.gateway.rows(f"SELECT uuid FROM incident WHERE title LIKE '{name}%'")[0]
        wait_until(lambda: self._pages(uuid), 30)
        return uuid

    def _pages(self, uuid):
        return [one for one in self.ledger.pages() if one.key == f"nabat-{uuid}"]
