"""Invented input against everything that reads strangers' words: a short run. Long ones: `python -m tests.fuzz`."""

import time

import pytest
from hypothesis import HealthCheck, given, settings

from gateway import sources
from tests.fuzz.strategies import inputs
from tests.fuzz.targets import TARGETS

EXAMPLES = 150
LONGEST = 2.0  # seconds of processor time for one input; the long runs are stricter

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_read_or_refused(name):
    target = TARGETS[name]

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(inputs(target))
    def run(data):
        began = time.thread_time()
        target.call(data)
        assert time.thread_time() - began < LONGEST

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_its_seeds_are_taken(name):
    for seed in TARGETS[name].seeds:
        TARGETS[name].call(seed)


def test_every_source_is_a_target():
    assert set(sources.names()) <= TARGETS.keys()
