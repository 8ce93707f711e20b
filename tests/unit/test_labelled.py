"""Which priority an issue's labels give it."""

import pytest

from rules.senders.labelled import priority_of


@pytest.mark.parametrize(
    ("labels", "priority"),
    [
        (["P0"], "critical"),
        (["bug", "priority: High"], "high"),
        (["priority::1"], "high"),
        (["Priority/medium"], "normal"),
        (["severity-low"], "low"),
        (["high priority"], "high"),
        (["low-priority", "sev=1"], "high"),  # the highest
        (["urgent"], "critical"),
        (["high", "1", "low", "important"], ""),  # of what, they do not say
        (["priority: soon", "highlight", "p5", "priority:"], ""),
        ([], ""),
        (["priority" + " " * 50_000 + "x\ny", "p2"], "normal"),  # it does not take for ever
    ],
)
def test_the_highest_that_is_named_counts(labels, priority):
    assert priority_of(labels) == priority
