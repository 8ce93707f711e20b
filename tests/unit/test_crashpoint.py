"""The places where a test can have the program die: each is where the list says, and only who asks for it dies."""

import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway import crashpoint

ROOT = Path(__file__).parent.parent.parent
PASSED = re.compile(r"crashpoint\.passing\(([^)]*)\)")
WHERE = {  # what stands in docs/gameday.md and in the list itself must stay true of the code
    "parsed": ("gateway/doors/ingest.py", "def read("),
    "ingest written": ("gateway/flows/intake.py", "def _written("),
    "ingest committed": ("gateway/doors/storing.py", "def _commit("),
    "claim committed": ("gateway/flows/deliver.py", "def _begin("),
    "dialing": ("gateway/outward/dialing.py", "def connect("),
    "sent": ("gateway/outward/calling.py", "def getresponse("),
    "answered": ("gateway/flows/deliver.py", "def _attempt("),
    "outcome written": ("gateway/flows/settle.py", "def settle("),
    "outcome committed": ("gateway/flows/deliver.py", "def _settle("),
    "timers read": ("gateway/flows/escalate.py", "def escalate_due("),
    "action written": ("gateway/actions.py", "def act_on("),
    "fallback written": ("gateway/flows/escalate.py", "fall_back"),
    "book read": ("gateway/rulebook/shelf.py", "def refresh("),
    "migrated": ("gateway/store/migrations/env.py", "def applied("),
    "portion filled": ("gateway/store/schema/portions.py", "def _one("),
}
PASS_TWICE = """
from gateway import crashpoint
for place in ("parsed", "sent", "parsed", "parsed"):
    crashpoint.passing(place)
    print(place, flush=True)
"""


def run(wish, *command):
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "CRASHPOINT": wish}
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_each_place_is_passed_once_and_no_other():
    product = [path for folder in ("rules", "gateway", "dashboard") for path in (ROOT / folder).rglob("*.py")]
    found = Counter(word for path in product for word in PASSED.findall(path.read_text()))
    assert found == Counter(f'"{place}"' for place in crashpoint.PLACES)


@pytest.mark.parametrize("place", crashpoint.PLACES)
def test_a_place_is_where_it_is_said_to_be(place):
    path, function = WHERE[place]
    before, _, _ = (ROOT / path).read_text().partition(f'crashpoint.passing("{place}")')
    assert function in re.findall(r"def \w+\(", before)[-1]


def test_whoever_asks_for_nothing_passes_every_place():
    assert crashpoint._read("") is crashpoint._nothing
    for place in crashpoint.PLACES:
        crashpoint._nothing(place)


def test_it_dies_at_the_pass_that_was_asked_for():
    done = run("parsed:2", "-c", PASS_TWICE)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["parsed", "sent"]
    assert "event=crashpoint place='parsed:2'" in done.stderr


@pytest.mark.parametrize("wish", ["nowhere", "parsed:0", "parsed:x", ":3"])
def test_a_place_that_is_none_stops_the_program_at_once(wish):
    done = run(wish, "-m", "gateway", "--help")
    assert done.returncode == 1
    assert done.stderr.startswith(f"CRASHPOINT={wish!r}: no place")
    assert "outcome committed" in done.stderr
    assert "Traceback" not in done.stderr
