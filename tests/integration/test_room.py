"""Too little room on the disk: senders keep what they have, what is here is delivered, people hear of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.auditor import Auditor
from gateway.disk import MEGABYTE, Disk
from gateway.store.db import db, transaction
from gateway.store.upkeep import pulse
from gateway.worker import Worker
from rules.reports.selfwatch import What
from tests.doors import BridgeDoor, FlaskDoor
from tests.samples import webhook


class Room:
    """How much room there is, in the test's hand."""

    def __init__(self, world, place, megabytes):
        self.megabytes = megabytes
        here = world.app.extensions["gateway"]
        self.disk = Disk(place, 200 * MEGABYTE, lambda _: self.megabytes * MEGABYTE)
        world.app.extensions["gateway"] = replace(here, disk=self.disk)

    def set(self, megabytes):
        self.megabytes, self.disk._seen = megabytes, None


@pytest.fixture
def room(staffed, tmp_path):
    return Room(staffed, tmp_path, 1000)


@pytest.mark.parametrize("kind", [FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_new_alerts_are_refused_and_what_is_here_is_delivered(staffed, room, providers, kind):
    door, headers = kind(staffed.app), {"Authorization": f"Bearer {staffed.token()}"}

    def send(name):
        return door.post("/ingest/alertmanager", json.dumps(webhook(name=name, fingerprint=name)).encode(), **headers)

    try:
        assert send("First").status == 202
        room.set(199)
        answer = send("Second")
        found = {name.lower(): value for name, value in answer.headers.items()}
        assert (answer.status, found["retry-after"]) == (503, "5")
        assert b"disk is nearly full" in answer.body
        assert door.post("/ingest/alertmanager", b"{", **headers).status == 400  # it need not be kept
        staffed.delivers()
        assert len(providers.pagerduty.events) == 1
        assert staffed.acknowledges(staffed.incident().id)
        room.set(200)
        assert send("Second").status == 202
    finally:
        door.close()
    assert len(staffed.incidents()) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_people_hear_of_it_though_nothing_new_is_taken_in(staffed, room):
    auditor = Auditor(staffed.app)
    auditor.started = staffed.clock.now() - timedelta(hours=1)
    room.set(100)
    for _ in range(3):
        staffed.clock.advance(seconds=10)
        with transaction() as session:
            pulse.say_alive(session, "w1", staffed.clock.now())
        assert [one.what for one in auditor.round(staffed.clock.now())] == [What.DISK]
    assert staffed.incident().title.endswith("the disk is nearly full: new alerts are refused")
    assert "the disk is nearly full: new alerts are refused" in staffed.client.get("/readyz").json["reasons"]
    room.set(1000)
    auditor.round(staffed.clock.now())
    assert staffed.incident().status == "resolved"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_cannot_write_lets_the_ballast_go_though_the_disk_looks_free(staffed, room, tmp_path):
    """A quota, or a limit: the system says that there is room, and the database may not use it."""
    staffed.alert()
    worker = Worker(staffed.app)
    worker.sender = staffed.sender
    worker.round(staffed.clock.now())
    assert (tmp_path / "ballast").exists()

    def writes_too_much():
        with transaction() as session:
            session.execute(text("PRAGMA max_page_count = 1"))  # as large as the file is now
            session.execute(text("INSERT INTO fact (key, value, at) VALUES ('x', hex(zeroblob(1000000)), 0)"))

    worker._part("deliver", writes_too_much)
    assert not worker.whole
    assert not (tmp_path / "ballast").exists()
    db.engine.dispose()  # the limit goes with its connection
    worker.jobs[1].due = None
    worker.round(staffed.clock.now())
    assert worker.whole
    assert (tmp_path / "ballast").exists()
