"""The example rule book and people file of the design load whole, and do what their comments say."""

import os
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from gateway.start.commands import cli
from tests.integration.test_held_back import until
from tests.integration.test_when_to_tell import go
from tests.samples import alert, group

MOSCOW = ZoneInfo("Europe/Moscow")
KEYS = {f"PAGERDUTY_{name}_KEY": f"{name.lower():x<32}" for name in ("ANNA", "OLEG", "INFRASTRUCTURE")}


@pytest.fixture
def example(shared):
    book, people = shared / "design/rulebook.example.yaml", shared / "design/people.example.yaml"
    if not book.is_file():
        pytest.skip(f"no example rule book at {book}")
    return book, people


def test_check_finds_nothing_wrong(example, tmp_path):
    environment = {"NABAT_DATA_DIR": str(tmp_path), "NABAT_RULES": str(example[0]), **KEYS}
    done = CliRunner(env=environment).invoke(cli, ["rules", "check"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("5 routes, 3 policies: ok")


@pytest.fixture
def lived(example, world_of, providers, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    text = os.path.expandvars(example[1].read_text()).replace("https://ntfy.example", providers.ntfy.url)
    return world_of(
        example[0].read_text(), text, NABAT_PAGERDUTY_EVENTS_URL=providers.pagerduty.url,
        NABAT_SMTP_URL=providers.mail.url(), NABAT_MAIL_FROM="nabat@example.org",
        NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1", NABAT_PUBLIC_URL="https://nabat.example.org",
    )  # fmt: skip


def at(world, text):
    world.clock.set(datetime.fromisoformat(text).replace(tzinfo=MOSCOW))


def fires(world, name, **labels):
    starts = world.clock.now().astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")
    return world.post(group(alert(name=name, fingerprint=name, starts=starts, **labels))).json["incidents"]


def told(world, **having):
    return sorted({(one.who.split("@")[0], one.way) for one in world.deliveries(**having)})


def test_it_behaves_as_its_comments_say(lived):
    world = lived
    at(world, "2026-12-05T03:12")
    fires(world, "DiskWarning", severity="warning")
    fires(world, "NabatTest", severity="critical", env="prod")
    assert told(world) == [("irina", "email"), ("team:support", "email")]  # the test alert; the warning waits
    fires(world, "Down", severity="critical", env="prod")
    go(world, seconds=29)
    assert told(world, rank=0) == []  # hold_for
    go(world, seconds=1)
    assert told(world, rank=0, level=1) == [("anna", "push"), ("anna", "voice")]  # off hours: a call at once
    assert world.deliveries(way="voice")[0].status == "sent"
    go(world, minutes=5)
    assert told(world, rank=0, level=2) == [("oleg", "voice")]
    go(world, minutes=10)
    assert ("irina", "email") in told(world, rank=0, level=3)  # her only way: the fallback of the class, at once
    world.acknowledges(world.incidents()[-1].id)
    at(world, "2026-12-07T09:00")
    go(world, seconds=0)
    assert told(world, kind="digest") == [("irina", "email"), ("team:support", "email")]
    until(world, datetime(2026, 12, 14, 11, 0, tzinfo=MOSCOW))
    fires(world, "DownByDay", severity="critical")
    go(world, seconds=30)
    (call,) = world.deliveries(way="voice", level=1, rank=0, status="queued")
    assert call.due_at.astimezone(MOSCOW).strftime("%H:%M:%S") == "11:03:30"  # or_unacknowledged_for
    body = {"id": "T-1", "title": "Mail", "priority": "critical"}
    assert world.post(body, "ticket").status_code == 202
    assert world.incidents()[-1].rule == "critical tickets"
    assert (world.incidents()[-1].urgency, world.incidents()[-1].policy) == (2, "support-everyone")


def test_a_site_that_is_down_takes_its_warnings_along(lived):
    world = lived
    at(world, "2026-12-07T11:00")
    (site,) = fires(world, "SiteDown", severity="critical", site="Kazan")
    assert fires(world, "LinkSlow", severity="warning", site="Kazan") == [site]
    assert fires(world, "LinkSlowToo", severity="warning", site="Omsk") != [site]
