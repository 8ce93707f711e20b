"""What the pages about silences and windows show, one query a question."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from gateway.acts import silencing
from gateway.acts.silencing import Foreseen
from gateway.store.db import db
from gateway.store.quiet import silences, suppressed
from gateway.store.tables import AlertRow, HiddenAlert, Incident, SilenceRow
from rules.matchers import Matcher
from rules.words import Suppressor


def listed(kind: Suppressor, now: datetime, *, ended: bool) -> Sequence[SilenceRow]:
    return silences.listed(db.session(), kind, ended=ended, now=now)


def one(number: int, kind: Suppressor) -> SilenceRow | None:
    query = select(SilenceRow).where(SilenceRow.id == number, SilenceRow.kind == kind.value)
    return db.session.scalars(query).one_or_none()


def holds(rows: Sequence[SilenceRow]) -> dict[str, tuple[int, int]]:
    """By "silence:7": the firing alerts that each keeps quiet now, and of how many incidents they are."""
    return suppressed.held(db.session(), [f"{row.kind}:{row.id}" for row in rows])


def has_hidden(rows: Sequence[SilenceRow]) -> dict[int, tuple[int, int]]:
    return silences.counts(db.session(), [row.id for row in rows])


def matching_nothing(rows: Sequence[SilenceRow]) -> set[int]:
    return silencing.matching_nothing(db.session(), rows)


def report(number: int) -> list[tuple[HiddenAlert, Incident | None]]:
    return silences.report(db.session(), number)


def foresee(matchers: Sequence[Matcher], now: datetime, *, spares: bool) -> Foreseen:
    return silencing.foresee(db.session(), matchers, now, spares=spares)


def labels_of(incident_id: int) -> dict[str, str]:
    """The labels that all alerts of an incident share, of those that were heard last."""
    query = select(AlertRow.labels).where(AlertRow.incident_id == incident_id).order_by(AlertRow.id.desc()).limit(200)
    found = db.session.scalars(query).all()
    first = found[0] if found else {}
    return {name: str(text) for name, text in first.items() if all(other.get(name) == text for other in found)}
