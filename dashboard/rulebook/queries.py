"""What the pages about the rule book show, one query a question."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from gateway import explaining
from gateway.store import book_facts, counters, hits, kept_payloads
from gateway.store.db import db, reading, transaction
from gateway.store.hits import Hits
from gateway.store.kept_payloads import Kept
from gateway.store.tables import Fact, Incident
from gateway.world import world
from rules.words import Directory

TRIES_WITHIN = timedelta(minutes=1)


def directory() -> Directory:
    with reading() as session:
        return world().roll.current(session)


def hit_counts(now: datetime) -> dict[str, Hits]:
    return hits.by_rule(db.session(), now)


def in_force_since() -> datetime | None:
    """When a worker first saw the present version of the book; none if none has yet."""
    return db.session.scalar(select(Fact.at).where(Fact.key == book_facts.KEY))


def open_by(rule: str) -> int:
    """How many open incidents were opened by it."""
    query = select(func.count()).select_from(Incident).where(Incident.status != "resolved", Incident.rule == rule)
    return int(db.session.scalar(query) or 0)


def payloads() -> list[Kept]:
    return kept_payloads.latest(db.session())


def payload(number: int) -> Kept | None:
    return kept_payloads.one(db.session(), number)


def payload_of_incident(number: int) -> Kept | None:
    return explaining.of_incident(db.session(), number)


def tries(person_id: int, now: datetime) -> int:
    """One more; how many this person has made within the present minute."""
    with transaction() as session:
        return counters.hit(session, f"rule tester:{person_id}", TRIES_WITHIN, now)
