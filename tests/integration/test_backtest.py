"""`./nabat rules backtest`: the past through a proposed rule book (G3)."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from gateway.clock import SystemClock
from gateway.flows import by_hand
from gateway.start.commands import cli
from rules.words import Urgency
from tests.conftest import KEY
from tests.samples import BOOK, alert, group

DISKS = BOOK.replace(
    "routes:\n",
    "routes:\n  - {name: disks, match: ['alertname=\"DiskWarning\"'], urgency: emergency, policy: infra}\n",
)
MILDER = DISKS.replace("urgency: emergency, policy: infra}", "urgency: fast, policy: infra}", 1)


@pytest.fixture
def past(staffed_of, clock, tmp_path, database_url):
    """A disk that warned three times, one of them answered; a machine that was down; a warning that healed."""
    clock.set(SystemClock().now() - timedelta(days=2))
    world = staffed_of(DISKS)

    def fires(name, severity, minutes, answered=None):
        began = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        one = alert(name=name, fingerprint=name, severity=severity, starts=began)
        (number,) = world.post(group(one)).json["incidents"]
        world.delivers()
        if answered is not None:
            world.passes(minutes=answered)
            world.delivers()
            world.acknowledges(number)
        world.passes(minutes=minutes)
        ends = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        world.post(group({**one, "status": "resolved", "endsAt": ends}, status="resolved"))
        world.passes(minutes=1)

    for minutes, answered in ((4, None), (20, 6), (4, None)):
        fires("DiskWarning", "warning", minutes, answered)
    fires("Down", "critical", 4)
    fires("Odd", "info", 4)
    proposed = tmp_path / "proposed"
    proposed.mkdir()

    def backtest(book, *arguments):
        (proposed / "book.yaml").write_text(book)
        environment = {
            "NABAT_DATA_DIR": str(tmp_path), "NABAT_DATABASE_URL": database_url, "NABAT_RULES": str(tmp_path / "book"),
            "NABAT_SECRET_KEY": KEY,
        }  # fmt: skip
        arguments = ("rules", "backtest", "--rules", str(proposed), *arguments)
        done = CliRunner(env=environment).invoke(cli, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return world, backtest


def test_g3_a_milder_rule_is_tried_on_the_past(past):
    world, backtest = past
    before = (len(world.deliveries()), len(world.entries()), len(world.incidents()))

    code, out, bar = backtest(MILDER, "--last", "30d")

    assert code == 1
    assert "missed emergencies: 3" in out
    assert out.count("DiskWarning on db01: emergency “disks” (infra) → fast “disks” (infra)") == 3
    assert all(f"#{number} " in out for number in (1, 2, 3))
    assert "#4 " not in out
    calls = next(line.split() for line in out.splitlines() if line.startswith("calls"))
    assert calls == ["calls", "5", "1"]  # 1 + 2 (the second step at five minutes) + 1 + 1; as it was
    assert sum(one.kind in ("opened", "escalated") for one in world.deliveries(way="voice")) == 5
    assert "100 %  10 of 10 alerts" in bar
    assert (len(world.deliveries()), len(world.entries()), len(world.incidents())) == before

    code, out, _ = backtest(MILDER, "--json")
    found = json.loads(out)
    assert (code, found["missed_emergencies"], found["alerts"]) == (1, 3, 10)
    assert (found["before"]["voice"], found["after"]["voice"]) == (5, 1)
    assert found["after"]["classes"]["fast"] == {"incidents": 3, "voice": 0, "push": 3, "sms": 0, "email": 1}
    assert [one["incident"] for one in found["changes"]] == [1, 2, 3]

    code, out, _ = backtest(DISKS.replace("everything else, urgency: ordinary", "everything else, urgency: fast"))
    assert code == 0
    assert "missed emergencies: 0" in out
    assert "#5 " in out

    code, _, words = backtest(DISKS, "--last", "soon")
    assert (code, "--last 'soon' is not a duration" in words) == (1, True)
    code, _, words = backtest("routes: []")
    assert (code, "book.yaml:1: version" in words) == (1, True)


def test_what_nobody_sent_is_left_out(past):
    world, backtest = past
    assert world.post("no object").status_code == 400
    by_hand.open_incident(
        by_hand.Told("Smoke", Urgency.EMERGENCY), "anna@example.org", "Anna", "api", world.clock.now()
    )
    assert {one.title for one in world.incidents()} >= {"Smoke", "alertmanager sends what cannot be read"}
    code, out, _ = backtest(MILDER, "--json")
    assert (code, json.loads(out)["alerts"], json.loads(out)["payloads_not_read"]) == (1, 10, 0)
