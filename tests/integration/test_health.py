"""Alive, ready, and figures: what they say when all is well, and when it is not."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, update

from gateway import counted
from gateway.actions import Actor, act
from gateway.app import create_app
from gateway.settings import load
from gateway.store.db import db, transaction
from gateway.store.tables import Delivery
from gateway.store.upkeep import pulse
from gateway.store.upkeep.vitals import vitals
from rules.lifecycle import Given, Signal
from tests.samples import BOOK, alert, group

TOKEN = "a-token-for-prometheus"
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def beat(world):
    with transaction() as session:
        pulse.say_alive(session, "w1", world.clock.now())


def set_pages(**values):
    with transaction() as session:
        session.execute(update(Delivery).values(**values))


def figures(client, **more):
    """Every sample by its name and labels."""
    answer = client.get("/metrics", **more)
    assert answer.status_code == 200, answer.text
    families = list(text_string_to_metric_families(answer.text))
    assert len({family.name for family in families}) == len(families)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_a_metric_that_nobody_has_counted_yet_is_named_already(world, tmp_path, monkeypatch):
    (tmp_path / "counted").mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "counted"))
    said = world.client.get("/metrics").text
    for name in (
        "nabat_alerts_received_total", "nabat_ingest_rejected_total", "nabat_ingest_seconds",
        "nabat_incidents_opened_total", "nabat_deliveries_total", "nabat_delivery_seconds",
    ):  # fmt: skip
        assert said.count(f"\n# TYPE {name} ") == 1, name
    figures(world.client)


def test_alive_says_so_without_a_database(world):
    answer = world.client.get("/healthz", environ_overrides=ELSEWHERE)
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_when_a_worker_was_seen(world):
    never = world.client.get("/readyz")
    assert (never.status_code, never.json["ready"]) == (503, False)
    assert never.json["reasons"] == ["no worker was seen within 30 s"]
    beat(world)
    for seconds, status in ((0, 200), (30, 200), (1, 503)):
        world.clock.advance(seconds=seconds)
        assert world.client.get("/readyz").status_code == status
    beat(world)
    assert world.client.get("/readyz").json == {"ready": True}
    world.clock.advance(hours=-1)  # the worker's clock is ahead of ours
    assert world.client.get("/readyz").status_code == 200


def test_the_reasons_are_not_for_strangers(world):
    assert world.client.get("/readyz", environ_overrides=ELSEWHERE).json == {"ready": False}
    forwarded = world.client.get("/readyz", headers={"X-Forwarded-For": "192.0.2.7"})
    assert (forwarded.status_code, forwarded.json) == (503, {"ready": False})


def test_an_emergency_that_reached_nobody(world):
    """Not before its minute is over; sent to one is enough; what only went to the log reached nobody."""
    world.alert()
    beat(world)
    assert undelivered(world) == (0, 200)
    world.clock.advance(seconds=61)
    beat(world)
    assert undelivered(world) == (1, 503)
    assert "reached nobody: 1" in world.client.get("/readyz").json["reasons"][0]
    for status, expected in (("failed", 1), ("sending", 1), ("logged", 1), ("delivered", 0), ("sent", 0)):
        set_pages(status=status)
        assert undelivered(world)[0] == expected, status
    set_pages(status="failed")
    world.alert("resolved")
    assert undelivered(world) == (0, 200)


def test_an_emergency_that_nobody_was_to_be_told_of_reached_nobody_either(world_of):
    """Without people there is no message at all; a set-up that can tell nobody yet is being tried out."""
    world = world_of(people=None, NABAT_SMTP_URL="smtp://mail.example", NABAT_MAIL_FROM="nabat@example.org")
    world.alert()
    world.clock.advance(seconds=61)
    beat(world)
    assert world.deliveries() == []
    assert undelivered(world) == (1, 503)


def test_where_nobody_can_be_told_yet_it_is_no_failure(world_of):
    people = (
        "people: [{email: anna@example.org, name: Anna, role: admin, contacts: [{channel: email, address: a@b.org}]}]"
    )
    book = BOOK.replace("schedule:infra", "person:anna@example.org").replace("team:support", "person:anna@example.org")
    book = book.replace("person:oleg@example.org", "person:anna@example.org").replace("irina@", "anna@")
    world = world_of(people=people, book=book)
    world.alert()
    world.clock.advance(seconds=61)
    beat(world)
    set_pages(status="logged")
    assert undelivered(world) == (0, 200)
    world.alert("resolved")
    world.alert(starts="2026-12-05T00:30:00Z")
    with transaction() as session:  # once it could
        first = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        first.status = "sent"
    world.clock.advance(minutes=2)
    assert undelivered(world)[0] == 1


def test_who_snoozed_an_emergency_knows_of_it(world):
    (number,) = world.alert()
    later = world.clock.now() + timedelta(hours=1)
    act(number, Signal.SNOOZE, Actor("Anna", "dashboard"), world.clock.now(), Given(until=later))
    world.clock.advance(minutes=5)
    beat(world)
    assert undelivered(world) == (0, 200)


def undelivered(world):
    return figures(world.client)[("nabat_emergency_undelivered",)], world.client.get("/readyz").status_code


def test_an_ordinary_one_that_reached_nobody_is_no_alarm(world):
    world.post(group(alert(severity="warning")))
    world.clock.advance(minutes=5)
    beat(world)
    assert undelivered(world) == (0, 200)


def test_the_figures_say_what_the_database_says(world):
    before = figures(world.client)
    assert before["nabat_worker_last_seen_seconds",] == float("inf")
    assert (before["nabat_outbox_depth",], before["nabat_outbox_oldest_seconds",]) == (0, 0)
    world.alert()
    world.post(group(alert(name="Slow", fingerprint="b1", severity="warning")))
    beat(world)
    world.clock.advance(seconds=7)
    after = figures(world.client)
    opened = {key[1:]: value for key, value in after.items() if key[0] == "nabat_incidents_open"}
    assert len(opened) == 8
    assert {key: value for key, value in opened.items() if value} == {
        ("emergency", "triggered"): 1,
        ("ordinary", "triggered"): 1,
    }
    assert (after["nabat_outbox_depth",], after["nabat_outbox_oldest_seconds",]) == (3, 7)
    assert (after["nabat_worker_last_seen_seconds",], after["nabat_database_up",]) == (7, 1)
    assert after["nabat_config_last_reload_successful",] == 1
    assert [key[0] for key in after if key[0] == "nabat_build_info"]


def test_a_broken_rule_book_shows(world, tmp_path):
    (tmp_path / "book" / "book.yaml").write_text("version: 1\nroutes: 7\n")
    world.app.extensions["gateway"].shelf.refresh(force=True)
    assert figures(world.client)["nabat_config_last_reload_successful",] == 0


def test_the_content_type_is_exact(world):
    assert world.client.get("/metrics").headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_this_machine_may_look(client):
    for address in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"):
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code == 200, address


def test_others_need_the_token(app_of):
    client = app_of(NABAT_METRICS_TOKEN=TOKEN).test_client()
    right = {"Authorization": f"Bearer {TOKEN}"}
    for address in ("192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "", "127.0.0.1.example", "127.1"):
        away = {"REMOTE_ADDR": address}
        assert client.get("/metrics", environ_overrides=away, headers=right).status_code == 200
        for given in (
            "",
            "Bearer",
            "Bearer x",
            f"Basic {TOKEN}",
            "Bearer ж".encode().decode("latin-1"),
            f"Bearer {TOKEN}x",
        ):
            answer = client.get("/metrics", environ_overrides=away, headers={"Authorization": given})
            assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
            assert TOKEN not in answer.text
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):  # a proxy on this machine asks for somebody else
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_without_a_token_nothing_opens_to_an_empty_one(client):
    answer = client.get("/metrics", environ_overrides=ELSEWHERE, headers={"Authorization": "Bearer "})
    assert answer.status_code == 403


def test_series_do_not_grow_with_what_strangers_send(world):
    def mine():
        return {key for key in figures(world.client) if key[0].startswith("nabat_") and "_created" not in key[0]}

    world.alert()
    world.client.post("/ingest/nothing", data="x")
    before = mine()
    for number in range(5):
        world.alert(fingerprint=f"f{number}", name=f"N{number}", instance=f"i{number}")
        world.client.post(f"/ingest/kind{number}", data="x", headers={"Authorization": f"Bearer {number}"})
        world.client.get(f"/nothing/{number}")
    assert mine() == before


def test_an_old_database_is_not_ready_and_a_newer_one_is(world):
    beat(world)
    with db.engine.connect() as link:
        (version,) = link.exec_driver_sql("SELECT version_num FROM alembic_version").one()
    try:
        set_version("0999_of_a_later_program")
        assert world.client.get("/readyz").status_code == 200
        with db.engine.execution_options(writes=True).begin() as link:
            link.exec_driver_sql("DELETE FROM alembic_version")
        answer = world.client.get("/readyz")
        assert (answer.status_code, "./nabat migrate" in answer.json["reasons"][0]) == (503, True)
    finally:
        with db.engine.execution_options(writes=True).begin() as link:
            link.exec_driver_sql("DELETE FROM alembic_version")
            link.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{version}')")


def set_version(version):
    with db.engine.execution_options(writes=True).begin() as link:
        link.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")


def test_a_database_that_refuses_or_is_silent(tmp_path, clock):
    """The rest of the figures is there all the same, and nobody waits longer than the two seconds."""

    def client_of(port):
        url = f"postgresql://127.0.0.1:{port}/none"
        settings = load({"NABAT_DATABASE_URL": url, "NABAT_DATA_DIR": str(tmp_path), "NABAT_SECRET_KEY": "k" * 32})
        return create_app(settings, clock).test_client()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (1, silent.getsockname()[1]):
            client, start = client_of(port), time.monotonic()
            found = figures(client)
            assert found["nabat_database_up",] == 0
            assert found["nabat_config_last_reload_successful",] == 1
            assert ("nabat_outbox_depth",) not in found
            assert time.monotonic() - start < 8
            assert client.get("/healthz").status_code == 200
    answer = client_of(1).get("/readyz")
    assert (answer.status_code, answer.json["reasons"]) == (503, ["the database does not answer within 2 s"])


def test_what_a_killed_process_counted_stays_counted(client, tmp_path, monkeypatch):
    counters = tmp_path / "counters"
    counters.mkdir()
    (counters / "counter_4194303.db").touch()  # of a process that was killed while it made its file
    code = (
        "import sys, time; from gateway import metrics; metrics.incidents_opened.labels('fast').inc(3); "
        "print('counted', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(counters)}
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"counted\n"
            process.send_signal(signal.SIGKILL)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(counters))
    found = figures(client)
    assert found["nabat_incidents_opened_total", "fast"] == 6
    assert found["nabat_database_up",] == 1
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as alive:
        assert alive.stdout.readline() == b"counted\n"
        for gone in (5, 0):  # a counter and a histogram of each, and the empty one
            assert counted.gather(counters) == gone
            assert figures(client)["nabat_incidents_opened_total", "fast"] == 9
        names = {f"{kind}_{number}.db" for kind in ("counter", "histogram") for number in (0, alive.pid)}
        assert {file.name for file in counters.glob("*.db")} == names
        alive.kill()
    assert counted.gather(counters) == 2
    assert figures(client)["nabat_incidents_opened_total", "fast"] == 9


def test_what_is_read_while_a_writer_writes(world):
    """Readers never wait for one: a scrape in the middle of a long transaction sees what was before it."""
    with transaction() as session:
        session.execute(update(Delivery).values(status="sent"))
        assert figures(world.client)["nabat_outbox_depth",] == 0


def test_a_look_does_not_stay_in_the_way(world):
    """The look's session is given back: a hundred looks need no more connections than one."""
    for _ in range(100):
        world.client.get("/readyz")
    assert db.engine.pool.checkedout() <= 1
    db.session.rollback()
    assert vitals(db.session(), world.clock.now() + timedelta(hours=1), configured=True).waiting == 0
