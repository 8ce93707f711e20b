"""Nagios: forms, states in any case, and what says nothing about a state."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from gateway import sources
from gateway.doors import replay
from gateway.loader import BadJson
from gateway.sources import BadPayload, Heard
from gateway.sources.nagios import parse
from gateway.store.db import db
from gateway.store.tables import Payload, Source
from tests.doors import BridgeDoor, FlaskDoor, said

HEARD = Heard("nagios", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
HOST = {"NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": "gw"}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"HOSTNAME": ""}, {"HOSTNAME": "$HOSTNAME$"}, {"details": {"a": 1}}, {"HOSTNAME": "gw"}]
)
def test_what_names_no_host_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("state", "severity"),
    [("CRITICAL", "critical"), ("critical", "critical"), ("Down", "critical"), ("UNKNOWN", "error"),
     ("UNREACHABLE", "error"), ("Warning", "warning"), ("", "error"), ("BROKEN", "error")],
)  # fmt: skip
def test_severities(state, severity):
    (alert,) = parse({**HOST, "HOSTSTATE": state}, HEARD).alerts
    assert (alert.firing, alert.severity) == (True, severity)


@pytest.mark.parametrize(
    ("kind", "state", "firing"),
    [("", "BROKEN", True), ("YET TO COME", "", True), ("YET TO COME", "OK", False), ("", "Up", False)],
)
def test_what_nobody_knows_is_trouble(kind, state, firing):
    (alert,) = parse({"HOSTNAME": "gw", "NOTIFICATIONTYPE": kind, "HOSTSTATE": state}, HEARD).alerts
    assert alert.firing is firing


def test_a_form_is_read_as_its_fields():
    form = (
        "NOTIFICATIONTYPE=RECOVERY&HOSTNAME=gw&SERVICEDESC=Disk+%2Fvar%2C+%D0%BB%D0%BE%D0%B3%D0%B8&SERVICESTATE=OK&X="
    )
    (alert,) = sources.read("nagios", form.encode(), HEARD).alerts
    assert (alert.fingerprint, alert.firing) == ("gw;Disk /var, логи", False)


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"HOSTNAME=gw&" + b"a=1&" * 1000, "more than 1000 fields"), (b"HOSTNAME=" + b"%41" * 400_000, "larger than"),
     (b"HOSTNAME", "Expecting value"), (b"--=b\r\nContent-Disposition: form-data; name=x\r\n\r\n1", "Expecting value")],
)  # fmt: skip
def test_a_form_has_its_limits(body, words):
    with pytest.raises(BadJson, match=words):
        sources.read("nagios", body, HEARD)


@pytest.mark.parametrize("made", [FlaskDoor, BridgeDoor])
def test_forms_and_json_are_about_the_same_and_read_again_they_still_are(world, made):
    door, headers = made(world.app), {"Authorization": f"Bearer {world.token('nagios')}"}
    problem = urlencode({**HOST, "HOSTSTATE": "DOWN", "HOSTOUTPUT": "no ping"}).encode()
    (number,) = said(door.post("/ingest/nagios", problem, Content_Type=FORM, **headers))["incidents"]
    row = db.session.scalars(select(Payload)).one()
    seen = replay.reread(row, db.session.get(Source, row.source_id), world.app.extensions["gateway"], HEARD.now)
    assert [one.title for one in seen.alerts] == ["gw: no ping"]
    flapping = urlencode({**HOST, "NOTIFICATIONTYPE": "FLAPPINGSTART"}).encode()
    assert said(door.post("/ingest/nagios", flapping, **headers))["incidents"] == [number]
    assert [one.detail["text"] for one in world.entries("note")] == ["FLAPPINGSTART"]
    assert said(door.post("/ingest/nagios", b'{"HOSTNAME":"gw","HOSTSTATE":"UP"}', **headers))["incidents"] == [number]
    assert world.incident().status == "resolved"
    for kind, content_type in (("nagios", "multipart/form-data; boundary=b"), ("zabbix", FORM)):
        mine = {"Authorization": f"Bearer {world.token(kind)}"}
        body = b"--b\r\n" if kind == "nagios" else b"trigger_id=1&event_value=1"
        assert door.post(f"/ingest/{kind}", body, Content_Type=content_type, **mine).status == 415
    door.close()
