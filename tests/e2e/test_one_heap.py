"""A worker's and an auditor's threads share one heap: what one message has let go of, the next one uses."""

import platform
import re
from pathlib import Path

import pytest

from tests.databases import missing, wait_until
from tests.samples import alert, group

HEAP = 64 * 2**20  # what glibc keeps for each heap of a thread's own, at a multiple of this
MAP = re.compile(
    r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *\n([0-9a-f]+)-([0-9a-f]+) ---p 00000000 00:00 0 *$", re.M
)
MESSAGES = 12

pytestmark = pytest.mark.slow


def heaps_of_threads(pid):
    """Of a running process, by the shape they have among its mappings."""
    maps = (Path("/proc") / str(pid) / "maps").read_text()
    places = [[int(place, 16) for place in found] for found in MAP.findall(maps)]
    return sum(a % HEAP == 0 and b == c and d - a == HEAP for a, b, c, d in places)


def test_threads_that_send_have_no_heaps_of_their_own(gateway_on, ledger):
    if platform.libc_ver()[0] != "glibc":
        missing("another allocator than glibc's")
    gateway = gateway_on("sqlite")
    gateway.web()
    worker, auditor = gateway.worker(), gateway.auditor()
    ledger.pause = 0.1
    assert gateway.post(group(*(alert(name=f"A{one}", fingerprint=f"a{one}") for one in range(MESSAGES))))[0] == 202
    wait_until(lambda: len(ledger.pages()) == MESSAGES, 30)
    assert [heaps_of_threads(one.pid) for one in (worker, auditor)] == [0, 0]
