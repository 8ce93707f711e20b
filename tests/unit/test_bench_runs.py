"""The benchmark runs and its own checks of what was stored hold; its figures are for bench/README.md, not for here."""

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from bench.load import Requests
from bench.open_loop import emergency

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_the_benchmark_runs():
    short = ["--seconds", "0.3", "--warmup", "0.1", "--rounds", "1", "--ratio-only", "--database", "sqlite"]
    command = [sys.executable, "bench/ingest.py", *short]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sqlite: ratio (16, 10) new / raw = " in done.stdout


@pytest.mark.parametrize(("api", "alerts"), [("webhook", lambda body: body["alerts"]), ("alertmanager", list)])
def test_the_generator_says_what_each_server_reads_and_how_long_it_is(api, alerts):
    given = Namespace(path="/here", host="127.0.0.1", token="", alerts=10, mode="new", start=7, api=api, scattered=True)
    first, second = (_read(request) for request, _ in zip(Requests(given), range(2), strict=False))
    hosts = {alert["labels"]["instance"] for body in (first, second) for alert in alerts(body)}
    assert len(hosts) == 20


def test_an_emergency_of_the_storm_is_one_alert_of_its_own_name():
    given = Namespace(path="/here", host="127.0.0.1", token="key")
    (one,) = _read(emergency(given, 3))["alerts"]
    assert (one["labels"]["alertname"], one["fingerprint"]) == ("DatabaseDown", "emergency-3")


def _read(request):
    head, body = request.split(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}" in head.decode().split("\r\n")
    return json.loads(body)
