"""What the pages about notices ask the database, one query a question."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from gateway.actions import Actor
from gateway.acts import notices as acts
from gateway.store.db import db
from gateway.store.figures import service_days
from gateway.store.public import notices, page
from gateway.store.public import subscribers as counted
from gateway.store.public.page import Page
from gateway.store.tables import ComponentRow, Incident, NoticeRow, SilenceRow, SubscriberRow
from rules.reports.public import Component, Notice

MOST_SERVICES, MOST_PAUSED = 500, 50


def set_page() -> Page:
    return page.found(db.session())


def subscribers() -> int:
    """Who has confirmed."""
    return counted.count(db.session())


def paused() -> Sequence[SubscriberRow]:
    """To whom a letter came back, the newest first."""
    return counted.paused(db.session())[:MOST_PAUSED]


def more_paused() -> int:
    """How many of them are not listed."""
    return max(counted.count_paused(db.session()) - MOST_PAUSED, 0)


def letters() -> int:
    """How many are written to when something is published."""
    return subscribers() if set_page().mail else 0


def components() -> list[Component]:
    return notices.components(db.session())


def component_rows() -> Sequence[ComponentRow]:
    return notices.component_rows(db.session())


def services() -> list[str]:
    """Names that the label service had lately."""
    return sorted(one.name for one in service_days.names(db.session()))[:MOST_SERVICES]


def listed(now: datetime) -> list[Notice]:
    return notices.listed(db.session(), now)


def one(number: int) -> Notice | None:
    return notices.one(db.session(), number)


def authors(number: int) -> dict[int, str]:
    return notices.authors(db.session(), number)


def incidents_of(numbers: Sequence[int]) -> dict[int, int]:
    """By notice: the incident of which it was written."""
    query = select(NoticeRow.id, NoticeRow.incident_id).where(NoticeRow.id.in_(numbers))
    return {row.id: row.incident_id for row in db.session.execute(query) if row.incident_id is not None}


def of_incident(number: int) -> list[Notice]:
    return notices.of_incident(db.session(), number)


def incident(number: int) -> Incident | None:
    return db.session.get(Incident, number)


def window(number: int) -> SilenceRow | None:
    found = db.session.get(SilenceRow, number)
    return found if found is not None and found.kind == "maintenance" else None


def may_take_back(number: int, actor: Actor, now: datetime) -> bool:
    return acts.may_take_back(db.session(), number, actor, now)
