"""Alerts that are taken in without a look whether they are known: what is stored is as if somebody had looked."""

import threading

import pytest
from sqlalchemy import func, select, text

from gateway.flows.arriving import Intake
from gateway.flows.strangers import SURE, Turn, turn
from gateway.store.db import db, reading, transaction
from gateway.store.directory.people import VERSION
from gateway.store.incidents import numbers as numbers_of
from gateway.store.tables import AlertRow, Delivery, Incident
from gateway.world import World
from tests.samples import alert, group

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def streak(world):
    there: World = world.app.extensions["gateway"]
    return there.streak


def new(first, count=3):
    """A request of alerts nobody knows, each an incident of its own."""
    return group(*(alert(name=f"Alert{number}", fingerprint=f"f{number}") for number in range(first, first + count)))


@pytest.fixture
def sure(world):
    """So many batches were new that the next is not looked up."""
    for number in range(SURE):
        assert world.post(new(100 * number, 1)).status_code == 202
    assert next_turn(world) is Turn.UNSEEN
    return world


def next_turn(world):
    there = world.app.extensions["gateway"]
    return turn((), there.streak, there.roll, there.shelf.book)


def stored(world):
    db.session.rollback()
    rows = select(AlertRow.fingerprint, AlertRow.seen, Incident.title).join(
        Incident, Incident.id == AlertRow.incident_id
    )
    return {name: (seen, title) for name, seen, title in db.session.execute(rows)}


def test_what_is_new_is_stored_and_told_like_any_other(sure):
    answer = sure.post(new(1000))
    ids = answer.json["incidents"]
    assert answer.json == {"accepted": 3, "quarantined": 0, "incidents": ids}
    assert ids == sorted(set(ids))
    assert next_turn(sure) is Turn.UNSEEN
    db.session.rollback()
    titles = db.session.execute(select(Incident.id, Incident.title).where(Incident.id.in_(ids))).all()
    assert dict(titles) == {id_: f"Alert{1000 + place} on db01" for place, id_ in enumerate(ids)}
    promised = select(Delivery.incident_id, func.count()).where(Delivery.incident_id.in_(ids))
    assert {count for _, count in db.session.execute(promised.group_by(Delivery.incident_id))} == {2}


@pytest.mark.parametrize(
    ("known", "seen", "more"), [("the alert", 2, 0), ("the key", 1, 1), ("both, in the middle of new ones", 2, 3)]
)
def test_what_is_known_after_all_is_found(sure, known, seen, more):
    before = len(stored(sure))
    body = {
        "the alert": group(alert(name="Alert0", fingerprint="f0")),
        "the key": group(alert(name="Alert0", fingerprint="other")),
        "both, in the middle of new ones": group(
            alert(name="New", fingerprint="n1"), alert(name="Alert0", fingerprint="f0"),
            alert(name="Alert0", fingerprint="other"), alert(name="Newer", fingerprint="n2"),
        ),
    }[known]  # fmt: skip
    answer = sure.post(body)
    assert answer.status_code == 202
    found = stored(sure)
    assert found["f0"] == (seen, "Alert0 on db01")
    assert {title for _, title in found.values() if title.startswith("Alert0")} == {"Alert0 on db01"}
    assert len({incident.dedup_key for incident in sure.incidents()}) == len(sure.incidents())
    assert len(found) == before + more
    assert streak(sure).length == 0
    assert next_turn(sure) is Turn.ALONE


def test_who_has_left_meanwhile_is_not_told(sure):
    """Another process changed the people; this one was about to go by those that it holds."""
    with transaction() as session:
        session.execute(text("UPDATE person SET active = :no WHERE email LIKE 'anna%'"), {"no": False})
        session.execute(text("UPDATE fact SET value = value || 'x' WHERE key = :key"), {"key": VERSION})
    (number,) = sure.post(new(2000, 1)).json["incidents"]
    told = {one.who for one in sure.deliveries(incident_id=number)}
    assert told
    assert not any(who.startswith("anna") for who in told)
    assert streak(sure).length == SURE + 1  # it was new all the same


def test_who_has_left_is_not_told_where_another_thread_has_just_read_the_people(sure, monkeypatch):
    """A page of the same process reads them anew after the alerts were decided on, before they are stored."""
    note, roll = Intake.note, sure.app.extensions["gateway"].roll
    with transaction() as session:
        session.execute(text("UPDATE person SET active = :no WHERE email LIKE 'anna%'"), {"no": False})
        session.execute(text("UPDATE fact SET value = value || 'x' WHERE key = :key"), {"key": VERSION})

    def page():
        with sure.app.app_context(), reading() as session:
            roll.current(session)

    def read_meanwhile(intake):
        beside = threading.Thread(target=page)
        beside.start()
        beside.join()
        note(intake)

    monkeypatch.setattr(Intake, "note", read_meanwhile)
    (number,) = sure.post(new(2000, 1)).json["incidents"]
    told = {one.who for one in sure.deliveries(incident_id=number)}
    assert told
    assert not any(who.startswith("anna") for who in told)


@ON_POSTGRES
def test_numbers_are_taken_ahead_and_let_go_after_a_moment(sure, monkeypatch):
    first = sure.post(new(3000)).json["incidents"]
    following = sure.post(new(4000)).json["incidents"]
    assert following == [number + 3 for number in first]
    monkeypatch.setattr(numbers_of, "KEPT", 0.0)
    after = sure.post(new(5000)).json["incidents"]
    assert min(after) > max(following) + 1  # those that waited are not used: they would look older than they are
