"""A real Prometheus and a real Alertmanager in front of us: from a value that turns bad to the page and back.

The monitored machines are numbers that a test switches; everything between them and the provider is the real program.
"""

import http.client
import json
import shutil
import sqlite3
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.databases import missing, wait_until
from tests.processes import Process, free_port

MANY = 20
PATIENCE = 60.0  # seconds for one step of the way; it takes two or three
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BOOK = """
version: 1
timezone: Europe/Moscow
routes:
  - name: machines
    match: ['alertname="MachineDown"']
    urgency: emergency
    policy: infra
    group_by: [alertname, instance]
  - {name: disks, match: ['alertname="DiskFull"'], urgency: emergency, policy: infra}
  - {name: everything else, urgency: ordinary, policy: infra}
policies:
  infra: {steps: [{notify: ["schedule:infra"], wait: 1h}]}
"""
RULES = """
groups:
  - name: demo
    rules:
      - alert: DiskFull
        expr: disk_full == 1
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} is full"}
      - alert: MachineDown
        expr: machine_down == 1
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} is down"}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs:
  - {{job_name: demo, honor_labels: true, static_configs: [{{targets: ["127.0.0.1:{exporter}"]}}]}}
"""
ROUTE = """
route: {receiver: nabat, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 5s}
"""


def program(*names):
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or missing(f"no {names[0]} on this machine")


class Exporter:
    """The monitored machines: `switch` makes one of them bad or good."""

    def __init__(self):
        self.bad = set()
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                text = "".join(
                    f'{name}{{instance="{instance}"}} 1\n' for name, instance in sorted(exporter.bad)
                ).encode()
                self.send_response_only(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_args):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def switch(self, name, *instances, bad=True):
        change = {(name, instance) for instance in instances}
        self.bad = self.bad | change if bad else self.bad - change

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Monitoring:
    """Exporter, Prometheus and Alertmanager, the latter with the receiver that `up` told us to paste."""

    def __init__(self, folder, receiver):
        self.folder = folder
        self.exporter = Exporter()
        self.processes = []
        self.alertmanager, self.prometheus = free_port(), free_port()
        self.token = receiver.partition("credentials:")[2].split()[0]
        self.configuration = folder / "alertmanager.yml"
        self.configuration.write_text(ROUTE + receiver)
        (folder / "rules.yml").write_text(RULES)
        prometheus = PROMETHEUS.format(alertmanager=self.alertmanager, exporter=self.exporter.port)
        (folder / "prometheus.yml").write_text(prometheus)

    def start(self):
        self._start(
            program("prometheus-alertmanager", "alertmanager"), self.alertmanager,
            f"--config.file={self.configuration}", f"--storage.path={self.folder}/am", "--cluster.listen-address=",
        )  # fmt: skip
        self._start(
            program("prometheus"), self.prometheus,
            f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/tsdb",
        )  # fmt: skip

    def _start(self, path, port, *arguments):
        log = self.folder / f"{path.rpartition('/')[2]}.log"
        command = [path, *arguments, f"--web.listen-address=127.0.0.1:{port}"]
        process = Process(command, {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}, log)
        self.processes.append(process)
        process.wait_for(lambda: ready(port))

    def failed_requests(self):
        """Webhooks that were not answered with 2xx, by Alertmanager's own count."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.alertmanager}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        name = 'alertmanager_notification_requests_failed_total{integration="webhook"}'
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def close(self):
        for process in self.processes:
            process.kill()
        self.exporter.close()


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.fixture
def watched(gateway_on, ledger, tmp_path, request):
    """Nabat as `up` starts it, and a monitoring system that was given exactly the receiver it printed."""
    program("prometheus")
    program("prometheus-alertmanager", "alertmanager")
    gateway = gateway_on(request.param, book=BOOK, sources=())
    up = gateway.up()
    monitoring = Monitoring(tmp_path, printed_receiver(up.said()))
    monitoring.start()
    yield gateway, monitoring
    monitoring.close()
    for process in monitoring.processes:
        print(f"--- {process.log.name}\n{process.said()[-2000:]}")  # noqa: T201 - shown when the test failed


def printed_receiver(said):
    """What a new user copies from the terminal."""
    lines = said.splitlines()
    begin = lines.index("receivers:")
    end = next(number for number in range(begin + 1, len(lines)) if not lines[number].startswith(" "))
    return "\n".join(lines[begin:end]) + "\n"


both = pytest.mark.parametrize("watched", ["sqlite", "postgresql"], indirect=True)


@both
def test_from_a_bad_value_to_the_page_and_back_and_through_an_outage(watched, ledger, request):
    gateway, monitoring = watched
    alertmanager_takes_the_receiver(monitoring)
    disks_fill_and_are_cleared(gateway, monitoring, ledger)
    nothing_is_missing_after_an_outage(gateway, monitoring, ledger, request)


def alertmanager_takes_the_receiver(monitoring):
    """It has started with it; its own checker says so too."""
    if amtool := shutil.which("amtool"):
        command = [amtool, "check-config", str(monitoring.configuration)]
        checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "1 receivers" in checked.stdout


def disks_fill_and_are_cleared(gateway, monitoring, ledger):
    """One incident for two disks: it opens with the first and is over with the last."""
    exporter = monitoring.exporter
    exporter.switch("disk_full", "db01")
    wait_until(lambda: len(ledger.pages()) == 1, PATIENCE)
    (incident,) = gateway.rows("SELECT id, uuid, urgency FROM incident")
    number, uuid, rank = incident
    assert rank == 0
    page = ledger.pages()[0]
    assert (page.address, page.key) == ("anna-key-0123456789abcdef0123456", f"nabat-{uuid}")

    exporter.switch("disk_full", "db02")
    wait_until(lambda: gateway.value("SELECT count(*) FROM alert WHERE firing") == 2, PATIENCE)
    exporter.switch("disk_full", "db01", bad=False)
    wait_until(lambda: gateway.value("SELECT count(*) FROM alert WHERE firing") == 1, PATIENCE)
    assert gateway.value("SELECT status FROM incident") == "triggered"
    assert ledger.pages("resolve") == []

    exporter.switch("disk_full", "db02", bad=False)
    wait_until(lambda: ledger.pages("resolve"), PATIENCE)
    assert [one.key for one in ledger.pages("resolve")] == [f"nabat-{uuid}"]
    assert [one.key for one in ledger.pages()] == [f"nabat-{uuid}"]
    wait_until(lambda: gateway.value("SELECT count(*) FROM delivery WHERE status <> 'sent'") == 0, PATIENCE)
    assert gateway.rows("SELECT status, resolve_kind FROM incident") == [("resolved", "auto")]
    entries = gateway.rows(f"SELECT kind, detail FROM entry WHERE incident_id = {number} ORDER BY id")
    assert [kind for kind, _ in entries if kind != "sent"] == ["opened", "joined", "cleared", "resolved"]
    sent = {
        (detail["channel"], detail["message"])
        for kind, text in entries
        if kind == "sent"
        if (detail := json.loads(text))
    }
    assert sent == {(channel, message) for channel in ("pagerduty", "ntfy") for message in ("opened", "resolved")}


def nothing_is_missing_after_an_outage(gateway, monitoring, ledger, request):
    """While our database is away, 20 machines fail; Alertmanager hears 503 and comes again."""
    machines = [f"m{number:02}" for number in range(MANY)]
    with database_away(gateway, request):
        before = monitoring.failed_requests()
        monitoring.exporter.switch("machine_down", *machines)
        status, _, headers = gateway.request("POST", f"/ingest/alertmanager/{monitoring.token}", NOTHING, {})
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
        wait_until(lambda: monitoring.failed_requests() > before, PATIENCE)
    wait_until(lambda: gateway.value(OPEN_MACHINES) == MANY, PATIENCE)
    keys = {f"nabat-{row[0]}" for row in gateway.rows("SELECT uuid FROM incident WHERE rule = 'machines'")}
    assert len(keys) == MANY
    wait_until(lambda: keys <= {one.key for one in ledger.pages()}, PATIENCE)
    monitoring.exporter.switch("machine_down", *machines, bad=False)
    wait_until(lambda: keys <= {one.key for one in ledger.pages("resolve")}, PATIENCE)
    assert gateway.value(OPEN_MACHINES) == 0
    assert gateway.value("SELECT count(*) FROM incident WHERE rule = 'machines'") == MANY


NOTHING = b'{"alerts": []}'
OPEN_MACHINES = "SELECT count(*) FROM incident WHERE rule = 'machines' AND status = 'triggered'"


@contextmanager
def database_away(gateway, request):
    """SQLite's write lock in other hands for longer than we wait for it; PostgreSQL stopped."""
    if gateway.url.startswith("sqlite"):
        link = sqlite3.connect(gateway.url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        link.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            link.execute("ROLLBACK")
            link.close()
        return
    cluster = request.getfixturevalue("durable")
    cluster.stop("immediate")
    try:
        yield
    finally:
        cluster.start()
