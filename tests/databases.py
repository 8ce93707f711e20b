"""A PostgreSQL of our own for the run of the tests: no service, no password, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

EMPTY = "empty"  # the migrated database that others are copies of


def missing(what):
    """A part of the machine is not there: a visible skip, and in CI a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: in CI this must run", pytrace=False)
    pytest.skip(what)


def binaries():
    """The folder of the newest PostgreSQL server on this machine, or None."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent  # a link may lead to it, and not to its other programs
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return folders[-1].parent if folders else None


class Cluster:
    """One server on loopback. It refuses to run as root, so there the postgres user runs it."""

    def __init__(self, *, durable=False):
        self.bin = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="nabat-pg-", dir="/tmp"))  # a short path: sockets have limits
        self.as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if self.as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.run(
            "initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"
        )
        fast = "" if durable else "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self.links = {}  # those that stay, by database
        self.options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200 {fast}"
        self.start()

    def run(self, program, *arguments):
        command = [str(self.bin / program), *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=60, **self.as_user)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def start(self):
        data = str(self.folder / "data")
        self.run("pg_ctl", "-D", data, "-o", self.options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def close(self):
        for link in self.links.values():
            link.close()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name):
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def link(self, url):
        """One that stays: to empty all tables takes a new one ten times as long, which has read about none of them."""
        if url not in self.links:
            self.links[url] = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        return self.links[url]

    def create(self, name):
        self._manage(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def copy(self, name):
        """A new database like the migrated one, to which nobody is connected: quicker than migrating anew."""
        self._manage(f'CREATE DATABASE "{name}" TEMPLATE "{EMPTY}"')
        return self.url(name)

    def drop(self, name):
        if link := self.links.pop(self.url(name), None):
            link.close()
        self._manage(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _manage(self, sql):
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres", autocommit=True) as link:
            link.execute(sql)


def wait_until(true, seconds=20, every=0.02):
    """For things that happen in other processes: returns what `true()` gives as soon as it is truthy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")
