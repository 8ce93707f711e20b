"""More than we can store, and everything twice: what real Alertmanagers send is there once, nothing is missing."""

import json
import threading
import urllib.request
from datetime import UTC, datetime

import pytest

from tests.databases import wait_until
from tests.e2e.test_alertmanager import PATIENCE, ROUTE, database_away, program, ready
from tests.processes import Process, free_port
from tests.samples import alert, group

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
SENDERS, EACH = 12, 2_000  # together more than may wait
RECEIVER = """
receivers:
  - name: nabat
    webhook_configs: [{{url: "http://127.0.0.1:{port}/ingest/alertmanager/{token}", send_resolved: true}}]
"""


class Alertmanager:
    """Debian's, with alerts given by hand."""

    def __init__(self, folder, gateway, name, route=ROUTE):
        self.port = free_port()
        self.folder = folder / name
        self.folder.mkdir()
        token = gateway.tokens["alertmanager", ""]
        (self.folder / "alertmanager.yml").write_text(route + RECEIVER.format(port=gateway.port, token=token))
        command = [
            program("prometheus-alertmanager", "alertmanager"), f"--config.file={self.folder}/alertmanager.yml",
            f"--storage.path={self.folder}/data", "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]  # fmt: skip
        self.process = Process(command, {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}, self.folder / "log")
        self.process.wait_for(lambda: ready(self.port))

    def hears(self, *instances, ended=False):
        alerts = [{"labels": {"alertname": "Down", "severity": "critical", "instance": name}} for name in instances]
        for one in alerts:
            one.update({"endsAt": datetime.now(UTC).isoformat()} if ended else {})  # noqa: TID251 - it has its own clock
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def close(self):
        self.process.kill()


@pytest.fixture
def alertmanager(tmp_path):
    """Makes them: alertmanager(gateway, "am1")."""
    made = []

    def make(gateway, name, **more):
        made.append(Alertmanager(tmp_path, gateway, name, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_m2_two_alertmanagers_that_do_not_see_each_other_are_one_source(gateway_on, ledger, alertmanager):
    """As after a cut between an HA pair: each tells everything, again and again."""
    gateway = gateway_on("postgresql")
    gateway.web()
    gateway.worker()
    pair = [alertmanager(gateway, name, route=ROUTE.replace("5s", "1s")) for name in ("one", "other")]
    for one in pair:
        one.hears("db01", "db02")
    wait_until(lambda: (gateway.value("SELECT min(seen) FROM alert") or 0) >= 6, PATIENCE)
    assert gateway.value("SELECT count(*) FROM incident") == 1
    assert gateway.value("SELECT count(*) FROM alert") == 2
    wait_until(ledger.pages, PATIENCE)
    assert len({one.key for one in ledger.pages()}) == len(ledger.pages()) == 1
    for one in pair:
        one.hears("db01", "db02", ended=True)
    wait_until(lambda: gateway.value("SELECT status FROM incident") == "resolved", PATIENCE)
    wait_until(lambda: ledger.pages("resolve"), PATIENCE)
    assert len(ledger.pages()) == len(ledger.pages("resolve")) == 1


class Sender(threading.Thread):
    """Sends its body until it is taken, as Alertmanager does."""

    def __init__(self, gateway, number):
        super().__init__(daemon=True)
        self.gateway, self.answers, self.go_on = gateway, [], threading.Event()
        alerts = [alert(fingerprint=f"{number}-{one}", name="Storm", severity="info") for one in range(EACH)]
        self.body = json.dumps(group(*alerts)).encode()

    def run(self):
        headers = {"Authorization": f"Bearer {self.gateway.tokens['alertmanager', '']}"}
        while not self.answers or self.answers[-1][0] != 202:
            status, said, named = self.gateway.request("POST", "/ingest/alertmanager", self.body, headers, 60)
            self.answers.append((status, said, named.get("retry-after")))
            self.go_on.wait(60)


def test_m5_overload_is_said_with_503_and_everything_arrives(gateway_on, alertmanager):
    gateway = gateway_on("sqlite")
    gateway.web("--processes", "1")
    real = alertmanager(gateway, "real", route=ROUTE.replace("[alertname]", "[instance]"))
    senders = [Sender(gateway, number) for number in range(SENDERS)]
    with database_away(gateway, None):
        real.hears(*(f"db{number:02}" for number in range(8)))
        for sender in senders:
            sender.start()
        wait_until(lambda: sum(len(one.answers) for one in senders) >= 2, PATIENCE)
    for sender in senders:
        sender.go_on.set()
    for sender in senders:
        sender.join(PATIENCE)
        assert not sender.is_alive()
    answers = [answer for sender in senders for answer in sender.answers]
    assert {status for status, _, _ in answers} == {202, 503}
    assert all(int(pause) > 0 for status, _, pause in answers if status == 503)
    assert any(b"too much" in said for status, said, _ in answers if status == 503)
    count = "SELECT count(*) FROM alert WHERE fingerprint LIKE '%-%'"
    assert gateway.value(count) == SENDERS * EACH
    wait_until(lambda: gateway.value("SELECT count(*) FROM alert WHERE labels LIKE '%Down%'") == 8, PATIENCE)
