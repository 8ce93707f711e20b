"""The real program as processes on loopback: started, waited for, killed, and gone at the end whatever happens.

with Gateway(folder, f"sqlite:///{folder}/nabat.db", NABAT_LANGUAGE="ru") as gateway:
    gateway.people(PEOPLE)
    web, worker = gateway.web(), gateway.worker()
    status, body = gateway.post(webhook())
    web.kill()                       # the whole process group, with SIGKILL
    assert worker.stop() == 0        # SIGTERM, and its exit code
    gateway.rows("SELECT status FROM incident")
"""

import http.client
import json
import os
import random
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg

from gateway.app import create_app, migrate_database
from gateway.clock import SystemClock
from gateway.settings import load
from gateway.start.web import complaint
from gateway.store.db import db
from tests.databases import Cluster, wait_until
from tests.loaded import POSSIBLE, Copies
from tests.world import World

ROOT = Path(__file__).parent.parent
KEY = "a-key-for-the-tests-only-0123456789abcdef"
READY = 60.0  # seconds a process may take to start on a machine that is busy with other things
TOLD_TO_STOP = 15.0  # seconds from SIGTERM to the end (P22)
MARK = "TEST_PROCESSES"  # the environment variable by which our processes know each other
# Without a preexec_fn, which may hang when other threads are at work.
DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def free_port():
    """Below the range that outgoing connections take theirs from: while nobody listens here, nobody else gets it,
    and a client that tries again and again never connects to itself.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def on_steady_port(cluster):
    """The cluster, moved to a port that it can be stopped and started on."""
    cluster.stop("fast")
    old, cluster.port = cluster.port, free_port()
    cluster.options = cluster.options.replace(f"-p {old} ", f"-p {cluster.port} ")
    cluster.start()
    return cluster


def durable_cluster():
    return on_steady_port(Cluster(durable=True))


class Process:
    """One program in a process group of its own. It dies with us."""

    def __init__(self, command, environment, log, home=ROOT):
        self.command = [*DIE_WITH_PARENT, *map(str, command)]
        self.log = log
        with log.open("ab") as said:
            self.popen = subprocess.Popen(
                self.command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        self.pid = self.popen.pid

    @property
    def alive(self):
        return self.popen.poll() is None

    def said(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        """To the whole group."""
        signal_group(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, within=TOLD_TO_STOP):
        """SIGTERM to the process alone, as a supervisor sends it; the exit code."""
        self.popen.terminate()
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command} did not stop within {within} s:\n{self.said()[-3000:]}") from None

    def wait_for(self, true, seconds=READY):
        """Until `true()`, as long as the process lives."""

        def look():
            assert self.alive, f"{self.command} ended with {self.popen.returncode}:\n{self.said()[-3000:]}"
            return true()

        try:
            return wait_until(look, seconds)
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{self.command} said:\n{self.said()[-3000:]}") from None


class Copied(Process):
    """One that begins as a copy of a process that has loaded the program."""

    def __init__(self, arguments, environment, log):
        self.command, self.log = ["nabat", *map(str, arguments)], log
        log.touch()
        self.popen = Copies.of_this_run().start(self.command[1:], environment, log)
        self.pid = self.popen.pid


def signal_group(pid, number=signal.SIGKILL):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        """It is over already."""


def children_of(pid):
    """The process ids of its children, now."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(folder.name))
    return sorted(found)


def command_of(pid):
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def name_of(pid):
    """As `ps` and `top` show it."""
    try:
        return (Path("/proc") / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def memory_of(pid):
    """Resident, in bytes."""
    status = (Path("/proc") / str(pid) / "status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def threads_of(pid):
    return len(list((Path("/proc") / str(pid) / "task").iterdir()))


class Gateway:
    """One database with its people, and the processes on it. `book` is the text of a rule book."""

    def __init__(self, folder, database_url, *, book=None, ledger=None, **settings):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.url = database_url
        self.port = free_port()
        self.mark = secrets.token_hex(8)
        self.processes = []
        self.prefix = []  # what each process is started by, such as strace
        self.home = ROOT  # whose program is started
        self.copied = True  # whether servers, workers and auditors need not load the program, each of them
        self.tokens = {}
        self.link, self.looking = None, threading.Lock()
        self.environment = {
            "NABAT_DATABASE_URL": database_url, "NABAT_DATA_DIR": str(self.folder), "NABAT_SECRET_KEY": KEY,
            "NABAT_TIMEZONE": "Europe/Moscow", "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
            "NABAT_MIN_FREE_MB": "0",
            "NABAT_CAPS": "off", "NABAT_PAGERDUTY_PACE": "0",  # ledgers are held against each message
        }  # fmt: skip
        if ledger:
            self.environment["NABAT_PAGERDUTY_EVENTS_URL"] = ledger.url
        if book:
            rules = self.folder / "rules"
            rules.mkdir(exist_ok=True)
            (rules / "book.yaml").write_text(book)
            self.environment["NABAT_RULES"] = str(rules)
        self.environment.update(settings)

    def prepare(self, people="", sources=(("alertmanager", ""),)):
        """Migrates the database, imports the people, makes a token for each source."""
        app = create_app(load(self.environment))
        migrate_database(app)
        with app.app_context():
            try:
                world = World(app, SystemClock())
                if people:
                    world.people(people)
                self.tokens = {(kind, name): world.token(kind, name) for kind, name in sources}
            finally:
                db.session.remove()
                db.engine.dispose()
        return self

    # --- processes

    def start(self, *arguments):
        """`python -m gateway …`"""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NABAT_")}
        environment = {**inherited, **self.environment, MARK: self.mark, "PYTHONUNBUFFERED": "1"}
        log = self.folder / f"{arguments[0]}-{len(self.processes)}.log"
        if self._may_be_copied(arguments[0]):
            process = Copied(arguments, environment, log)
        else:
            process = Process([*self.prefix, sys.executable, "-m", "gateway", *arguments], environment, log, self.home)
        self.processes.append(process)
        return process

    def _may_be_copied(self, command):
        """Nothing is asked of it that is read while the program is loaded."""
        plain = all(name.startswith("NABAT_") for name in self.environment) and not self.prefix and self.home == ROOT
        return self.copied and POSSIBLE and plain and command in ("web", "worker", "auditor")

    def web(self, *more, wait=True):
        wait_until(lambda: not complaint("127.0.0.1", self.port), READY)  # of what was killed the last process is gone
        web = self.start("web", "--port", str(self.port), *more)
        if wait:
            web.wait_for(self.answers)
        return web

    def worker(self, *, wait=True):
        worker = self.start("worker")
        if wait:
            worker.wait_for(lambda: "event=worker_started" in worker.said())
        return worker

    def auditor(self, *, wait=True):
        auditor = self.start("auditor")
        if wait:
            auditor.wait_for(lambda: "event=auditor_started" in auditor.said())
        return auditor

    def up(self):
        up = self.start("up", "--port", str(self.port))
        up.wait_for(lambda: "event=worker_started" in up.said() and self.answers())
        return up

    def answers(self):
        """Whether somebody speaks HTTP there."""
        try:
            return self.get("/healthz", timeout=5)[0] < 500
        except (OSError, http.client.HTTPException):
            return False

    def close(self):
        """Everything is killed: what we started, and what those started in groups of their own."""
        for process in self.processes:
            process.signal(signal.SIGKILL)
        for pid in self._marked():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self.processes:
            process.popen.wait(10)
        self._forget_link()

    def _marked(self):
        mark = f"{MARK}={self.mark}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)
            except OSError:
                continue

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, _trace):
        self.close()
        if problem is not None:
            print(self.report())  # noqa: T201 - pytest shows it with the failure

    def report(self):
        """The end of what every process said."""
        return "\n".join(f"--- {process.log.name}\n{process.said()[-3000:]}" for process in self.processes[-6:])

    def said(self):
        return "".join(process.said() for process in self.processes)

    # --- HTTP

    def get(self, path, timeout=30.0, **headers):
        return self.request("GET", path, None, headers, timeout)

    def post(self, body, kind="alertmanager", name="", timeout=40.0):
        """An authenticated webhook: status and what was said."""
        headers = {"Authorization": f"Bearer {self.tokens[kind, name]}", "Content-Type": "application/json"}
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", f"/ingest/{kind}", sent, headers, timeout)[:2]

    def request(self, method, path, body, headers, timeout=30.0):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request(method, path, body=body, headers=headers)
            answer = link.getresponse()
            said = answer.read()
            return answer.status, said, dict(answer.getheaders())
        finally:
            link.close()

    # --- the database, looked at from beside

    def rows(self, sql):
        if self.url.startswith("sqlite"):
            link = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)
            try:
                return link.execute(sql).fetchall()
            finally:
                link.close()
        with self.looking:
            try:
                return self._look().execute(sql).fetchall()
            except psycopg.OperationalError:  # it was away since the last look, or is
                self._forget_link()
                return self._look().execute(sql).fetchall()

    def _look(self):
        """A link that stays: some tests look fifty times a second, and a new one costs more than the look."""
        if self.link is None:
            self.link = psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)
        return self.link

    def _forget_link(self):
        if self.link is not None:
            self.link.close()
            self.link = None

    def value(self, sql):
        return self.rows(sql)[0][0]


class Sender(threading.Thread):
    """Posts one body after the other, each again and again until it is answered with 2xx, as Alertmanager does."""

    def __init__(self, gateway, bodies, pause=0.0):
        super().__init__(daemon=True)
        self.gateway, self.bodies, self.pause = gateway, iter(bodies), pause
        self.over = threading.Event()
        self.answered = []  # the bodies, in order
        self.statuses = Counter()  # and, by their names, the ways in which a link broke
        self.slowest = 0.0
        self._link = None

    def run(self):
        while not self.over.is_set() and (body := next(self.bodies, None)) is not None:
            while not 200 <= self._post(body) < 300:
                time.sleep(0.05)
            self.answered.append(body)
            self.over.wait(self.pause)
        if self._link is not None:
            self._link.close()

    def finish(self):
        """The body under way is still brought to its end."""
        self.over.set()
        self.join(60)
        assert not self.is_alive(), f"a body was never answered with 2xx: {self.statuses}"

    def _post(self, body):
        headers = {"Authorization": f"Bearer {self.gateway.tokens['alertmanager', '']}"}
        began = time.monotonic()
        try:
            if self._link is None:
                self._link = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=40)
            self._link.request("POST", "/ingest/alertmanager", json.dumps(body).encode(), headers)
            answer = self._link.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self._link.close()
            self._link = None
            self.statuses[type(problem).__name__] += 1
            return 0
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.statuses[answer.status] += 1
        return answer.status
