"""What a provider told us already, which of its incidents is ours, and which of its services has which key."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.senders import heard
from gateway.store.sql import bulk
from gateway.store.sql.bulk import Question
from gateway.store.tables import Fact, Heard, Incident, OutsidePage

EVENT, PAIR, SERVICE = "pagerduty:event:", "pagerduty:incident:", "pagerduty:service:"


def first_time(session: Session, event_id: str, now: datetime) -> bool:
    """Whether this event is new; from now on it is not."""
    return heard.first_time(session, EVENT + event_id, now)


def remember(session: Session, reference: str, uuid: str, now: datetime) -> None:
    """PagerDuty names its own incident in every callback but ours only in some: this pair belongs together."""
    insert = upsert(session, Heard, [{"key": f"{PAIR}{reference}:{uuid}", "at": now}])
    session.execute(insert.on_conflict_do_nothing())


def uuid_of(session: Session, reference: str) -> str:
    """Our incident that PagerDuty calls so; nothing if we were never told."""
    if not reference:
        return ""
    query = select(Heard.key).where(Heard.key.startswith(f"{PAIR}{reference}:", autoescape=True))
    found = session.scalars(query.limit(1)).first()
    return found.rpartition(":")[2] if found else ""


def incident_of(session: Session, uuid: str) -> int | None:
    return session.scalar(select(Incident.id).where(Incident.uuid == uuid)) if uuid else None


_PAGES = "SELECT incident_id, url FROM outside_page WHERE incident_id {list}"


def keep_pages(session: Session, pages: Mapping[int, str], now: datetime) -> None:
    """Where PagerDuty shows its own incident: the first address that is known of each stays."""
    rows = [{"incident_id": number, "url": url, "at": now} for number, url in sorted(pages.items()) if url]
    if rows:
        session.execute(upsert(session, OutsidePage, rows).on_conflict_do_nothing())


def pages_asked(ids: Sequence[int]) -> Question:
    """Number and address, as far as they are known."""
    return Question(_PAGES, values=tuple(ids))


def pages(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The same, asked alone."""
    return dict(bulk.select(session, _PAGES, ids))


def told_keys(session: Session, incident_ids: list[int]) -> dict[int, set[str]]:
    """The PagerDuty keys (address_id) to which a page of each incident went, or may have gone."""
    sql = (
        "SELECT incident_id, address_id FROM delivery WHERE channel = 'pagerduty' "
        "AND kind IN ('opened', 'escalated', 'assigned') "
        "AND (status IN ('sent', 'delivered', 'sending') OR ambiguous > 0) AND incident_id {list}"
    )
    found: dict[int, set[str]] = {}
    for incident_id, key in bulk.select(session, sql, incident_ids):
        found.setdefault(incident_id, set()).add(key)
    return found


def origin(session: Session, service: str, incident_id: int, now: datetime) -> str:
    """The key that an answer on this service of PagerDuty came from; nothing if that cannot be known.

    A callback names the service, never its key. We told one key of the incident, or all but one are known to belong to
    other services: then it is that one, and we remember it. What people are called there plays no part.
    """
    if not service:
        return ""
    told = told_keys(session, [incident_id]).get(incident_id, set())
    known = _services(session)
    if known.get(service) in told:
        return known[service]
    others = told - {key for other, key in known.items() if other != service}
    if len(others) != 1:
        return ""
    (found,) = others
    belongs(session, service, found, now)
    return found


def belongs(session: Session, service: str, key: str, now: datetime) -> None:
    """This service of PagerDuty has this key."""
    fresh = {"value": key, "at": now}
    statement = upsert(session, Fact, [{"key": SERVICE + service, **fresh}])
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh))


def _services(session: Session) -> dict[str, str]:
    rows = session.execute(select(Fact.key, Fact.value).where(Fact.key.startswith(SERVICE, autoescape=True)))
    return {name.removeprefix(SERVICE): key for name, key in rows}
