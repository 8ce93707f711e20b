"""Senders that say everything three times, in any order and late, or the same for ever: F34, F35."""

import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.databases import wait_until
from tests.gameday.harness import BOTH, sized
from tests.processes import Sender, children_of, memory_of
from tests.samples import BOOK, alert, group

REPEATS = 1000  # copies of one alert in a body
GROWN = 64  # MiB
FLAPPING = "flapping: {changes: 4, within: 30m, quiet: 15m}"


class Parrot(threading.Thread):
    """Says again, out of order, what was accepted."""

    def __init__(self, run):
        super().__init__(daemon=True)
        self.run_, self.over, self.said = run, threading.Event(), 0

    def run(self):
        dice = random.Random(34)
        while not self.over.wait(0.02):
            if accepted := self.run_.accepted():
                body, _, _ = dice.choice(accepted)
                self.said += self.run_.gateway.post(body)[0] == 202


@BOTH
@sized(full=60)
@pytest.mark.timeout(600)
def test_f34_everything_is_said_again_out_of_order(game, database, size):
    run = game("F34", database)
    run.web()
    run.worker()
    run.load(emergency_every=0.5)
    run.wait_for_pages(2)
    parrot = Parrot(run)
    parrot.start()
    time.sleep(size)
    for one in run.loads:
        one.finish()
    time.sleep(2)
    parrot.over.set()
    parrot.join(30)
    run.finish(note=f"{size} s, {parrot.said} bodies said again")
    assert parrot.said
    emergencies = {one["labels"]["alertname"] for body, _, _ in run.accepted() for one in body["alerts"]
                   if one["labels"]["severity"] == "critical"}  # fmt: skip
    assert run.gateway.value("SELECT count(*) FROM incident WHERE urgency = 0") == len(emergencies)


@BOTH
@sized(full=600)
@pytest.mark.timeout(1800)
def test_f35_one_alert_a_hundred_thousand_times_and_one_that_flaps(game, database, size):
    """Flapping once a second all the while. One incident each; of flapping two messages in five minutes."""
    run = game("F35", database, book=BOOK + FLAPPING)
    web = run.web()
    run.worker()
    (server,) = children_of(web.pid)[-1:]
    same = [alert(name="Same", fingerprint="same", severity="warning")] * REPEATS
    sender = Sender(run.gateway, [group(*same)] * 10)
    sender.start()
    wait_until(lambda: not sender.is_alive(), 120)
    before = memory_of(server)
    again = Sender(run.gateway, [group(*same)] * (100_000 // REPEATS - 10))
    again.start()
    end = time.monotonic() + size
    number = 0
    while time.monotonic() < end:
        state = "firing" if number % 2 == 0 else "resolved"
        run.gateway.post(group(alert(state, name="Flaps", fingerprint="flaps", starts=_moment(number // 2))))
        number += 1
        time.sleep(1)
    wait_until(lambda: not again.is_alive(), 300)
    grown = (memory_of(server) - before) / 2**20
    run.drained(60)
    run.stop()
    told = len(run.ledger.pages())
    run.outcome.note = f"{size} s, {number} changes, {told} calls, {grown:+.0f} MiB"
    run.outcome.accepted = 100_000 + number
    assert run.gateway.value("SELECT count(*) FROM incident WHERE title LIKE '%Same%'") == 1
    assert run.gateway.value("SELECT count(*) FROM incident WHERE status <> 'resolved' AND title LIKE '%Flaps%'") <= 1
    assert told <= 2 + 2 * size / 300
    assert grown <= GROWN


def _moment(number):
    """Later for each time it begins to fire; what the clock says does not matter on this way."""
    return (datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
