"""How long an emergency takes from our 2xx to the provider's door, when nothing else is going on."""

import time
from statistics import median

import pytest

from tests.databases import wait_until
from tests.samples import alert, group

ALERTS = 100
MEDIAN, SLOWEST = 0.150, 1.0  # seconds; the slowest is the 99th of a hundred


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_an_emergency_is_at_the_provider_within_a_blink(gateway, ledger, capsys):
    gateway.web()
    gateway.worker()
    taken = sorted(_one_page(gateway, ledger, number) for number in range(ALERTS))
    with capsys.disabled():
        kind = gateway.url.partition(":")[0]
        print(f"\n2xx to provider, {kind}: p50 {median(taken) * 1000:.0f} ms, p99 {taken[-2] * 1000:.0f} ms")  # noqa: T201
    assert median(taken) <= MEDIAN
    assert taken[-2] <= SLOWEST


def _one_page(gateway, ledger, number):
    """Seconds from the answer to the page; negative when the page was faster than the answer."""
    status, _ = gateway.post(group(alert(name=f"Alone{number}", fingerprint=f"alone{number}")))
    answered = time.monotonic()
    assert status == 202
    wait_until(lambda: len(ledger.pages()) > number, every=0.002)
    waiting = "SELECT count(*) FROM delivery WHERE status IN ('queued', 'sending')"
    wait_until(lambda: gateway.value(waiting) == 0, every=0.05)  # each look connects anew
    return ledger.pages()[number].at - answered
