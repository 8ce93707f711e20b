"""What tests do once a process is what they would have done each time."""

from sqlalchemy import delete

from gateway.store.db import transaction
from tests import once
from tests.samples import PEOPLE

HERE, THERE = (PEOPLE.replace("NTFY", f"http://127.0.0.1:{port}") for port in (1, 2))
LATER = "people: [{email: eva@example.org, name: Eva, role: viewer, timezone: Europe/Moscow, contacts: []}]"
NUMBERS = {"id", "person_id", "team_id"}


def test_people_written_as_before_are_those_of_an_import(world_of):
    world = world_of(people=None)
    once.import_people(world, HERE)
    forget()
    assert once.KEPT
    made, once.KEPT = once.KEPT, Unchanged(once.KEPT)
    try:
        once.import_people(world, THERE)
    finally:
        once.KEPT = made
    written = read(world)
    world.people(LATER)  # with a number of its own
    forget()
    world.people(THERE)
    assert written == read(world)
    assert len(written["person"]) == 3


class Unchanged(dict):
    """Nothing is learnt: all is there already."""

    def __setitem__(self, key, _value):
        raise AssertionError(f"{key} was imported anew")


def read(world):
    """All columns but numbers, which differ; secrets in clear."""
    vault = world.app.extensions["gateway"].vault
    found = {
        model.__tablename__: [{name: value for name, value in row.items() if name not in NUMBERS} for row in rows]
        for model, rows in once.rows_of_people().items()
    }
    for row in found["contact"]:
        if row["channel"] == "pagerduty":
            row["address"] = vault.open(row["address"])
    return found


def forget():
    with transaction() as session:
        for model in (once.ContactRow, once.PersonRow, once.TeamRow, once.ScheduleRow):
            session.execute(delete(model))
