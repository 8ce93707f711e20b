"""The tables change under load, and the version before goes on beside the new one: F40, P20."""

import os
import shutil
import subprocess
import tarfile
import threading
import time
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import psycopg
import pytest

from gateway.store.schema.revisions import MIGRATIONS
from tests.conftest import ROOT
from tests.databases import missing
from tests.gameday.harness import BOTH, people_of, sized

PAUSE = 1.0  # seconds that intake may stand still for a change of the tables
MARGIN = 2.0  # for a machine with other things to do
PLACE = Path("gateway/store/migrations/versions")


class Stopwatch(threading.Thread):
    """The longest time between two answers with 2xx."""

    def __init__(self, load):
        super().__init__(daemon=True)
        self.load, self.longest, self.over = load, 0.0, threading.Event()

    def run(self):
        seen, last = 0, time.monotonic()
        while not self.over.wait(0.02):
            count, now = len(self.load.accepted), time.monotonic()
            if count > seen:
                seen, last = count, now
            self.longest = max(self.longest, now - last)


def git(*words):
    if not shutil.which("git"):
        missing("no git on this machine")
    done = subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True)
    if done.returncode:
        missing(f"no history of this checkout: {done.stderr.decode().strip()[:100]}")
    return done.stdout


def version_before(folder):
    """This program as it was before its newest migration came, or at the commit that TEST_VERSION_BEFORE names."""
    if chosen := os.environ.get("TEST_VERSION_BEFORE"):
        return unpacked(chosen, folder)
    newest = sorted((MIGRATIONS / "versions").glob("[0-9]*_*.py"))[-1].name
    added = git("log", "--diff-filter=A", "--format=%H", "--", str(PLACE / newest)).split()
    if not added:
        missing("the newest migration is in no commit")
    return unpacked(f"{added[-1].decode()}^", folder)


def unpacked(commit, folder):
    with tarfile.open(fileobj=BytesIO(git("archive", commit))) as packed:
        packed.extraction_filter = getattr(tarfile, "data_filter", None)  # which Python 3.11 knows since 3.11.4
        packed.extractall(folder)
    return folder


@BOTH
@sized(full=1)
@pytest.mark.timeout(600)
def test_f40_the_version_before_goes_on_beside_the_new_one(game, database, size, tmp_path, durable):
    """Old web and old worker, the change, a new worker beside them, then new web: a rolling upgrade under load. On
    PostgreSQL somebody reads a table meanwhile that the change wants.
    """
    url = f"sqlite:///{tmp_path}/old.db" if database == "sqlite" else durable.create(f"before{size}")
    run = game("F40", database, url=url, cluster=durable, prepare=False)
    gateway = run.gateway
    gateway.home = version_before(tmp_path / "before")
    del gateway.environment["NABAT_PAGERDUTY_PACE"]  # which that one may not know
    (tmp_path / "people.yaml").write_text(people_of(run.ledger))
    said(gateway, "migrate")
    said(gateway, "people", "import", str(tmp_path / "people.yaml"))
    gateway.tokens = {("alertmanager", ""): said(gateway, "token", "create", "alertmanager").split()[-1]}
    web, worker = run.web(), run.worker()
    load = run.load(emergency_every=0.5)
    run.wait_for_pages(3)
    watch = Stopwatch(load)
    watch.start()
    gateway.home = ROOT
    with reader_of(url):
        change = gateway.start("migrate")
        time.sleep(5)
    assert change.popen.wait(60) == 0, change.said()
    paused = watch.longest
    run.worker()
    run.wait_for_pages(5)
    worker.stop()
    web.stop()
    run.web()
    run.wait_for_pages(5)
    watch.over.set()
    run.finish(note=f"longest pause of intake for the change {paused:.2f} s")
    assert paused <= PAUSE + MARGIN
    assert database == "sqlite" or "migration_waits" in change.said()


def said(gateway, *arguments):
    done = gateway.start(*arguments)
    assert done.popen.wait(60) == 0, done.said()
    return done.said()


@contextmanager
def reader_of(url):
    """A long look at every table, so at those that change too; its locks last until its end."""
    if url.startswith("sqlite"):
        yield
        return
    with psycopg.connect(url.replace("+psycopg", "")) as reader:
        for (table,) in reader.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            reader.execute(f"SELECT count(*) FROM {table}")
        yield
