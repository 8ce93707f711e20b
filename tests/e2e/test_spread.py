"""Busy connections come to all web processes alike, wherever the system has put them at first."""

import http.client
import json
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import wait_until
from tests.processes import children_of
from tests.samples import alert, group

ESTABLISHED = "01"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Sender(threading.Thread):
    """Posts all the time, over one connection as long as it is left open."""

    def __init__(self, gateway, link):
        super().__init__(daemon=True)
        self.gateway, self.link, self.over = gateway, link, threading.Event()
        self.statuses, self.ends = set(), 0
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(60)
        self.link.close()

    def run(self):
        headers = {"Authorization": f"Bearer {self.gateway.tokens['alertmanager', '']}"}
        body = json.dumps(group(alert()))
        while not self.over.wait(0.02):
            self.link.request("POST", "/ingest/alertmanager", body, headers)
            answer = self.link.getresponse()
            answer.read()
            self.statuses.add(answer.status)
            self.ends += answer.getheader("connection") == "close"


def held(pid, port):
    """The ports from which the connections come that the process has accepted at `port`."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    open_there = [row for row in rows if row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED]
    ours = {f"socket:[{row[9]}]": int(row[2].rpartition(":")[2], 16) for row in open_there}
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(ours.get(str(handle.readlink())))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found - {None}


def links_at(pid, gateway, count):
    """So many idle connections that all are the one process'."""
    links = []
    while len(links) < count:
        link = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        link.request("GET", "/healthz")
        link.getresponse().read()
        if link.sock.getsockname()[1] in held(pid, gateway.port):
            links.append(link)
        else:
            link.close()
    return links


def test_busy_connections_come_to_all_processes_alike(gateway_on):
    gateway = gateway_on("sqlite")
    web = gateway.web("--processes", "2")
    wait_until(lambda: len(children_of(web.pid)) == 2, 30)
    one, another = children_of(web.pid)
    with ExitStack() as stack:
        senders = [stack.enter_context(Sender(gateway, link)) for link in links_at(one, gateway, 4)]
        wait_until(lambda: len(held(one, gateway.port)) == len(held(another, gateway.port)) == 2, 120)
    assert set.union(*(sender.statuses for sender in senders)) == {202}
    assert sum(sender.ends for sender in senders) >= 2
