"""Invented input against everything that reads strangers' words: a short run. Long ones: `python -m tests.fuzz`."""

import time
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings

from gateway import sources
from tests.fuzz.strategies import inputs, inputs_for_many, inputs_of_its_own
from tests.fuzz.targets import TARGETS, Target

EXAMPLES = 150
OWN = 50  # of these, where the rest is invented once for many targets
LONGEST = 2.0  # seconds of processor time for one input; the long runs are stricter

pytestmark = pytest.mark.slow


def invented(strategy, count):
    """Returns as many examples, each time the same."""
    found = []

    @settings(
        max_examples=count, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def run(data):
        found.append(data)

    run()
    return found


@cache
def invented_for_many(words, names):
    """The sources look for the same: to invent it anew for each was most of all the work here."""
    return invented(inputs_for_many(Target("any", len, (), words, names)), EXAMPLES - OWN)


@pytest.mark.parametrize("name", sorted(TARGETS.keys() - set(sources.names())))
def test_whatever_comes_is_read_or_refused(name):
    target = TARGETS[name]

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(inputs(target))
    def run(data):
        takes(target, data)

    run()


@pytest.mark.parametrize("name", sources.names())
def test_whatever_comes_to_a_source_is_read_or_refused(name):
    target = TARGETS[name]
    for data in (*invented_for_many(target.words, target.names), *invented(inputs_of_its_own(target), OWN)):
        takes(target, data)


def takes(target, data):
    began = time.thread_time()
    target.call(data)
    assert time.thread_time() - began < LONGEST


@pytest.mark.parametrize("name", TARGETS)
def test_its_seeds_are_taken(name):
    for seed in TARGETS[name].seeds:
        TARGETS[name].call(seed)


def test_every_source_is_a_target():
    assert set(sources.names()) <= TARGETS.keys()
