"""What the pages about the rule book show, one query a question."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from gateway.store.base import OPEN
from gateway.store.db import db, reading, transaction
from gateway.store.figures import service_days
from gateway.store.incidents import book_facts, hits
from gateway.store.incidents.hits import Hits
from gateway.store.senders import kept_payloads
from gateway.store.senders.kept_payloads import Kept
from gateway.store.tables import Audit, Fact, Incident, Source
from gateway.store.upkeep import counters
from gateway.telling import explaining
from gateway.world import world
from rules.words import Directory

TRIES_WITHIN = timedelta(minutes=1)
CHANGES = tuple(f"{what} {word}" for what in ("rule", "rule book part") for word in ("added", "changed", "removed"))
SHOWN = 20  # changes
LOOKED, KEPT = 2_000, 200  # open incidents looked through, and told of


def sources_of(kind: str) -> list[str]:
    """Their names."""
    return list(db.session.scalars(select(Source.name).where(Source.kind == kind).order_by(Source.name)))


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


def changes_of(name: str) -> list[Audit]:
    """Of a rule, a policy or the like, as the audit log has them; newest first."""
    query = select(Audit).where(Audit.target == name, Audit.action.in_(CHANGES)).order_by(Audit.id.desc())
    return list(db.session.scalars(query.limit(SHOWN)))


def changed_last(names: Sequence[str]) -> datetime | None:
    """When one of them was changed last."""
    query = select(Audit.at).where(Audit.target.in_(names), Audit.action.in_(CHANGES)).order_by(Audit.id.desc())
    return db.session.scalar(query.limit(1))


def versions_at(moments: Iterable[datetime]) -> dict[datetime, str]:
    """The versions of the book that came into force at these moments."""
    query = select(Audit.at, Audit.detail).where(Audit.at.in_(set(moments)), Audit.action == "rule book changed")
    return {at: str(detail.get("after", "")) for at, detail in db.session.execute(query)}


def open_by_version(name: str, column: InstrumentedAttribute[str]) -> list[tuple[int, str]]:
    """Open incidents of a policy or a rule, each with the version of the book that it goes by."""
    some = (
        select(Incident.id, Incident.route, column.label("name"))
        .where(OPEN)
        .order_by(Incident.dedup_key)
        .limit(LOOKED)
        .subquery()
    )
    query = select(some.c.id, some.c.route).where(some.c.name == name).order_by(some.c.id.desc())
    return [(row[0], str(row[1].get("book_version", ""))) for row in db.session.execute(query.limit(KEPT))]


def services_by_policy() -> dict[str, set[str]]:
    """Of the last month, by the newest incident of each service and class."""
    return service_days.by_policy(db.session())


def payloads() -> list[Kept]:
    return kept_payloads.latest(db.session())


def payload(number: int) -> Kept | None:
    return kept_payloads.one(db.session(), number)


def payload_of_incident(number: int) -> Kept | None:
    return explaining.of_incident(db.session(), number, world().shelf.book)


def tries(person_id: int, now: datetime) -> int:
    """One more; how many this person has made within the present minute."""
    with transaction() as session:
        return counters.hit(session, f"rule tester:{person_id}", TRIES_WITHIN, now)
