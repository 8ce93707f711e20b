"""Google Cloud Monitoring: states, times and severities as it writes them, and the token in the address."""

import json
from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.gcp import parse
from tests.doors import BridgeDoor, FlaskDoor

NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)
HEARD = Heard("clouds", NOW)
INCIDENT = {"incident_id": "0.x", "policy_name": "Pumps", "state": "open"}


def one(**more):
    (alert,) = parse({"version": "1.2", "incident": INCIDENT | more}, HEARD).alerts
    return alert


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"incident": []}, {"incident": {"state": "open"}}, {"incident": {"incident_id": " "}}]
)
def test_what_names_no_incident_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize(
    ("state", "firing"), [("open", True), ("OPEN", True), ("closed", False), (" Closed", False), (None, True)]
)
def test_states_in_any_case(state, firing):
    assert one(state=state).firing is firing


@pytest.mark.parametrize("unset", [0, None, "", "soon", -5, True])
def test_a_moment_that_is_not_set_is_the_one_of_receipt(unset):
    alert = one(started_at=unset)
    assert (alert.starts_at, alert.clock_suspect) == (NOW, True)


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
def test_a_moment_in_whichever_parts_of_a_second(factor):
    assert one(started_at=1_796_400_000 * factor).starts_at == datetime.fromtimestamp(1_796_400_000, UTC)


@pytest.mark.parametrize("digits", range(9, 22))
def test_no_number_of_digits_breaks_it(digits):
    assert one(started_at="9" * digits).starts_at <= NOW


@pytest.mark.parametrize(
    ("given", "severity"),
    [("Critical", "critical"), ("ERROR", "error"), ("Warning", "warning"), ("No severity", "error"), (None, "error"),
     ("SEVERITY_UNSPECIFIED", "error")],
)  # fmt: skip
def test_severities(given, severity):
    assert one(severity=given).severity == severity


def test_what_people_wrote_to_the_policy_comes_first():
    alert = one(
        severity="No severity",
        resource={"labels": {"team": "machine", "zone": "b"}},
        metadata={"user_labels": {"team": "people", "site": "w"}},
        policy_user_labels={"team": "water", "severity": "info"},
    )
    found = {name: alert.labels[name] for name in ("team", "zone", "site", "severity")}
    assert found == {"team": "water", "zone": "b", "site": "w", "severity": "info"}
    assert alert.severity == "info"


@pytest.mark.parametrize("made", [FlaskDoor, BridgeDoor], ids=["flask", "bridge"])
def test_the_token_may_stand_in_the_query_and_nobody_writes_it_down(world, made, caplog):
    caplog.set_level(0)
    token, other = world.token("gcp"), world.token("alertmanager")
    door = made(world.app)
    body = json.dumps({"version": "1.2", "incident": INCIDENT}).encode()
    wanted = {
        f"gcp?x=1&auth_token={token}": 202,
        f"gcp/{token}?auth_token=wrong": 202,
        f"gcp/wrong?auth_token={token}": 401,
        f"gcp?auth_token={token}x": 401,
        f"gcp?token={token}": 401,
        f"alertmanager?auth_token={other}": 401,
    }
    assert {place: door.post(f"/ingest/{place}", body).status for place in wanted} == wanted
    assert world.incident().title == "Pumps"
    door.close()
    assert token not in caplog.text
