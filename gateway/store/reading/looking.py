"""Who has which ticket's page open now: rows that are good for some seconds, written by open pages themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import Looking

GOOD_FOR = timedelta(seconds=25)  # a page says so every ten seconds: one that was lost does no harm
AT_MOST_EVERY = timedelta(seconds=8)  # several pages of one person write no more often than one

Seen = dict[int, list[int]]  # the persons who look at each incident, whoever began first before


def at(session: Session, incident_id: int, now: datetime) -> dict[int, datetime]:
    """Who has this one open, and when their page said so last."""
    rows = session.execute(select(Looking.person_id, Looking.at).where(Looking.incident_id == incident_id, _good(now)))
    return {row[0]: row[1] for row in rows}


def everywhere(session: Session, now: datetime) -> Seen:
    """There are never more rows than pages that are open."""
    query = select(Looking.incident_id, Looking.person_id).where(_good(now)).order_by(Looking.id)
    found: Seen = {}
    for incident_id, person_id in session.execute(query):
        found.setdefault(incident_id, []).append(person_id)
    return found


def others(seen: Iterable[int], me: int) -> list[int]:
    return [one for one in seen if one != me]


def say(session: Session, incident_id: int, person_id: int, now: datetime) -> None:
    row = {"incident_id": incident_id, "person_id": person_id, "at": now}
    statement = upsert(session, Looking, [row])
    session.execute(statement.on_conflict_do_update(index_elements=["incident_id", "person_id"], set_={"at": now}))


def leave(session: Session, incident_id: int, person_id: int) -> None:
    session.execute(delete(Looking).where(Looking.incident_id == incident_id, Looking.person_id == person_id))


def _good(now: datetime) -> ColumnElement[bool]:
    return Looking.at > now - GOOD_FOR
