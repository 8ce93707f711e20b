"""No room left, really: no 2xx without a row, what was sent is written down, and all goes on with new room (F14)."""

import os
import pwd
import resource
import subprocess
import time

import psycopg
import pytest

from tests.accounts import received_is_handled, unexplained
from tests.databases import wait_until
from tests.e2e.test_kill import settled
from tests.processes import children_of
from tests.samples import alert, group

MEGABYTE = 1_000_000
RECOVERS = 5.0  # seconds, without a restart
MARGIN = 10.0  # for a machine with other things to do
pytestmark = [pytest.mark.slow]


@pytest.fixture
def small_disk():
    """Mounts a file system of its own, in memory. Where nobody may, limits alone show what happens without room."""
    mounted = []

    def mount(folder, megabytes, owner=0):
        folder.mkdir()
        options = f"size={megabytes}m,mode=700,uid={owner}"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()[:100]}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder, leave=0):
    """A file that takes all the room but `leave` bytes."""
    with (folder / "filler").open("ab") as file:
        while (free := _free(folder) - leave) > 0:
            try:
                os.posix_fallocate(file.fileno(), file.tell(), free)
            except OSError:
                break
            file.seek(0, os.SEEK_END)


def _free(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def stored(gateway):
    return {row[0] for row in gateway.rows("SELECT fingerprint FROM alert")}


class Numbers:
    """Posts alerts with names of their own and remembers which were answered with 202."""

    def __init__(self, gateway):
        self.gateway, self.number, self.accepted = gateway, 0, set()

    def post(self, weight=1):
        self.number += 1
        names = [f"{self.number}-{place}" for place in range(weight)]
        alerts = [alert(name=f"N{name}", fingerprint=name, severity="warning", long="x" * 3000) for name in names]
        status = self.gateway.post(group(*alerts))[0]
        if status == 202:
            self.accepted.update(names)
        return status

    def recovers(self):
        """Seconds until something is taken in again."""
        began = time.monotonic()
        wait_until(lambda: self.post() == 202, RECOVERS + MARGIN, every=0.1)
        return time.monotonic() - began


def test_a_file_that_may_not_grow_means_come_again_and_nothing_is_half_kept(gateway_on):
    """A limit for the processes of the web server, set and taken away while they run."""
    gateway = gateway_on("sqlite")
    web = gateway.web()
    numbers = Numbers(gateway)
    assert numbers.post() == 202

    def limit(size):
        for pid in (web.pid, *children_of(web.pid)):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(MEGABYTE + max(file.stat().st_size for file in gateway.folder.glob("nabat.db*")))
    statuses = {numbers.post(100) for _ in range(12)}
    assert statuses == {202, 503}
    assert numbers.post(100) == 503
    assert stored(gateway) == numbers.accepted
    assert gateway.get("/login")[0] == 200
    assert gateway.get("/healthz")[0] == 200
    limit(resource.RLIM_INFINITY)
    numbers.recovers()
    assert stored(gateway) == numbers.accepted
    received_is_handled(gateway)
    assert gateway.value("PRAGMA integrity_check") == "ok"
    assert web.stop() == 0


def test_on_a_full_disk_outcomes_are_written_down_and_room_is_enough_to_go_on(small_disk, gateway_on, ledger, tmp_path):
    folder = small_disk(tmp_path / "sqlite-0", 320)
    gateway = gateway_on("sqlite", NABAT_MIN_FREE_MB="200")
    assert gateway.folder == folder
    web, worker = gateway.web(), gateway.worker()
    numbers = Numbers(gateway)
    wait_until((folder / "ballast").exists, 30)
    assert numbers.post() == 202
    processes = children_of(web.pid)
    answers = ledger.hold_firsts()
    assert gateway.post(group(alert(name="Held", fingerprint="held")))[0] == 202
    numbers.accepted.add("held")
    wait_until(lambda: len(ledger.pages()) == 1, 30)
    fill(folder, leave=100 * MEGABYTE)
    wait_until(lambda: numbers.post() == 503, 10)
    assert (folder / "ballast").exists()
    fill(folder)
    answers.set()
    sent = "SELECT count(*) FROM delivery WHERE channel = 'pagerduty' AND status = 'sent'"
    wait_until(lambda: gateway.value(sent) == 1, 30)
    assert not (folder / "ballast").exists()
    assert numbers.post() == 503
    assert gateway.get("/login")[0] == 200
    assert worker.alive
    assert children_of(web.pid) == processes  # nobody died of it
    assert stored(gateway) == numbers.accepted
    (folder / "filler").unlink()
    numbers.recovers()
    wait_until((folder / "ballast").exists, 30)
    settled(gateway)
    assert stored(gateway) == numbers.accepted
    assert len(ledger.pages()) == 1
    assert unexplained(gateway, ledger) == []
    received_is_handled(gateway)
    assert gateway.value("PRAGMA integrity_check") == "ok"
    assert [web.stop(), worker.stop()] == [0, 0]


@pytest.mark.gameday
def test_a_full_postgresql_means_come_again(durable, small_disk, gateway_on, ledger):
    owner = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else os.getuid()
    folder = small_disk(durable.folder / "small", 40, owner)
    gateway = gateway_on("postgresql")
    name = gateway.url.rpartition("/")[2]
    manage(durable, f"CREATE TABLESPACE small LOCATION '{folder}'", f'ALTER DATABASE "{name}" SET TABLESPACE small')
    try:
        web, worker = gateway.web("--processes", "1"), gateway.worker()
        numbers = Numbers(gateway)
        assert numbers.post() == 202
        fill(folder)
        wait_until(lambda: numbers.post(100) == 503, 30)
        assert stored(gateway) == numbers.accepted
        (folder / "filler").unlink()
        numbers.recovers()
        settled(gateway)
        assert stored(gateway) == numbers.accepted
        received_is_handled(gateway)
        assert [web.stop(), worker.stop()] == [0, 0]
    finally:
        gateway.close()
        durable.drop(name)
        manage(durable, "DROP TABLESPACE small")


def manage(cluster, *statements):
    with psycopg.connect(cluster.url("postgres").replace("+psycopg", ""), autocommit=True) as link:
        for statement in statements:
            link.execute(statement)
