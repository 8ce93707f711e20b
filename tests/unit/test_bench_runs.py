"""The benchmark runs and its own checks of what was stored hold; its figures are for bench/README.md, not for here."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_the_benchmark_runs():
    command = [sys.executable, "bench/ingest.py", "--seconds", "0.3", "--warmup", "0.1", "--rounds", "1", "--database"]
    done = subprocess.run([*command, "sqlite"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sqlite: ratio (16, 10) new / raw = " in done.stdout
