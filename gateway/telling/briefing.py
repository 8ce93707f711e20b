"""What a message is about, read from the database at the moment it is sent: the facts, the reader, the links."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.access import links
from gateway.outward.render import MOST_ALERTS, AlertFacts, Facts
from gateway.store.incidents.routes import route_of
from gateway.store.outgoing import letters
from gateway.store.outgoing.outbox import Leased
from gateway.store.quiet import silences
from gateway.store.reading import watches
from gateway.store.tables import AlertRow, Entry, Incident, SilenceRow, Source
from gateway.store.types import micros, moment
from gateway.telling import silence_news, status_news
from gateway.world import World
from rules.duty.audience import audience
from rules.lifecycle import step_at
from rules.texts.text import safe_url
from rules.words import Directory, Kind, Person, Role, Route, Severity, Suppressor, Urgency

WORST = (Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO)
WORDS_OF_URGENCY = {urgency.rank: urgency.value for urgency in Urgency}
NOTES = 50  # of an incident the newest, among which the one is that somebody is told of
LINKS = (
    ("Runbook", "runbook_url"),
    ("Dashboard", "dashboard_url"),
    ("Dashboard", "dashboard"),
    ("Alertmanager", "externalURL"),
)


def facts_of(session: Session, leased: Leased, world: World) -> Facts:
    """The facts of one message. Raises nothing for strange content: it was cleaned at the door."""
    incident = session.get_one(Incident, leased.incident_id, populate_existing=True)
    rows = _rows(session, incident.id)
    directory, now = world.roll.current(session), world.clock.now()
    route = route_of(incident.route)
    source = session.scalar(select(Source.name).where(Source.id == incident.source_id)) or ""
    return Facts(
        **_about_incident(incident, now),
        **_about_alerts(session, incident, rows),
        **_about_reader(incident, leased, directory, world),
        **_about_ticket(incident, source, directory.people.get(leased.who), world),
        source=source,
        note=_note_for(session, leased),
        match=route.match,
        next_who=_next_who(incident, route, directory, now),
    )


def _note_for(session: Session, leased: Leased) -> dict[str, str]:
    """The note that mentions this person, if that is what they are told of."""
    if leased.kind != "mentioned":
        return {}
    of_it = Entry.incident_id == leased.incident_id, Entry.kind == "note", Entry.at <= moment(leased.created_at)
    notes = session.scalars(select(Entry).where(*of_it).order_by(Entry.id.desc()).limit(NOTES)).all()
    named = (one for one in notes if any(each["who"] == leased.who for each in one.detail.get("mentions", ())))
    found = next(named, None)
    return {"author": found.actor, "text": str(found.detail.get("text", ""))} if found else {}


def _rows(session: Session, incident_id: int) -> Sequence[AlertRow]:
    """The alerts a message shows: what fires first."""
    query = select(AlertRow).where(AlertRow.incident_id == incident_id)
    return session.scalars(query.order_by(AlertRow.firing.desc(), AlertRow.id).limit(MOST_ALERTS)).all()


def _about_incident(incident: Incident, now: datetime) -> dict[str, Any]:
    return {
        "number": incident.id,
        "uuid": incident.uuid,
        "title": incident.title,
        "urgency": WORDS_OF_URGENCY[incident.urgency],
        "status": incident.status,
        "opened_at": incident.opened_at,
        "kind": incident.kind,
        "service": incident.service,
        "rule": incident.rule,
        "policy": incident.policy,
        "next_at": incident.next_at,
        "acknowledged_at": incident.ack_at,
        "acknowledged_by": incident.ack_by or "",
        "resolved_at": incident.resolved_at,
        "resolved_by": incident.resolved_by or "",
        "duration": (incident.resolved_at or now) - incident.opened_at,
        "alert_count": incident.alert_count,
        "ticket": incident.ticket,
    }


def _about_alerts(session: Session, incident: Incident, rows: Sequence[AlertRow]) -> dict[str, Any]:
    firing = session.scalar(
        select(func.count()).select_from(AlertRow).where(AlertRow.incident_id == incident.id, AlertRow.firing)
    )
    first = rows[0] if rows else None
    annotations = _shared([row.annotations for row in rows])
    own = first.annotations.get("description", "") if first else ""
    return {
        "severity": _worst(rows),
        "description": annotations.get("description", "") or own,
        "firing_count": int(firing or 0),
        "alerts": tuple(_alert(row) for row in rows),
        "labels": _shared([row.labels for row in rows]),
        "annotations": annotations,
        "links": _links(first),
    }


def _about_reader(incident: Incident, leased: Leased, directory: Directory, world: World) -> dict[str, Any]:
    reader, public = directory.people.get(leased.who), world.settings.public_url
    return {
        "level": max(0, leased.level - 1),
        "pocket_url": f"{public}/p/{links.make(world.settings.secret_key, incident.uuid, leased.who)}",
        "name": leased.name,
        "language": reader.language if reader else world.settings.language,
        "timezone": reader.timezone if reader else world.settings.timezone,
    }


def _about_ticket(incident: Incident, source: str, reader: Person | None, world: World) -> dict[str, Any]:
    """The page that says most; whoever sits at the desk gets there by a tap, others by way of the pocket page."""
    public, key = world.settings.public_url, str((incident.ticket or {}).get("key", ""))
    if incident.kind != Kind.TICKET or not key:
        return {"url": f"{public}/incidents/{incident.id}"}
    page = public + links.ticket_page(key, incident.id, source)
    at_the_desk = reader is not None and reader.role in (Role.DISPATCHER, Role.ADMIN)
    return {"url": page, "tap_url": page if at_the_desk else ""}


def letter_facts(session: Session, leased: Leased, world: World) -> Facts:
    """A letter is about no incident: what it says was written down with it."""
    reader = world.roll.current(session).people.get(leased.who)
    said = letters.facts_of(session, leased)
    return Facts(
        number=0, uuid=letters.KIND, title="", urgency=Urgency.ORDINARY.value, severity=Severity.INFO.value, status="",
        opened_at=moment(leased.created_at), letter=said, url=str(said.get("url", "")), name=leased.name,
        language=reader.language if reader else world.settings.language,
        timezone=reader.timezone if reader else world.settings.timezone,
    )  # fmt: skip


def entered_facts(session: Session, leased: Leased, world: World) -> Facts:
    """A push about views is about no single incident: what it says was written down with it."""
    reader = world.roll.current(session).people.get(leased.who)
    said = watches.facts_of(session, leased)
    return Facts(
        number=0, uuid=watches.KIND, title="", urgency=Urgency.FAST.value, severity=Severity.INFO.value, status="",
        opened_at=moment(leased.created_at), entered=tuple(said["views"]), url=str(said["url"]),
        name=leased.name, language=reader.language if reader else world.settings.language,
        timezone=reader.timezone if reader else world.settings.timezone,
    )  # fmt: skip


def silence_facts(session: Session, leased: Leased, world: World) -> Facts:
    """A word about a silence, as it stands at the moment of sending."""
    row = session.get_one(SilenceRow, leased.level, populate_existing=True)
    alerts, incidents = silences.counts(session, [row.id]).get(row.id, (0, 0))
    reader, public = world.roll.current(session).people.get(leased.who), world.settings.public_url
    token = links.make_longer(world.settings.secret_key, row.id, micros(row.ends_at))
    said = {"window": row.kind == Suppressor.MAINTENANCE, "reason": row.reason, "ends": row.ends_at, "alerts": alerts,
            "incidents": incidents, "by": row.ended_by}  # fmt: skip
    place = "maintenance" if said["window"] else "silences"
    return Facts(
        number=0, uuid=f"silence-{row.id}", title=row.reason, urgency=Urgency.FAST.value, severity=Severity.INFO.value,
        status="", opened_at=row.starts_at, silence=said, url=f"{public}/{place}/{row.id}", name=leased.name,
        pocket_url=f"{public}/s/{row.id}/{token}" if leased.kind == silence_news.ENDS else "",
        language=reader.language if reader else world.settings.language,
        timezone=reader.timezone if reader else world.settings.timezone,
    )  # fmt: skip


def facts_about(session: Session, leased: Leased, world: World) -> Facts:
    """The facts of whatever message this is."""
    about = dict.fromkeys((silence_news.BEGINS, silence_news.ENDS, silence_news.OVER), silence_facts)
    about |= dict.fromkeys(status_news.KINDS, status_news.facts)
    told = {letters.KIND: letter_facts, watches.KIND: entered_facts, **about}.get(leased.kind, facts_of)
    return told(session, leased, world)


def bare_facts(session: Session, leased: Leased, world: World) -> Facts:
    """What is needed to say that there is something, and where to look."""
    if not leased.incident_id:
        return Facts(
            number=0, uuid=leased.kind, title="Nabat", urgency=Urgency.FAST.value, severity=Severity.INFO.value,
            status="", opened_at=moment(leased.created_at), name=leased.name, url=world.settings.public_url,
        )  # fmt: skip
    incident = session.execute(
        select(Incident.uuid, Incident.title, Incident.urgency, Incident.status, Incident.opened_at).where(
            Incident.id == leased.incident_id
        )
    ).one()
    return Facts(
        number=leased.incident_id, uuid=incident.uuid, title=incident.title, urgency=WORDS_OF_URGENCY[incident.urgency],
        severity=Severity.CRITICAL.value, status=incident.status, opened_at=incident.opened_at, name=leased.name,
        url=f"{world.settings.public_url}/incidents/{leased.incident_id}",
    )  # fmt: skip


def _alert(row: AlertRow) -> AlertFacts:
    return AlertFacts(
        row.title,
        row.firing,
        moment(row.fired) if row.fired > 0 else row.first_seen_at,
        row.labels,
        row.annotations,
        row.url,
    )


def _shared(all_of_them: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The names whose value is the same everywhere."""
    if not all_of_them:
        return {}
    first, rest = all_of_them[0], all_of_them[1:]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in rest)}


def _worst(rows: Sequence[AlertRow]) -> str:
    found = {row.severity for row in rows}
    return next((severity.value for severity in WORST if severity in found), Severity.WARNING.value)


def _links(first: AlertRow | None) -> tuple[tuple[str, str], ...]:
    if first is None:
        return ()
    said = {**first.labels, **first.annotations}  # a label: of one of the rule book's tables
    named = [(words, safe_url(str(said.get(name, "")))) for words, name in LINKS]
    named.append(("Graph", safe_url(first.url)))
    return tuple((words, url) for words, url in named if url)


def _next_who(incident: Incident, route: Route, directory: Directory, now: datetime) -> str:
    if incident.next_at is None:
        return ""
    found = audience(step_at(route, incident.level + 1), route, directory, max(now, incident.next_at))
    return ", ".join(dict.fromkeys(notice.name for notice in found.notices))
