"""What /api/v1 says of itself, held against its answers: schemathesis invents requests that its description allows."""

from zoneinfo import ZoneInfo

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.failures import FailureGroup as Failures
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from sqlalchemy import func, select

from gateway.doors.openapi import description
from gateway.flows import rollups
from gateway.store.db import db, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import PersonRow, Token
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import alert, group

# The first asks anew with our token; and no schema can say what a cursor, a matcher or a rule of a calendar may be.
NOT_ASKED = [ignored_auth, positive_data_acceptance]
FEW = 4  # requests invented for each operation
NONE_YET = ("GET /api/v1/reports/shift",)  # no shift has ended; tests/integration/test_reports.py has one
quick = settings(
    max_examples=FEW, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip


@pytest.fixture
def operations(world):
    """Every operation of the description, on a world in which something has happened."""
    world.post(group(alert(fingerprint="a", service="billing"), alert(name="B", fingerprint="b")))
    world.post({"event": "created", "id": "SD-1", "subject": "x", "requester": "p@example.org"}, kind="ticket")
    with transaction() as session:
        me = session.scalars(select(PersonRow).where(PersonRow.email == "oleg@example.org")).one()
        me.role = "admin"  # with a token of one's own everything can be asked
        scopes, now = ["read", "act", "admin"], world.clock.now()
        token = source_store.create_api_token(session, "schemathesis", scopes, now, person_id=me.id)
    world.headers = {"Authorization": f"Bearer {token}"}
    said = {"matchers": ["service=mail"], "reason": "x"}
    world.client.post("/api/v1/silences", json={**said, "for": "1h"}, headers=world.headers)
    window = {**said, "start": "2026-12-08T02:00", "length": "1h", "rule": "FREQ=DAILY"}
    world.client.post("/api/v1/maintenance", json=window, headers=world.headers)
    page = {"on": True, "names": {"en": "Acme"}}
    world.client.post("/api/v1/status-page", json=page, headers=world.headers)
    part = {"service": "billing", "names": {"en": "Bills"}}
    world.client.post("/api/v1/status-page/components", json=part, headers=world.headers)
    told = {"titles": {"en": "Bills"}, "texts": {"en": "Slow."}, "components": {"1": "slow"}, "publish": True}
    world.client.post("/api/v1/notices", json=told, headers=world.headers)
    stand_in = {"schedule": "infra", "person": "oleg@example.org", "for": "8h"}
    world.client.post("/api/v1/oncall/overrides", json=stand_in, headers=world.headers)
    contact = {"channel": "email", "address": "oleg.two@example.org"}
    mine = world.client.post("/api/v1/me/contacts", json=contact, headers=world.headers).json["contact"]
    everybody_has_a_password()
    Browser(world.app).sign_in("oleg@example.org")
    imported = {"text": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"}
    found = world.client.post("/api/v1/schedules/1/imports", json=imported, headers=world.headers).json["keys"][0]
    with transaction() as session:  # another one of theirs: what asks must not end
        source_store.create_api_token(session, "another", ["read"], now, person_id=me.id)
        other = session.scalar(select(func.max(Token.id)))
    policy = next(iter(world.app.extensions["gateway"].shelf.book.policies))
    world.made = {"policy": policy, "tokens": other, "contacts": mine, "contact": 1, "import": found}
    world.client.post("/ingest/ticket", data="[", headers={"Authorization": f"Bearer {world.token('ticket')}"})
    rollups.turn(world.clock.now(), ZoneInfo("Europe/Moscow"))  # so that its service is known once it is resolved
    schema = schemathesis.openapi.from_dict(description.document("http://localhost"))
    schema.app = world.app
    schema.validate()
    return [one.ok() for one in schema.get_all_operations()]


def test_every_answer_is_as_described(world, operations):
    assert len(operations) >= 15
    wrong = {operation.label: list(asked(world, operation)) for operation in operations}
    assert {label: found for label, found in wrong.items() if found} == {}


EMPTY_QUERY = ("/api/v1/tickets/{key}", "/api/v1/views/{key}/incidents", "/api/v1/services/{name}")


def there(path, name, made):
    """The number or name of something that is there."""
    names = {"teams": "infra", "services": "billing"}
    known = {
        "number": 2 if "maintenance" in path else made.get(path.split("/")[4 if "/me/" in path else 3], 1),
        "key": made["import"] if "imports" in path else "assigned" if "views" in path else "SD-1",
        "name": names.get(path.split("/")[3], made["policy"]), "contact": made["contact"], "payload": 1,
    }  # fmt: skip
    return known[name]


def asked(world, operation):
    """What does not hold of this operation."""
    answers = []

    @quick
    @given(case=operation.as_strategy())
    def holds(case):
        if len(answers) % 2:  # these are there
            for name in case.path_parameters:
                case.path_parameters[name] = there(operation.path, name, world.made)
            case.query = {} if operation.path in EMPTY_QUERY else case.query
        answer = case.call(headers=world.headers)
        answers.append(answer.status_code)
        db.session.rollback()
        case.validate_response(answer, excluded_checks=NOT_ASKED)

    try:
        holds()
    except Failures as found:
        yield from (f"{one.title}: {one.message}" for one in found.exceptions)
    if (
        200 not in answers and operation.label not in NONE_YET and operation.method.upper() != "POST"
    ):  # invented bodies are hardly ever right: test_every_write.py says others
        yield f"nothing came of it: {answers}"
