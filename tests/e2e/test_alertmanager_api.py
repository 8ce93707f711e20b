"""The real Alertmanager's own API: what it shows is what its webhook told, and a resolve that was lost is found."""

import http.client
import json
import urllib.request
from datetime import timedelta

import pytest

from gateway.clock import SystemClock
from gateway.flows import reconcile_alertmanager
from tests.databases import wait_until
from tests.e2e.test_alertmanager import program, ready
from tests.fakes.http import FakeServer, reply
from tests.integration.test_reconcile_alertmanager import SOURCE, watch
from tests.processes import Process, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
LABELS = {"alertname": "DiskFull", "severity": "critical", "instance": "db01", "name": "Ж 🔥"}
ANY = timedelta(seconds=-1)  # it says the time in whole seconds, and has begun just now
CONFIGURATION = """
route: {{receiver: nabat, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: nabat, webhook_configs: [{{url: "{url}", send_resolved: true}}]}}]
"""


@pytest.fixture
def receiver():
    with FakeServer() as server:
        yield server


@pytest.fixture
def real(receiver, tmp_path):
    """The address of an Alertmanager that tells `receiver`."""
    (tmp_path / "am.yml").write_text(CONFIGURATION.format(url=receiver.url))
    port = free_port()
    command = [
        program("prometheus-alertmanager", "alertmanager"), f"--config.file={tmp_path}/am.yml",
        f"--storage.path={tmp_path}/am", "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    process = Process(command, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, tmp_path / "am.log")
    process.wait_for(lambda: ready(port))
    yield f"http://127.0.0.1:{port}"
    process.kill()


def tells(address, **more):
    """What Prometheus sends."""
    body = json.dumps([{"labels": LABELS, "annotations": {"summary": "db01 is full"}, **more}]).encode()
    request = urllib.request.Request(f"{address}/api/v2/alerts", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def fire_there(address):
    try:
        with urllib.request.urlopen(f"{address}/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)
    except (OSError, http.client.HTTPException):
        return None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lost_resolve_and_a_lost_alert_at_the_real_alertmanager(staffed, real, receiver):
    world, gateway = staffed, staffed.app.extensions["gateway"]
    watch(world, real)

    def check(**more):
        world.clock.advance(minutes=5)
        (source,) = reconcile_alertmanager.watched()
        return dict(reconcile_alertmanager.check(source, gateway, world.clock.now(), **more))

    world.clock.set(SystemClock().now())
    began = (SystemClock().now() - timedelta(minutes=1)).isoformat()
    tells(real, startsAt=began)
    body = receiver.wait_for(1, 30)[0].json()
    assert world.post(body, name=SOURCE).json["accepted"] == 1
    assert check() == check() == {}  # its fingerprint is the same here and there

    receiver.usual = lambda _asked: reply(400)  # what it now says is lost
    tells(real, startsAt=began, endsAt=SystemClock().now().isoformat())
    wait_until(lambda: fire_there(real) == [], 30)
    check()
    assert check() == {}  # it has just begun, and may have forgotten
    check(up_for=ANY)
    assert check(up_for=ANY) == {"lost resolve": 1}
    assert world.incident().status == "resolved"

    tells(real)
    wait_until(lambda: fire_there(real), 30)
    check()
    assert check() == {"lost alert": 1}
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
