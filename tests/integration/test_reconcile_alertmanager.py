"""Alertmanager and we disagree about what fires: scenario M10, and all that must not be taken for a lost resolve."""

import json
import threading

import pytest
from sqlalchemy import select, update

from gateway import actions
from gateway.acts import amend
from gateway.flows import reconcile_alertmanager
from gateway.secrets import Vault
from gateway.store.db import db, transaction
from gateway.store.senders import alertmanagers
from gateway.store.tables import Payload, Source
from gateway.store.tables.drift import AlertmanagerAddress
from gateway.worker import Worker
from tests.fakes.alertmanager import FakeAlertmanager
from tests.fakes.http import reply
from tests.samples import alert, group

SOURCE = "am-prod"

# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def there(clock):
    with FakeAlertmanager(clock) as fake:
        yield fake


@pytest.fixture
def world(staffed, there):
    watch(staffed, there.url)
    return staffed


def watch(world, *urls, receivers=(), secret=None):
    """What `./nabat source set` saves."""
    world.token(name=SOURCE)
    with transaction() as session:
        source = session.scalar(select(Source).where(Source.name == SOURCE))
        vault, now = world.app.extensions["gateway"].vault, world.clock.now()
        sealed = vault.seal(json.dumps(secret)) if secret else None
        made = [
            AlertmanagerAddress(
                source_id=source.id, url=url, sealed=sealed, receivers=list(receivers), created_at=now, problem=""
            )
            for url in urls
        ]
        alertmanagers.set_addresses(session, source, made)


def check(world, **later):
    """Some time later: one comparison."""
    world.passes(**(later or {"minutes": 5}))
    gateway = world.app.extensions["gateway"]
    (source,) = reconcile_alertmanager.watched()
    return dict(reconcile_alertmanager.check(source, gateway, world.clock.now()))


def both_fire(world, there, *alerts):
    for one in alerts:
        there.fires(one)
    world.post(group(*alerts), name=SOURCE)


def drift_counted(world):
    """The test's processes share their counters, so only a difference says anything."""
    name = 'nabat_reconciled_total{what="lost resolve",with="alertmanager"} '
    lines = world.client.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_m10_a_lost_resolve_is_found_in_two_checks(world, there, providers):
    both_fire(world, there, alert())
    world.delivers()
    there.alerts.clear()
    before = drift_counted(world)
    assert check(world) == {}
    assert (world.incident().status, drift_counted(world)) == ("triggered", before)
    assert check(world) == {"lost resolve": 1}
    assert drift_counted(world) == before + 1
    world.delivers()
    incident = world.incident()
    assert (incident.status, incident.resolve_kind) == ("resolved", "auto")
    assert world.timeline(incident.id)[-4:-1] == ["lost resolve", "resolved", "sent"]
    (line,) = world.entries("lost resolve")
    assert (line.actor, line.detail["count"]) == (SOURCE, 1)
    assert set(providers.pagerduty.incidents.values()) == {"resolved"}
    assert check(world) == {}


def test_only_the_missing_member_closes(world, there):
    both_fire(world, there, alert(), alert(fingerprint="b2", instance="db02"))
    del there.alerts["b2"]
    check(world)
    assert check(world) == {"lost resolve": 1}
    assert world.incident().status == "triggered"
    assert world.timeline()[-2:] == ["lost resolve", "cleared"]


def test_what_is_back_or_heard_of_between_the_checks_was_not_lost(world, there):
    both_fire(world, there, alert())
    there.alerts.clear()
    check(world)
    there.fires(alert())
    assert check(world) == {}
    there.alerts.clear()
    check(world)
    world.post(group(alert()), name=SOURCE)  # its webhook repeats it
    assert check(world, minutes=5) == {}
    assert world.incident().status == "triggered"
    assert check(world) == {"lost resolve": 1}


@sqlite
def test_a_silenced_or_inhibited_alert_still_fires(world, there):
    both_fire(world, there, alert())
    there.fires(alert(), state="suppressed")
    check(world)
    assert check(world) == {}


@sqlite
def test_an_alertmanager_that_began_with_empty_memory_closes_nothing(world, there, clock):
    both_fire(world, there, alert())
    there.alerts.clear()
    there.up_since = clock.now()
    check(world)
    assert check(world, minutes=4, seconds=50) == {}
    assert world.incident().status == "triggered"
    there.fires(alert())  # Prometheus has told it meanwhile
    for _ in range(3):
        assert check(world) == {}
    there.alerts.clear()
    check(world)
    assert check(world) == {"lost resolve": 1}


@sqlite
def test_who_does_not_answer_closes_nothing(world, there):
    both_fire(world, there, alert())
    there.alerts.clear()
    check(world)
    for silence in (reply(503), reply(200, b"[]"), reply(200, b'{"uptime": '), reply(200, b'"x"'), reply(200, b"[7]")):
        there.usual = lambda _asked, silence=silence: silence
        assert check(world) == {}
        assert problem_of_the_only_one()
    assert world.incident().status == "triggered"


@sqlite
def test_a_settling_cluster_closes_nothing(world, there):
    both_fire(world, there, alert())
    there.alerts.clear()
    there.cluster = "settling"
    check(world)
    assert check(world) == {}
    assert world.incident().status == "triggered"


def test_of_a_pair_both_must_answer_and_neither_have_it(staffed, there, clock):
    with FakeAlertmanager(clock) as other:
        watch(staffed, there.url, f"{other.url}/")
        both_fire(staffed, there, alert())
        check(staffed)
        assert check(staffed) == {}  # one of them has it
        there.alerts.clear()
        other.usual = lambda _asked: reply(502)
        for _ in range(3):
            assert check(staffed) == {}  # the one that is silent may have it
        other.usual = other._answer
        check(staffed)
        assert check(staffed) == {"lost resolve": 1}


def test_an_alert_that_was_lost_on_its_way_is_taken_in(world, there, providers):
    both_fire(world, there, alert(name="Other", severity="info", fingerprint="o1"))  # so its receiver is known
    there.fires(alert())
    there.fires(alert(fingerprint="x9"), receiver="somebody else")
    there.fires(alert(fingerprint="s9"), state="suppressed")
    assert check(world) == {}
    assert check(world) == {"lost alert": 1}
    incident = world.incidents()[-1]
    assert (len(world.incidents()), incident.urgency, incident.status) == (2, 0, "triggered")
    assert "lost alert" in world.timeline(incident.id)
    world.delivers()
    assert set(providers.pagerduty.incidents.values()) == {"triggered"}
    assert check(world) == {}
    world.post(group(alert("resolved"), status="resolved"), name=SOURCE)
    assert world.incidents()[-1].status == "resolved"
    assert db.session.scalars(select(Payload.accepted).order_by(Payload.id)).all() == [1, 1, 1]  # kept like any other


@sqlite
def test_a_receiver_may_be_named(staffed, there):
    watch(staffed, there.url, receivers=["pager"])
    there.fires(alert(), receiver="pager")
    check(staffed)
    assert check(staffed) == {"lost alert": 1}


def test_what_was_taken_for_gone_and_fires_on_comes_back(world, there):
    """The same startsAt as before: told again as it is, nobody would take it for firing."""
    both_fire(world, there, alert())
    there.alerts.clear()
    check(world)
    check(world)
    assert world.incident().status == "resolved"
    there.fires(alert())
    check(world)
    assert check(world) == {"lost alert": 1}
    assert [one.status for one in world.incidents()] == ["resolved", "triggered"]
    assert check(world) == {}
    world.clock.advance(minutes=1)
    ended = {**alert("resolved"), "endsAt": world.clock.now().isoformat()}
    world.post(group(ended, status="resolved"), name=SOURCE)
    assert world.incidents()[-1].status == "resolved"


def test_what_a_person_resolved_while_it_fires_is_no_lost_alert(world, there):
    both_fire(world, there, alert())
    anna = actions.Actor("Anna", "dashboard")
    amend.resolve(world.incident().id, anna, world.clock.now(), mute=True)
    check(world)
    assert check(world) == {}
    there.alerts.clear()
    check(world)
    assert check(world) == {"lost resolve": 1}  # it is muted no longer


@sqlite
def test_secrets_are_shown_and_a_private_address_is_not_asked(staffed, there):
    there.wants = "Bearer s3cret"
    watch(staffed, there.url, secret={"bearer": "s3cret"})
    both_fire(staffed, there, alert())
    check(staffed)
    assert [asked.headers["Authorization"] for asked in there.requests] == ["Bearer s3cret"] * 2
    there.wants = "Basic bmFiYXQ6cDo="
    watch(staffed, there.url, secret={"user": "nabat", "password": "p:"})
    check(staffed)
    assert problem_of_the_only_one() == ""
    watch(staffed, there.url.replace("127.0.0.1", "127.0.0.2"))
    asked = len(there.requests)
    check(staffed)
    assert "private" in problem_of_the_only_one() or "https" in problem_of_the_only_one()
    assert len(there.requests) == asked
    watch(staffed, there.url, secret={"bearer": "x"})
    with transaction() as session:
        other = Vault("another-key-of-thirty-two-letters")
        session.execute(update(AlertmanagerAddress).values(sealed=other.seal('{"bearer":"x"}')))
    check(staffed)
    assert "another NABAT_SECRET_KEY" in problem_of_the_only_one()
    assert len(there.requests) == asked


def problem_of_the_only_one():
    db.session.rollback()
    return db.session.scalars(select(AlertmanagerAddress)).one().problem


@sqlite
def test_whose_receiver_we_are_is_not_forgotten_in_a_long_silence(world, there):
    """Every webhook gets lost, so that all we keep is what reconciliation found."""
    both_fire(world, there, alert(name="Other", severity="info", fingerprint="o1"))
    for number in range(alertmanagers.LOOKED_AT + 2):
        there.fires(alert(name=f"N{number}", severity="info", fingerprint=f"f{number}"))
        check(world)
    assert len(world.incidents()) == alertmanagers.LOOKED_AT + 2  # the last one is suspect still


def test_the_workers_compare_every_five_minutes_and_only_one_of_them(world, there):
    both_fire(world, there, alert())
    workers = [Worker(world.app) for _ in range(2)]

    def look():
        for one in workers:
            one.round(world.clock.now())
        for thread in threading.enumerate():
            if thread.name.startswith("reconcile-"):
                thread.join(20)

    look()
    assert len(there.requests) == 2  # its state and its alerts, once
    world.clock.advance(minutes=4)
    look()
    assert len(there.requests) == 2
    world.clock.advance(minutes=1)
    look()
    assert len(there.requests) == 4
