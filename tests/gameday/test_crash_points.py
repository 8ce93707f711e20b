"""F3: the program dies at each of fifteen places of its work, again and again, and the rest is made good by itself."""

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import current_app

from gateway import actions, crashpoint
from gateway.app import alembic
from gateway.clock import SystemClock
from rules.lifecycle import Given, Signal
from tests.databases import wait_until
from tests.gameday.harness import BOTH, QUICK
from tests.samples import alert, group

DIED = "event=crashpoint"
WEB = ("parsed", "ingest written", "ingest committed")
CHANGES, FILLED = ("migrated", "portion filled"), "0015"  # the version before the one that fills
FEW = {  # of the ordinary suite, all at once: most of the time goes by waiting for lost leases
    "sqlite": ("ingest committed", "sent"),
    "postgresql": ("ingest written", "outcome written"),
}


@pytest.mark.slow
def test_f3_deaths_at_a_few_places(game):
    games = [(game(f"F3 {place}", database), place) for database, places in FEW.items() for place in places]
    with ThreadPoolExecutor(len(games)) as pool:
        list(pool.map(lambda one: die_there(*one, 1), games))


@pytest.mark.slow
def test_p7_a_timer_outlives_the_process_that_set_it(game):
    run = game("P7", "sqlite", book=QUICK)
    web, worker = run.web(), run.worker()
    assert run.gateway.post(group(alert(name="Call-0-")))[0] == 202
    wait_until(run.ledger.pages, 30)
    web.kill()
    worker.kill()
    run.worker()
    wait_until(lambda: len({one.address for one in run.ledger.pages()}) > 1, 60)


@pytest.mark.gameday
@pytest.mark.timeout(1800)
@BOTH
@pytest.mark.parametrize("place", crashpoint.PLACES)
def test_f3_deaths_at_every_place(game, database, place):
    die_there(game(f"F3 {place}", database, book=QUICK), place, 20)


def die_there(run, place, times):
    if place in WEB:
        web_dies(run, place, times)
    elif place in CHANGES:
        migration_dies(run, place, times)
    else:
        worker_dies(run, place, times, PROVOKED.get(place, nothing))
    run.finish(note=f"{times} deaths")


def web_dies(run, place, times):
    """The server starts another process in the place of the dead one, to die in its turn, and gives up after some."""
    run.worker()
    run.load(emergency_every=0.2)
    left = times
    while left > 0:
        web = run.web(wait=False, CRASHPOINT=f"{place}:3")
        wait_until(lambda web=web, left=left: not web.alive or web.said().count(DIED) >= left, 60 + 10 * times)
        web.kill()
        left -= web.said().count(DIED)
    run.web()


def worker_dies(run, place, times, provoke):
    dice = random.Random(place)
    run.web()
    run.load(alerts=100, emergency_every=0.3)
    for _ in range(times):
        worker = run.worker(wait=False, CRASHPOINT=f"{place}:{dice.randint(1, 3)}")
        wait_until(lambda worker=worker: not worker.alive or provoke(run, worker), 60, every=0.1)
        worker.popen.wait(60)
        assert DIED in worker.said(), worker.said()[-2000:]
    run.worker()


def nothing(_run, _worker):
    """The load is enough."""


def snooze(run, _worker):
    """The newest emergency that calls rests for a second."""
    calls = "SELECT max(id) FROM incident WHERE status = 'triggered' AND snoozed_until IS NULL AND urgency = 0"
    if (number := run.gateway.value(calls)) is not None:
        with run.inside():
            now = SystemClock().now()
            until = Given(until=now + timedelta(seconds=1))
            actions.act(number, Signal.SNOOZE, actions.Actor("Anna", "dashboard"), now, until)
    time.sleep(0.3)


def lose_patience(run, _worker):
    """What the provider refuses waits; its minute of patience is over at once."""
    run.ledger.refuse(1)
    run.change("UPDATE delivery SET fallback_at = 1 WHERE status = 'queued' AND fallback_at > 1")
    time.sleep(0.3)


def edit_book(run, worker):
    book = run.gateway.folder / "rules/book.yaml"
    book.write_text(f"{book.read_text()}# edited\n")
    if "event=worker_started" in worker.said():
        worker.popen.send_signal(signal.SIGHUP)
    time.sleep(0.3)


PROVOKED = {"timers read": snooze, "fallback written": lose_patience, "book read": edit_book}


def migration_dies(run, place, times):
    """A database with something in it goes back; each start that dies at the first change on the way forward changes
    nothing, nor does one that dies at the first portion of a fill.
    """
    web, worker = run.web(), run.worker()
    run.load(alerts=100, emergency_every=0.3)
    run.wait_for_pages(3)
    web.kill()
    worker.kill()
    with run.inside():
        alembic(current_app).downgrade(revision="-1" if place == "migrated" else FILLED)
    if place == "portion filled":
        run.change("INSERT INTO fact (key, value, at) VALUES ('fill:incident', '0', 0)")
    before = run.gateway.value("SELECT version_num FROM alembic_version")
    for _ in range(times):
        worker = run.worker(wait=False, CRASHPOINT=place)
        worker.popen.wait(60)
        assert DIED in worker.said(), worker.said()[-2000:]
        assert run.gateway.value("SELECT version_num FROM alembic_version") == before
    run.web()
    run.worker()
