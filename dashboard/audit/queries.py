"""What the audit log's page asks the database, one query a question; none reads more than a bounded stretch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce
from sqlalchemy.orm import Session

from gateway.store import chain
from gateway.store.chain import Followed
from gateway.store.db import db
from gateway.store.tables import Audit
from gateway.store.types import micros

PAGE = 50
SEARCHED = 20_000  # newest rows looked through for a text within a name; whole names have an index
SLACK = 1_000  # numbers by which rows may be out of the order of their moments
CHOICES = 2_000  # newest rows whose actors and actions are offered as a choice


@dataclass(frozen=True, slots=True)
class Wanted:
    actor: str = ""
    action: str = ""
    target: str = ""  # a text in it
    begin: datetime | None = None
    end: datetime | None = None
    after: int | None = None
    actors: Collection[str] | None = None  # whose rows the reader may see; None: everybody's


def rows(wanted: Wanted, limit: int = PAGE + 1) -> Sequence[Audit]:
    """Newest first."""
    query = select(Audit).where(*_conditions(db.session(), wanted))
    return db.session.scalars(query.order_by(Audit.id.desc()).limit(limit)).all()


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Numbers grow with time, nearly: a stretch of time is a stretch of numbers with some slack."""
    found = []
    if wanted.actor:
        found.append(Audit.actor == wanted.actor)
    if wanted.actors is not None:
        found.append(Audit.actor.in_(wanted.actors))
    if wanted.action:
        found.append(Audit.action == wanted.action)
    if wanted.target:
        newest = select(func.max(Audit.id)).scalar_subquery()
        found += [Audit.id > newest - SEARCHED, Audit.target.icontains(wanted.target, autoescape=True)]
    at = type_coerce(Audit.at, BigInteger) + 0  # the walk is along the numbers, not along the moments
    if wanted.begin is not None:
        first = session.scalar(select(Audit.id).where(Audit.at >= wanted.begin).order_by(Audit.at).limit(1))
        found += [Audit.id >= (2**62 if first is None else first - SLACK), at >= micros(wanted.begin)]
    if wanted.end is not None:
        last = session.scalar(select(Audit.id).where(Audit.at < wanted.end).order_by(Audit.at.desc()).limit(1))
        found += [Audit.id <= (0 if last is None else last + SLACK), at < micros(wanted.end)]
    if wanted.after is not None:
        found.append(Audit.id < wanted.after)
    return found


def choices() -> tuple[list[str], list[str]]:
    """Actors and actions of the newest rows, for a choice."""
    newest = select(func.max(Audit.id)).scalar_subquery()
    query = select(Audit.actor, Audit.action).where(Audit.id > newest - CHOICES).distinct()
    found = db.session.execute(query).all()
    return sorted({row[0] for row in found}), sorted({row[1] for row in found})


def followed() -> Followed | None:
    return chain.last(db.session())
