"""What a person did last to a silence or a window, so that they can take it back: how it stood before and after."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.store.db import locked_to_change
from gateway.store.tables import Fact, SilenceRow
from gateway.store.types import micros

LAST = "silence-undo:"  # and the number of a person
MADE, ENDED, LONGER = "made", "ended", "longer"


@dataclass(frozen=True, slots=True)
class Stood:
    """When it was to end, and whether it has."""

    ends_at: int
    spans: list[list[int]]
    seconds: int
    ended_at: int | None

    @classmethod
    def of(cls, row: SilenceRow) -> "Stood":
        ended = None if row.ended_at is None else micros(row.ended_at)
        return cls(micros(row.ends_at), row.spans, row.seconds, ended)


@dataclass(frozen=True, slots=True)
class Did:
    """One act on one of them."""

    number: int
    kind: str
    act: str
    before: Stood
    after: Stood


def remember(session: Session, person_id: int, did: Did, now: datetime) -> None:
    """Each person's last act only: what came before it stays as it is."""
    session.merge(Fact(key=f"{LAST}{person_id}", value=json.dumps(asdict(did)), at=now))


def remembered(session: Session, person_id: int, since: datetime) -> Did | None:
    query = select(Fact).where(Fact.key == f"{LAST}{person_id}", Fact.at >= since)
    row = session.scalars(locked_to_change(session, query)).first()
    if row is None:
        return None
    said = json.loads(row.value)
    return Did(**said | {"before": Stood(**said["before"]), "after": Stood(**said["after"])})


def forget(session: Session, person_id: int) -> None:
    session.execute(delete(Fact).where(Fact.key == f"{LAST}{person_id}"))
