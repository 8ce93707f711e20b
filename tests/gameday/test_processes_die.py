"""Processes are killed at any moment and at system calls, frozen, restarted, and race: F1, F2, F4, F5, F6, F9.

The small sizes of F1, F2, F5, F6 and F9 are in tests/e2e/test_kill.py.
"""

import itertools
import random
import signal
import time
from collections import Counter

import pytest

from tests.databases import wait_until
from tests.gameday.checks import NAME
from tests.gameday.harness import BOTH, PATIENT, sized
from tests.samples import alert, group
from tests.victims import Victim

IN_FLIGHT = 16  # messages of a worker that may be under way: eight of each of two channels
PUSHED = '{name: high, match: [severity="high"], urgency: fast, policy: infra}'
THAW = 30.0  # seconds that a worker is frozen: two leases


@sized(full=100)
@BOTH
@pytest.mark.timeout(3600)
def test_f1_web_is_killed(game, database, size):
    run = game("F1", database)
    run.worker()
    killed(run, Victim(run.gateway, "web", random.Random(1), lambda: len(run.accepted())), size)
    outcome = run.finish(note=f"{size} kills")
    assert outcome.explained == 0  # no message was under way in what was killed


@sized(full=100)
@BOTH
@pytest.mark.timeout(3600)
def test_f2_workers_are_killed(game, database, size):
    run = game("F2", database)
    run.web()
    killed(run, Victim(run.gateway, "worker", random.Random(2), lambda: len(run.ledger.accepted)), size)
    outcome = run.finish(note=f"{size} kills")
    assert outcome.explained <= IN_FLIGHT * size


@sized(full=100)
@BOTH
@pytest.mark.timeout(3600)
def test_m6_killed_at_random_during_ten_thousand_posts(game, database, size):
    """Web and worker, one after the other; afterwards the doctor finds the ledger balanced."""
    run = game("M6", database)
    web = Victim(run.gateway, "web", random.Random(6), lambda: len(run.accepted()))
    worker = Victim(run.gateway, "worker", random.Random(66), lambda: len(run.ledger.accepted))
    run.load(alerts=1500.0, emergency_every=0.5)
    while web.kills + worker.kills < size or len(run.accepted()) < 100 * size:
        for victim in (web, worker):
            if web.kills + worker.kills < size:
                victim.turn()
        time.sleep(0.004)
    posts = len(run.accepted())
    run.finish(note=f"{size} kills, {posts} posts")
    doctor = run.gateway.start("doctor")
    doctor.popen.wait(60)
    assert "ledger balanced" in doctor.said()


def killed(run, victim, times):
    run.load(emergency_every=0.5)
    while victim.kills < times:
        victim.turn()
        time.sleep(0.004)


@sized(full=50)
@pytest.mark.parametrize(
    ("who", "database", "call"), [("web", "sqlite", "fdatasync"), ("worker", "postgresql", "sendto")]
)
@pytest.mark.timeout(3600)
def test_f4_death_at_the_nth_system_call(game, strace, who, database, call, size):
    """The n-th call of a thread that makes so many: of SQLite's writer its n-th commit, of libpq its n-th statement."""
    run = game("F4", database)
    other = run.worker() if who == "web" else run.web()
    run.load(emergency_every=0.2)
    for number in range(1, size + 1):
        traced = [*strace, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]
        reached = len(run.accepted())
        victim = run.web(wait=False, by=traced) if who == "web" else run.worker(wait=False, by=traced)
        wait_until(lambda victim=victim: died(victim), 60, every=0.1)
        victim.kill()
        assert len(run.accepted()) >= reached
    assert other.alive
    _ = run.web() if who == "web" else run.worker()
    run.finish(note=f"{call}, n = 1..{size}")


def died(process):
    """It, or the server's process in it, which the server notices."""
    return not process.alive or "Unexpected exit from worker" in process.said()


@sized(full=3)
@BOTH
@pytest.mark.timeout(600)
def test_f5_a_frozen_worker_goes_on_when_its_leases_are_over(game, database, size):
    run = game("F5", database)
    run.ledger.pause = 0.3  # so that there is much under way to be frozen
    run.web()
    zombie, _ = run.worker(), run.worker()
    run.load(emergency_every=0.05)
    for _ in range(size):
        run.wait_for_pages(20)
        zombie.signal(signal.SIGSTOP)
        time.sleep(THAW)
        zombie.signal(signal.SIGCONT)
    outcome = run.finish(note=f"{size} times {THAW:.0f} s")
    assert outcome.explained <= IN_FLIGHT * size
    owners = "SELECT count(*) FROM entry WHERE kind = 'sent' GROUP BY incident_id, detail HAVING count(*) > 1"
    assert run.gateway.rows(owners) == []
    assert zombie.stop() == 0


@sized(full=100)
@BOTH
@pytest.mark.timeout(3600)
def test_f6_rolling_restarts(game, database, size):
    run = game("F6", database)
    web, workers = run.web(), [run.worker(), run.worker()]
    load = run.load(emergency_every=0.2)
    for number in range(size):
        if number % 2:
            assert web.stop() == 0
            web = run.web()
        else:
            assert workers.pop(0).stop() == 0
            workers.append(run.worker())
        run.wait_for_pages(1)
    outcome = run.finish(note=f"{size} restarts")
    answers = {status: count for status, count in load.statuses.items() if isinstance(status, int)}
    assert outcome.explained == 0
    assert sum(count for status, count in answers.items() if status >= 500) <= sum(answers.values()) / 1000


@sized(full=10_000)
@pytest.mark.parametrize(("database", "workers"), [("sqlite", 2), ("postgresql", 4)])
@pytest.mark.timeout(3600)
def test_f9_workers_race_for_the_same_messages(game, database, workers, size):
    """One race for as many pushes, nine for a tenth as many calls: a call has its fallback after a minute."""
    run = game("F9", database, book=PATIENT.replace("routes:", f"routes:\n  - {PUSHED}"))
    run.ledger.pause = 0.0
    run.web()
    numbers = itertools.count()
    for severity, amount in (("high", size), *[("critical", size // 10)] * 9):
        for _ in range(0, amount, 100):
            chosen = itertools.islice(numbers, 100)
            alerts = [alert(name=f"Call-{number}-", fingerprint=f"c{number}", severity=severity) for number in chosen]
            assert run.gateway.post(group(*alerts))[0] == 202
        racing = [run.worker(wait=False) for _ in range(workers)]
        run.drained(1800)
        assert [worker.stop(within=60) for worker in racing] == [0] * workers
    run.check(note=f"{workers} workers, 10 races")
    pages = Counter(one.key for one in run.ledger.pages())
    named = [NAME.search(one.action) for one in run.ledger.accepted if one.provider == "ntfy"]
    pushes = Counter(found.group() for found in named if found)  # what else was said is an alarm of ours
    assert (len(pages), set(pages.values())) == (size // 10 * 9, {1})
    assert (len(pushes), set(pushes.values())) == (size + size // 10 * 9, {1})  # who is called has a push as well
