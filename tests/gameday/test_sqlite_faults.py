"""SQLite's file is held open, cut by a power failure, or on a disk that fails: F12, F13, F15 (F11: test_locks.py)."""

import random
import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import wait_until
from tests.gameday.harness import sized

MOST_LOG = 32 * 1024  # bytes of the -wal file for each alert: nothing can be let go of it while a snapshot is held


def file_of(run):
    return Path(run.gateway.url.removeprefix("sqlite:///"))


def log_of(run):
    return file_of(run).with_name("nabat.db-wal")


@sized(full=600)
@pytest.mark.timeout(1200)
def test_f12_a_reader_holds_a_snapshot(game, size):
    run = game("F12", "sqlite")
    run.web()
    run.worker()
    load = run.load()
    time.sleep(min(10, size / 2))
    began = time.monotonic()
    before = _slow(load, 0, began)
    with closing(sqlite3.connect(file_of(run), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM alert").fetchone()
        time.sleep(size)
        held, log = _slow(load, began, time.monotonic()), log_of(run).stat().st_size
    outcome = run.finish(
        note=f"{size} s: log {log / 2**20:.0f} MiB, p99 {before[-1] * 1000:.0f} → {held[-1] * 1000:.0f} ms"
    )
    assert log <= MOST_LOG * outcome.accepted, outcome.note
    assert held[-1] <= 2 * before[-1] + 0.25, outcome.note
    assert not log_of(run).exists()  # whoever closed the file last has put it all into it


def _slow(load, after, before):
    """Seconds of the answers of that time, up to their 99th hundredth."""
    taken = sorted(answered - began for _, began, answered in load.accepted if after < answered < before)
    return taken[: max(2, int(len(taken) * 0.99))]


@sized(small=40, full=200)
def test_f13_the_power_is_cut(game, tmp_path, size):
    """At an answer everything stands still and is copied; of the log only what was there by then must be left."""
    run = game("F13", "sqlite")
    dice = random.Random(13)
    web = run.web()
    load = run.load(alerts=400, emergency_every=0.5)
    copies = []
    for number in range(max(4, size // 10)):
        seen = len(load.accepted)
        wait_until(lambda seen=seen: len(load.accepted) > seen + 2, 30, every=0.001)
        acknowledged, logged = list(load.accepted), log_of(run).stat().st_size
        time.sleep(dice.uniform(0, 0.05))
        web.signal(signal.SIGSTOP)
        folder = tmp_path / f"cut{number}"
        folder.mkdir()
        shutil.copyfile(file_of(run), folder / "nabat.db")
        shutil.copyfile(log_of(run), folder / "nabat.db-wal")
        web.signal(signal.SIGCONT)
        copies.append((folder, logged, {one["fingerprint"] for body, _, _ in acknowledged for one in body["alerts"]}))
    lost = [name for _ in range(size) for name in _cut(tmp_path / "after", dice, *dice.choice(copies))]
    run.worker()
    outcome = run.finish(note=f"{size} cuts")
    assert lost == [], outcome


def _cut(place, dice, folder, logged, acknowledged):
    """What was acknowledged and is not there after the power came back."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder, place)
    log = place / "nabat.db-wal"
    with log.open("r+b") as file:
        file.truncate(dice.randint(min(logged, log.stat().st_size), log.stat().st_size))
    with closing(sqlite3.connect(place / "nabat.db")) as link:
        assert link.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {row[0] for row in link.execute("SELECT fingerprint FROM alert")}
    return acknowledged - stored


@sized(full=20)
@pytest.mark.timeout(900)
def test_f15_the_disk_does_not_sync(game, strace, tmp_path, size):
    """From the n-th on, three calls of a thread fail. What was answered 2xx is there; no handle is asked twice."""
    run = game("F15", "sqlite")
    run.worker()
    run.load(alerts=100, emergency_every=0.3)
    refused = 0
    for number in range(1, size + 1):
        log = tmp_path / f"calls-{number}"
        failing = f"inject=fdatasync:error=EIO:when={2 * number}..{2 * number + 2}"
        traced = [*strace[:-2], "-o", log, "-e", "trace=fdatasync,close", "-e", failing]
        web = run.web(wait=False, by=traced)
        enough = len(run.accepted()) + number + 5
        wait_until(lambda enough=enough: len(run.accepted()) > enough, 90)  # it works again
        refused += web.said().count("event=ingest_unavailable")
        web.kill()
        assert asked_twice(log.read_text()) == []
    run.web()
    run.finish(note=f"{size} times, {refused} batches refused")
    assert refused >= size // 2


@pytest.mark.gameday
@pytest.mark.timeout(300)
def test_f15_what_is_copied_from_the_log_is_not_synced(game, strace, tmp_path):
    """Of the file alone, not of its log: it is said, and alerts are taken in as before."""
    run = game("F15 copies", "sqlite")
    log = tmp_path / "calls"
    failing = "inject=fdatasync:error=EIO:when=2..4"
    traced = [*strace[:-2], "-o", log, "-P", file_of(run), "-e", "trace=fdatasync", "-e", failing]
    web = run.web(by=traced)
    run.worker()
    load = run.load()
    wait_until(lambda: log.read_text().count(" = 0") > 3, 120)  # it works again
    failed, refused = web.said().count("event=checkpoint_failed"), load.statuses[503]
    web.kill()
    run.web()
    run.finish(note=f"{failed} copies failed, {refused} requests refused")
    assert (failed, refused) == (3, 0)


def asked_twice(log):
    """Handles that were to be synced again after they had failed, without having been closed between."""
    failed, twice = set(), []
    for line in log.splitlines():
        found = re.match(r"(\d+) +(fdatasync|close)\((\d+)", line)
        if not found:
            continue
        _, call, handle = found.groups()
        if call == "close":
            failed.discard(handle)
        elif handle in failed:
            twice.append(line)
        elif "EIO" in line:
            failed.add(handle)
    return twice
