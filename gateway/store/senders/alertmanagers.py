"""What reconciliation with Alertmanager asks the database: whom to ask, what fires here, and what is suspect."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gateway.loader import BadJson, load
from gateway.store.sql import bulk
from gateway.store.tables import AlertRow, Incident, Payload, Source
from gateway.store.tables.drift import AlertmanagerAddress, Suspect
from gateway.store.types import micros, moment
from rules.episodes import Episodes

GONE, LOST = "gone", "lost"  # fires here only, fires there only
LOOKED_AT = 20  # last payloads of a source, for the names of its receivers
LARGEST_LOOKED_AT = 256 * 1024  # bytes of such a payload


@dataclass(frozen=True, slots=True)
class Ending:
    """An alert that fires here, whole, as its resolve would tell of it."""

    fingerprint: str
    fired: int
    title: str
    severity: str
    labels: dict[str, str]
    annotations: dict[str, str]
    url: str
    incident_id: int | None  # if that is open


def set_addresses(session: Session, source: Source, made: Sequence[AlertmanagerAddress]) -> None:
    """These instead of those it had; what was suspect was so by the word of the old ones."""
    session.execute(delete(AlertmanagerAddress).where(AlertmanagerAddress.source_id == source.id))
    session.execute(delete(Suspect).where(Suspect.source_id == source.id))
    session.add_all(made)
    session.flush()


def addresses(session: Session) -> list[tuple[Source, AlertmanagerAddress]]:
    """Every address with its source, in the order they were given."""
    query = select(Source, AlertmanagerAddress).join(AlertmanagerAddress, AlertmanagerAddress.source_id == Source.id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(Source.id, AlertmanagerAddress.id))]


def still(session: Session, source_id: int, ids: Iterable[int]) -> bool:
    """Whether these are the addresses that the source has."""
    found = session.scalars(select(AlertmanagerAddress.id).where(AlertmanagerAddress.source_id == source_id))
    return set(found) == set(ids)


def was_asked(session: Session, problems: Mapping[int, str], now: datetime) -> None:
    """How each address answered just now; no problem is an empty text."""
    rows = [(id_, micros(now), problem[:300]) for id_, problem in problems.items()]
    bulk.update(session, AlertmanagerAddress, ("id", "asked_at", "problem"), rows)


def firing(session: Session, source_id: int, only: Iterable[str] | None = None) -> dict[str, datetime]:
    """What fires here of this source, and when each was heard of last; muted and of resolved incidents too."""
    sql = "SELECT fingerprint, last_seen_at FROM alert WHERE source_id = {} AND latest AND firing"
    if only is None:
        return {name: moment(at) for name, at in bulk.select_plain(session, sql, source_id)}
    sql = (
        "SELECT fingerprint, last_seen_at FROM alert WHERE fingerprint {list} AND source_id = {} AND latest AND firing"
    )
    return {name: moment(at) for name, at in bulk.select(session, sql, only, source_id)}


def endings(session: Session, source_id: int, fingerprints: Iterable[str]) -> list[Ending]:
    """These alerts, to be closed, if they fire."""
    return told_of(session, source_id, fingerprints, firing=True)


def told_of(session: Session, source_id: int, fingerprints: Iterable[str], *, firing: bool) -> list[Ending]:
    """These alerts, whole, if they fire, or if they do not."""
    query = (
        select(AlertRow, Incident.id)
        .outerjoin(Incident, (Incident.id == AlertRow.incident_id) & (Incident.status != "resolved"))
        .where(AlertRow.source_id == source_id, AlertRow.latest, AlertRow.firing == firing)
        .where(AlertRow.fingerprint.in_(list(fingerprints)))
        .order_by(AlertRow.id)
    )
    return [
        Ending(
            row.fingerprint, row.fired, row.title, row.severity, row.labels, row.annotations, row.url, incident_id
        )
        for row, incident_id in session.execute(query)
    ]  # fmt: skip


def episodes(session: Session, source_id: int, fingerprints: Iterable[str]) -> dict[str, Episodes]:
    """What was heard of these alerts so far, of those that were heard of."""
    sql = "SELECT fingerprint, fired, resolved, ended FROM alert WHERE fingerprint {list} AND source_id = {} AND latest"
    return {row[0]: Episodes(*row[1:]) for row in bulk.select(session, sql, fingerprints, source_id)}


def suspects(session: Session, source_id: int) -> dict[str, dict[str, datetime]]:
    """By kind: what was suspect when it was looked at last, and since when."""
    found: dict[str, dict[str, datetime]] = {GONE: {}, LOST: {}}
    sql = "SELECT kind, fingerprint, since FROM suspect WHERE source_id = {}"
    for kind, name, since in bulk.select_plain(session, sql, source_id):
        found[kind][name] = moment(since)
    return found


def suspect(session: Session, source_id: int, found: Mapping[str, Mapping[str, datetime]]) -> None:
    """These are suspect from now on, and nothing else of this source."""
    session.execute(delete(Suspect).where(Suspect.source_id == source_id))
    rows = [(source_id, name, kind, micros(since)) for kind, ones in found.items() for name, since in ones.items()]
    bulk.insert(session, Suspect, ("source_id", "fingerprint", "kind", "since"), rows)


def joined(session: Session, source_id: int, fingerprints: Iterable[str]) -> dict[int, list[str]]:
    """The incidents that these alerts belong to, each with their titles."""
    sql = (
        "SELECT incident_id, title FROM alert WHERE fingerprint {list} AND source_id = {} AND latest "
        "AND incident_id IS NOT NULL ORDER BY id"
    )
    found: dict[int, list[str]] = {}
    for incident_id, title in bulk.select(session, sql, fingerprints, source_id):
        found.setdefault(incident_id, []).append(title)
    return found


def receivers(session: Session, source_id: int) -> set[str]:
    """What its webhooks say who they are for: only what goes there is ours."""
    query = select(Payload.body).where(
        Payload.source_id == source_id, Payload.error == "", Payload.size <= LARGEST_LOOKED_AT
    )
    found = set[str]()
    newest = (Payload.received_at.desc(), Payload.id.desc())  # as their index has them
    for body in session.scalars(query.order_by(*newest).limit(LOOKED_AT)):
        try:
            said = load(zlib.decompress(body))
        except (BadJson, zlib.error):  # kept as it came, whatever it is
            continue
        if isinstance(said, dict):
            own = said.get("receivers")  # of a payload that reconciliation made
            names = [said.get("receiver"), *(own if isinstance(own, list) else ())]
            found.update(name for name in names if isinstance(name, str) and name)
    return found
