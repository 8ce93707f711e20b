"""Faults that can be had one after the other from one run: each is over, and what it stopped started again, when it
returns.

    hosts = Pair(run)                      # what is spared, and what is killed
    for fault in faults_of(run):
        fault(hosts)
"""

import copy
import signal
import sqlite3
import threading
import time
from contextlib import ExitStack, closing

import psycopg

from tests.fakes.http import drip, drop, raw, reply
from tests.processes import free_port

LASTING = 15.0  # seconds that a provider is ill
FROZEN = 18.0  # seconds that a worker is: longer than its leases
LOCKED = 8.0  # seconds that others hold what we need: longer than a sender is kept waiting


class Pair:
    """Two hosts on one database: nobody touches the processes of the first; those of the other die and are replaced."""

    def __init__(self, run, dice):
        self.run, self.dice, self.slowest_stop = run, dice, 0.0
        self.spared = {"web": run.web(), "worker": run.worker(), "auditor": run.gateway.auditor()}
        self.other = copy.copy(run.gateway)  # its list of processes is the same one: all are stopped at the end
        self.other.port = free_port()
        self.victims = {"web": self._web(), "worker": self.other.worker()}
        self.born = dict.fromkeys(self.victims, time.monotonic())

    def _web(self):
        return self.other.web("--processes", "1")

    def again(self, name):
        """After a while nobody chose."""
        time.sleep(self.dice.uniform(0.0, 1.0))
        self.born[name] = time.monotonic()
        self.victims[name] = self._web() if name == "web" else self.other.worker()


def web_killed(pair):
    pair.victims["web"].kill()
    pair.again("web")


def worker_killed(pair):
    pair.victims["worker"].kill()
    pair.again("worker")


def restarted(pair):
    """One after the other, as a new version is brought in."""
    for name in pair.victims:
        began = time.monotonic()
        assert pair.victims[name].stop(within=30) == 0
        pair.slowest_stop = max(pair.slowest_stop, time.monotonic() - began)
        pair.again(name)


def worker_frozen(pair):
    pair.victims["worker"].signal(signal.SIGSTOP)
    time.sleep(FROZEN)
    pair.victims["worker"].signal(signal.SIGCONT)


def _provider(pair, accepts, *steps):
    with pair.run.ledger.meanwhile(accepts, *steps):
        time.sleep(LASTING)


def provider_fails(pair):
    _provider(pair, False, reply(503), reply(500), reply(502))


def provider_refuses(pair):
    _provider(pair, False, reply(429, headers={"Retry-After": "5"}))


def provider_hangs(pair):
    """Whoever waits for it has its connection reset when it is well again."""
    well = threading.Event()

    def wait(handler):
        well.wait(60)
        drop()(handler)

    try:
        _provider(pair, False, wait)
    finally:
        well.set()


def provider_loses_its_answers(pair):
    _provider(pair, True, drop())


def provider_babbles(pair):
    cut = raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 400\r\n\r\n{")
    _provider(pair, True, drip(b"HTTP/1.1 202 Accepted\r\n" + b"X" * 40), cut, raw())


def file_locked(pair):
    with closing(_file(pair)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        time.sleep(LOCKED)
        holder.execute("ROLLBACK")


def snapshot_held(pair):
    with closing(_file(pair)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM alert WHERE id = 1").fetchone()
        time.sleep(LOCKED)
        reader.execute("ROLLBACK")


def _file(pair):
    return sqlite3.connect(pair.run.gateway.url.removeprefix("sqlite:///"), isolation_level=None, timeout=20)


def _server(pair):
    return pair.run.gateway.url.replace("+psycopg", "")


def connections_cut(pair):
    with psycopg.connect(_server(pair), autocommit=True) as chief:
        cut_all(chief)


def cut_all(chief):
    """All connections but its own."""
    chief.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def connections_taken(pair):
    with psycopg.connect(_server(pair), autocommit=True) as chief, ExitStack() as taken:
        cut_all(chief)
        take_all(_server(pair), taken)
        time.sleep(LOCKED)


def take_all(url, taken):
    while True:
        try:
            taken.enter_context(psycopg.connect(url))
        except psycopg.OperationalError:  # too many clients already
            return


def table_locked(pair):
    with psycopg.connect(_server(pair)) as holder:
        holder.execute("LOCK TABLE incident IN ACCESS EXCLUSIVE MODE")
        time.sleep(LOCKED)


def database_away(pair):
    pair.run.cluster.stop("fast")
    time.sleep(LOCKED)
    pair.run.cluster.start()


ANYWHERE = (
    web_killed, worker_killed, restarted, worker_frozen, provider_fails, provider_refuses, provider_hangs,
    provider_loses_its_answers, provider_babbles,
)  # fmt: skip
ON = {
    "sqlite": (*ANYWHERE, file_locked, snapshot_held),
    "postgresql": (*ANYWHERE, connections_cut, connections_taken, table_locked, database_away),
}
