"""F2: workers are killed at moments nobody chose, under load, and started anew."""

import random
import time

import pytest

from tests.gameday.harness import BOTH, sized


@sized(small=3, full=100)
@BOTH
@pytest.mark.timeout(900)
def test_f2_workers_are_killed(game, database, size):
    run = game("F2", database)
    dice = random.Random(2)
    run.web()
    worker = run.worker()
    run.load(emergency_every=0.1)
    for _ in range(size):
        run.wait_for_pages(3)
        time.sleep(dice.uniform(0.0, 0.05))
        worker.kill()
        worker = run.worker(wait=False)
    run.finish(note=f"{size} kills")
