"""One ticket as its page draws it: the client, the conversation, who could take it, what else is open there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import markdown, queries, rows, words
from dashboard.hands import is_waiting, whose
from dashboard.incident import queries as incident_queries
from dashboard.incident import timeline
from dashboard.incident.timeline import Line
from dashboard.reader import Moment, Reader
from dashboard.tickets import presence
from dashboard.tickets import queries as ticket_queries
from dashboard.tickets.queries import SAID, Found
from dashboard.tickets.rows import GIVERS, moment_of
from dashboard.words import Badge
from gateway.access.auth import Visit
from gateway.store.tables import AlertRow, DeskWord, Entry, Incident
from rules.duty.oncall import on_call
from rules.texts.text import safe_url
from rules.words import Directory, Person, Role, Status

PRIORITIES = {"critical": "critical", "high": "high", "normal": "normal", "low": "low"}
_PHONE, _MAIL = re.compile(r"\+?[0-9][0-9 ()\-]{4,24}"), re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said: by the client, by the desk, or by one of us."""

    at: Moment
    who: str
    text: str
    mark: str  # who may read it, or what it is
    look: str  # client, desk, note
    attachments: str


DESK = ("desk told", "desk failed", "desk overtaken")  # what became of words to it


@dataclass(frozen=True, slots=True)
class Client:
    name: str
    email: str
    phone: str
    dial: str  # for a link; empty if that is no number
    vip: bool
    language: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the service desk has yet to be told."""

    what: str
    failed: bool
    attempts: int  # in vain
    why: str
    again: Moment | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be given it."""

    email: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Other:
    number: int
    title: str
    kind: str
    urgency: Badge


def whole(visit: Visit, incident: Incident, alert: AlertRow, reader: Reader) -> dict[str, object]:
    directory, entries = queries.directory(), incident_queries.entries(incident.id)
    said = incident.ticket or {}
    one = _found(incident)
    name, email = whose(one, directory)
    due, arrival, over = moment_of(said.get("due_at")), moment_of(said.get("arrival_at")), _over(incident)
    mine = email == visit.person.email
    return {
        "key": str(said.get("key", "")) or str(incident.id),
        "incident": incident,
        "urgency": words.urgency(incident.urgency, reader),
        "status": words.status(incident.status, reader, snoozed=incident.snoozed_until is not None),
        "waiting": is_waiting(one),
        "priority": reader.say(PRIORITIES.get(str(said.get("priority")), str(said.get("priority", "")))),
        "desk_status": str(said.get("status", "")),
        "site": str(said.get("site", "")),
        "opened": reader.moment(incident.opened_at),
        "due": reader.moment(due) if due else None,
        "late": reader.duration(reader.now - due) if due and due < reader.now and not over else "",
        "arrival": reader.moment(arrival) if arrival else None,
        "whose": name,
        "told": told(ticket_queries.desk_word(incident.id), reader),
        "looking": presence.here(visit, incident.id, directory, reader),
        "over": over,
        "client": client(said.get("requester"), visit),
        "messages": conversation(str(said.get("description", "")), entries, incident.opened_at, reader),
        "changes": changes(entries, reader),
        "others": [_other(other, reader) for other in ticket_queries.of_service(incident.service, incident.id)],
        "desk": safe_url(str(said.get("url", "")) or alert.url),
        "source": incident_queries.source_of(incident).name,
        "may_take": visit.may_act and not over and not mine,
        "may_act": visit.may_act and not over and (mine or visit.person.role in GIVERS),
        "may_acknowledge": rows.may_acknowledge(incident),
        "choices": choices(directory, reader) if visit.person.role in GIVERS and not over else [],
    }


def told(word: DeskWord | None, reader: Reader) -> Told | None:
    """What the service desk was told last. That it was told stands below, among what happened."""
    if word is None or word.status not in ("queued", "failed"):
        return None
    who = str(word.assignee.get("name", ""))
    what = reader.say("that %(who)s has it", who=who) if who else reader.say("that nobody has it any more")
    again = reader.moment(word.due_at) if word.status == "queued" else None
    return Told(what, word.status == "failed", word.attempts if word.error else 0, word.error, again)


def _over(incident: Incident) -> bool:
    return incident.status == Status.RESOLVED


def _found(one: Incident) -> Found:
    return Found(
        one.id, one.status, one.urgency, one.title, one.service, one.ticket, one.assignee_id, one.snoozed_until,
        one.opened_at, one.source_id,
    )  # fmt: skip


def client(said: object, visit: Visit) -> Client:
    """A viewer is not shown how to reach them."""
    given = dict(said) if isinstance(said, dict) else {}
    seen = visit.person.role is not Role.VIEWER
    phone, email = (str(given.get(name, "")) if seen else "" for name in ("phone", "email"))
    return Client(
        name=str(given.get("name") or (given.get("email") if seen else "") or ""),
        email=email if _MAIL.fullmatch(email) else "",
        phone=phone,
        dial=re.sub(r"[^+0-9]", "", phone) if _PHONE.fullmatch(phone) else "",
        vip=given.get("vip") is True,
        language=str(given.get("language", "")),
    )


def conversation(text: str, entries: Sequence[Entry], opened: datetime, reader: Reader) -> list[Message]:
    """The oldest first: what the ticket says, then each comment and note."""
    first = [Message(reader.moment(opened), "", text, reader.say("the ticket"), "client", "")] if text else []
    said = [_message(entry, reader) for entry in reversed(entries)]
    return [*first, *(one for one in said if one is not None)]


def _message(entry: Entry, reader: Reader) -> Message | None:
    at = reader.moment(entry.at)
    if entry.kind == "note":
        return Message(at, entry.actor, markdown.kept(entry.detail), reader.say("a note: only here"), "note", "")
    comment = entry.detail.get("comment") if entry.kind.startswith("ticket ") else None
    if not isinstance(comment, dict) or not (comment.get("text") or comment.get("attachments")):
        return None
    public, number = comment.get("public") is True, comment.get("attachments")
    count = number if isinstance(number, int) else 0
    return Message(
        at,
        str(comment.get("author") or entry.actor),
        str(comment.get("text", "")),
        "" if public else reader.say("internal: the client does not see it"),
        "client" if public and not comment.get("staff") else "desk",
        reader.count("%(n)s attachment", "%(n)s attachments", count) if count else "",
    )


def changes(entries: Sequence[Entry], reader: Reader) -> list[Line]:
    """What happened to it, the newest first, without what was said."""
    wanted = [
        entry
        for entry in entries
        if entry.kind != "note"
        and (entry.kind in (*SAID, *DESK) or (entry.kind.startswith("ticket ") and not _says(entry)))
    ]
    return timeline.lines(wanted, reader)


def _says(entry: Entry) -> bool:
    return entry.kind == "ticket commented"


def choices(directory: Directory, reader: Reader) -> list[Choice]:
    """Who is on call first, then who has least to do. A viewer is never paged."""
    now_on_call = {on_call(schedule, reader.now) for schedule in directory.schedules.values()}
    loads = ticket_queries.loads()

    def order(person: Person) -> tuple[bool, int, str]:
        return person.email not in now_on_call, loads.get(person.id, 0), person.name.lower()

    people = sorted((one for one in directory.people.values() if one.role is not Role.VIEWER), key=order)
    return [_choice(one, one.email in now_on_call, loads.get(one.id, 0), reader) for one in people]


def _choice(person: Person, on_duty: bool, load: int, reader: Reader) -> Choice:
    parts = [reader.say("on call")] if on_duty else []
    parts.append(reader.count("%(n)s open", "%(n)s open", load) if load else reader.say("nothing open"))
    return Choice(person.email, person.name or person.email, ", ".join(parts))


def _other(other: Incident, reader: Reader) -> Other:
    kind = reader.say("ticket") if other.kind == "ticket" else ""
    return Other(other.id, other.title, kind, words.urgency(other.urgency, reader))


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (_("critical"), _("high"), _("normal"), _("low"))
