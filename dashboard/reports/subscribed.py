"""Whether somebody gets the weekly report: as they said, else as their role has it."""

from gateway.access.auth import Visit
from gateway.store.db import db
from gateway.store.outgoing import letters


def wants(visit: Visit) -> bool:
    return letters.wants(db.session(), visit.person.person_id)
