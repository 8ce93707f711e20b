"""What is told by not coming: heartbeats (M9), sources that fall silent, alerts that go stale (P21)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from gateway.flows import absence, by_hand, heartbeats
from gateway.store.db import reading, transaction
from gateway.store.incidents import timers
from gateway.store.senders import heartbeats as store
from gateway.store.senders import rhythms
from gateway.store.senders import sources as source_store
from gateway.store.senders.heartbeats import Expected
from gateway.store.tables import AlertRow, HeartbeatRow, Rhythm
from gateway.store.upkeep import ledger
from rules.words import Severity, Urgency
from tests.samples import BOOK, alert, group

# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TEN = datetime(2026, 12, 5, 10, tzinfo=UTC)
WATCHDOG = """
heartbeats:
  - {name: am-prod, match: ['alertname="Watchdog"', cluster=prod], every: 60s, grace: 120s}
"""


@pytest.fixture
def watched(world_of, clock):
    clock.set(TEN - timedelta(minutes=5))
    return world_of(book=BOOK + WATCHDOG)


def watchdog(world, cluster="prod"):
    body = group(alert(name="Watchdog", fingerprint=f"w-{cluster}", severity="none", cluster=cluster))
    answer = world.post(body)
    assert answer.status_code == 202
    return answer.json


def looks(world, **time):
    world.clock.advance(**time)
    return heartbeats.report_due(world.clock.now())


def beats_until_ten(world):
    while world.clock.now() < TEN:
        assert watchdog(world) == {"accepted": 1, "quarantined": 0, "incidents": []}
        world.clock.advance(minutes=1)
    watchdog(world)


def test_m9_a_watchdog_that_stops_at_ten_is_told_at_three_past_and_ends_with_the_next_post(watched):
    beats_until_ten(watched)
    opened = None
    while opened is None and watched.clock.now() < TEN + timedelta(minutes=10):
        looks(watched, seconds=1)
        opened = watched.clock.now() if watched.incidents() else None
    assert opened is not None
    assert abs(opened - (TEN + timedelta(minutes=3))) <= timedelta(seconds=5)
    incident = watched.incident()
    assert (incident.title, incident.status, incident.urgency) == ("am-prod is silent", "triggered", 0)
    assert watched.deliveries()
    assert looks(watched, minutes=30) == 0  # told once
    watchdog(watched)
    incident = watched.incident()
    assert (incident.status, incident.resolve_kind) == ("resolved", "auto")
    looks(watched, seconds=179)
    assert len(watched.incidents()) == 1
    looks(watched, seconds=1)
    assert [one.status for one in watched.incidents()] == ["resolved", "triggered"]


def test_a_watchdog_is_stored_and_counted_and_opens_nothing(watched):
    for _ in range(3):
        watchdog(watched)
    assert watched.incidents() == []
    with reading() as session:
        assert (ledger.read(session).received, ledger.read(session).handled) == (3, 3)
    assert watchdog(watched, "test")["incidents"]  # one that nobody named is an alert like any other


@sqlite
def test_before_its_first_beat_nothing_is_expected_and_what_the_book_forgets_is_over(watched, tmp_path):
    assert looks(watched, days=1) == 0
    watchdog(watched)
    assert looks(watched, minutes=5) == 1
    (tmp_path / "book" / "book.yaml").write_text(BOOK)
    watched.app.extensions["gateway"].shelf.refresh()
    looks(watched, seconds=1)
    assert watched.incident().status == "resolved"
    with transaction() as session:
        assert store.listed(session) == []


def test_an_outage_of_ours_is_not_taken_for_its_silence(watched):
    watchdog(watched)
    watched.clock.advance(hours=1)
    with transaction() as session:
        timers.grace(session, watched.clock.now())
    assert looks(watched, seconds=179) == 0
    assert looks(watched, seconds=1) == 1


def job(world, name="backup", **more):
    wanted = {"every": timedelta(), "cron": "", "timezone": "Europe/Berlin", "grace": timedelta(minutes=10)} | more
    with transaction() as session:
        token = store.add(session, Expected(name, severity=Severity.ERROR, **wanted), world.clock.now())
    return f"/heartbeat/{token}"


def test_a_cron_job_that_does_not_come_is_told_after_its_grace(world):
    address = job(world, cron="0 3 * * *")
    world.clock.set(datetime(2026, 12, 5, 2, 3, tzinfo=UTC))  # 03:03 in Berlin
    answer = world.client.get(address)
    assert (answer.status_code, answer.text) == (200, "ok\n")
    world.clock.set(datetime(2026, 12, 6, 2, 9, 59, tzinfo=UTC))
    assert looks(world) == 0
    assert looks(world, seconds=1) == 1
    assert world.incident().title == "backup is silent"
    assert world.client.post(address, data=b"exit 0").status_code == 200
    assert world.incident().status == "resolved"


@sqlite
def test_two_that_are_silent_are_two_incidents(world):
    for name in ("backup", "report"):
        assert world.client.get(job(world, name, every=timedelta(minutes=5))).status_code == 200
    assert looks(world, minutes=15) == 2
    assert sorted(one.title for one in world.incidents()) == ["backup is silent", "report is silent"]


def test_a_heartbeat_that_cannot_be_told_of_keeps_no_other_from_it(world):
    for name in ("backup", "report"):
        assert world.client.get(job(world, name, every=timedelta(minutes=5))).status_code == 200
    with transaction() as session:
        session.execute(update(HeartbeatRow).where(HeartbeatRow.name == "backup").values(severity="odd"))
    assert looks(world, minutes=15) == 1
    assert [one.title for one in world.incidents()] == ["report is silent"]
    with transaction() as session:
        session.execute(update(HeartbeatRow).where(HeartbeatRow.name == "backup").values(severity="error"))
    assert looks(world, seconds=1) == 0  # not tried every second
    assert looks(world, minutes=1) == 1


def test_a_token_of_nobody_is_404_and_a_revoked_one_too(world):
    address = job(world, every=timedelta(minutes=5))
    assert world.client.get("/heartbeat/" + "x" * 500).status_code == 404
    assert world.client.get(address[:-1] + "~").status_code == 404
    with transaction() as session:
        heartbeats.remove(session, store.named(session, ["backup"])[0], world.clock.now())
    assert world.client.get(address).status_code == 404


def day_of_alerts(world):
    """A word a day, and looks as a worker takes them."""
    world.alert(fingerprint="d", severity="info")
    absence.listen(world.clock.now())
    world.clock.advance(days=1)
    return absence.listen(world.clock.now())


def test_a_source_that_falls_silent_against_its_habit_is_told_and_its_next_word_ends_it(world):
    for _ in range(9):
        assert day_of_alerts(world) == 0
    world.clock.advance(hours=47)  # 71 since the last word; three days are strange
    assert absence.listen(world.clock.now()) == 0
    world.clock.advance(hours=1)
    assert absence.listen(world.clock.now()) == 1
    silent = world.incidents()[-1]
    assert (silent.title, silent.status) == ("alertmanager is silent", "triggered")
    world.alert(fingerprint="d", severity="info")
    absence.listen(world.clock.now())
    assert world.incidents()[-1].status == "resolved"


def of_two(world):
    """Sources, of which the first cannot be judged or ended."""
    for _ in range(9):
        for name in ("first", "second"):
            world.post(group(alert(fingerprint=name, severity="info")), name=name)
        absence.listen(world.clock.now())
        world.clock.advance(days=1)
    with reading() as session:
        return [source_store.find_source(session, name).id for name in ("first", "second")]


def test_a_source_that_cannot_be_judged_keeps_no_other_from_it(world):
    first, _ = of_two(world)
    with transaction() as session:
        session.execute(
            update(Rhythm).where(Rhythm.source_id == first).values(pauses={f"9999-{day}": "odd" for day in range(9)})
        )
    world.clock.advance(days=3)
    assert absence.listen(world.clock.now()) == 1
    assert world.incidents()[-1].title == "second is silent"


def test_a_source_whose_alerts_cannot_be_ended_keeps_no_other_from_it(world):
    ids = of_two(world)
    with transaction() as session:
        for name in ("first", "second"):
            rhythms.set_stale_after(session, source_store.find_source(session, name), 24 * 3600)
        session.execute(update(AlertRow).where(AlertRow.source_id == ids[0]).values(severity="odd"))
    world.clock.advance(days=2)
    assert absence.forget_stale(world.clock.now()) == 1
    assert [one.status for one in world.incidents()] == ["triggered", "resolved"]


def test_the_silence_of_a_source_ends_with_its_last_key(world):
    for _ in range(9):
        day_of_alerts(world)
    world.clock.advance(days=2)
    assert absence.listen(world.clock.now()) == 1
    assert world.incidents()[-1].status == "triggered"
    with transaction() as session:
        source_store.revoke(session, world.token()[-4:], world.clock.now())
    assert absence.listen(world.clock.now()) == 0
    assert world.incidents()[-1].status == "resolved"
    assert absence.listen(world.clock.now()) == 0


def test_a_source_that_gets_a_key_again_has_its_own_time_first(world):
    for _ in range(9):
        day_of_alerts(world)
    with transaction() as session:
        source_store.revoke(session, world.token()[-4:], world.clock.now())
    world.clock.advance(days=30)
    with transaction() as session:
        source_store.create_token(session, "alertmanager", "", world.clock.now(), ["alertmanager"])
    assert absence.listen(world.clock.now()) == 0
    world.clock.advance(days=2)
    with transaction() as session:  # a change of keys is no new beginning
        (old,) = (row for row, _ in source_store.list_tokens(session) if row.revoked_at is None)
        source_store.rotate(session, old, world.clock.now(), timedelta(days=1))
    world.clock.advance(hours=23)
    assert absence.listen(world.clock.now()) == 0
    world.clock.advance(hours=1)
    assert absence.listen(world.clock.now()) == 1


@sqlite
def test_a_fresh_install_is_not_judged_and_neither_is_a_source_whose_keys_are_revoked(world):
    for _ in range(5):
        day_of_alerts(world)
    world.clock.advance(days=3)
    assert absence.listen(world.clock.now()) == 0
    for _ in range(9):
        day_of_alerts(world)
    with transaction() as session:
        source_store.revoke(session, world.token()[-4:], world.clock.now())
    world.clock.advance(days=30)
    assert absence.listen(world.clock.now()) == 0


def test_what_nobody_speaks_of_any_more_is_over_with_a_named_reason(world):
    number = world.alert(severity="warning", name="Old")[0]
    world.clock.advance(hours=23)
    world.alert(severity="warning", name="Heat", fingerprint="new")
    with transaction() as session:
        rhythms.set_stale_after(session, source_store.find_source(session, "alertmanager"), 24 * 3600)
    assert absence.forget_stale(world.clock.now()) == 0
    world.clock.advance(hours=1, seconds=1)
    assert absence.forget_stale(world.clock.now()) == 1
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
    assert world.timeline(number)[-2:] == ["stale", "resolved"]
    (line,) = world.entries("stale")
    assert (line.detail["after"], line.detail["titles"]) == ("1d", ["Old on db01"])
    assert absence.forget_stale(world.clock.now()) == 0
    with reading() as session:
        assert ledger.read(session).balanced
    again = alert(severity="warning", name="Old", starts="2026-12-06T09:00:00Z")
    assert world.post(group(again)).json["incidents"] != [number]  # it begins to fire anew


@sqlite
def test_an_outage_of_ours_makes_neither_a_source_silent_nor_an_alert_stale(world):
    for _ in range(9):
        day_of_alerts(world)
    with transaction() as session:
        rhythms.set_stale_after(session, source_store.find_source(session, "alertmanager"), 24 * 3600)
    world.clock.advance(days=2)
    with transaction() as session:
        timers.grace(session, world.clock.now())
    assert absence.listen(world.clock.now()) == 0
    assert absence.forget_stale(world.clock.now()) == 0
    world.clock.advance(days=3, seconds=1)
    assert (absence.listen(world.clock.now()), absence.forget_stale(world.clock.now())) == (1, 1)


@sqlite
def test_what_a_person_reports_is_no_beat_whatever_it_is_called(world_of, clock):
    """Somebody reports that the watchdog is gone: that is an incident, and nobody takes it for the watchdog."""
    world = world_of(book=BOOK + WATCHDOG.replace(", cluster=prod", ""))
    told = by_hand.Told("Watchdog", Urgency.URGENT)
    number = by_hand.open_incident(told, "anna@example.org", "Anna", "dashboard", clock.now())
    assert [(one.id, one.title) for one in world.incidents()] == [(number, "Watchdog")]
    with reading() as session:
        assert session.scalars(select(HeartbeatRow)).all() == []
