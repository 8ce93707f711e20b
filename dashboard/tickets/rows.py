"""Tickets as the list draws them: whose, until when, what was said last; every word ready."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard import words
from dashboard.hands import whose
from dashboard.incident import timeline
from dashboard.reader import Moment, Reader
from dashboard.tickets import presence, queries
from dashboard.tickets.queries import Found
from dashboard.words import Badge
from gateway.access.auth import Visit
from gateway.access.links import ticket_page
from gateway.store.reading.looking import Seen, others
from gateway.store.tables import Entry
from rules.texts.text import cut, one_line
from rules.words import Directory, Role, Status

GIVERS = (Role.DISPATCHER, Role.ADMIN)  # who may give a ticket to somebody else
LONGEST_LAST = 160


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    key: str
    url: str
    title: str
    urgency: Badge
    client: str
    vip: bool
    service: str
    opened: Moment
    due: Moment | None
    late: str  # for how long, if it is
    whose: str
    said: str
    said_at: Moment | None
    closed: bool
    may_take: bool
    may_give: bool
    looking: str = ""  # who else has it open now


def rows(found: Sequence[Found], visit: Visit, reader: Reader, directory: Directory, seen: Seen) -> list[Row]:
    last = queries.last_words([one.id for one in found])
    names = queries.sources()
    several = len({one.source_id for one in found}) > 1
    me = visit.person.person_id
    drawn = [_row(one, last.get(one.id), names if several else {}, visit, reader, directory) for one in found]
    looks = {number: presence.words(others(who, me), directory, reader) for number, who in seen.items()}
    return [replace(row, looking=looks.get(row.number, "")) for row in drawn]


def _row(
    one: Found, last: Entry | None, sources: Mapping[int, str], visit: Visit, reader: Reader, directory: Directory
) -> Row:
    key = str(one.word("key") or "") or str(one.id)
    client = dict(one.word("requester") or {})
    due, closed = moment_of(one.word("due_at")), one.status == Status.RESOLVED
    name, email = whose(one, directory)
    return Row(
        number=one.id,
        key=key,
        url=ticket_page(key, one.id, sources.get(one.source_id, "")),
        title=one.title,
        urgency=words.urgency(one.urgency, reader),
        client=str(client.get("name") or client.get("email") or ""),
        vip=client.get("vip") is True,
        service=one.service,
        opened=reader.moment(one.opened_at),
        due=reader.moment(due) if due and not closed else None,
        late=reader.duration(reader.now - due) if due and not closed and due < reader.now else "",
        whose=name,
        said=_said(last, reader) if last else "",
        said_at=reader.moment(last.at) if last else None,
        closed=closed,
        may_take=visit.may_act and not closed and email != visit.person.email,
        may_give=visit.person.role in GIVERS and not closed,
    )


def _said(entry: Entry, reader: Reader) -> str:
    comment = entry.detail.get("comment") if entry.kind == "ticket commented" else None
    if isinstance(comment, dict) and (comment.get("text") or comment.get("attachments")):
        text = one_line(str(comment.get("text", ""))) or reader.say("added an attachment")
        return cut(f"{comment.get('author') or entry.actor}: {text}", LONGEST_LAST)
    (line,) = timeline.lines([entry], reader)
    note = f": {one_line(line.note)}" if line.note else ""
    return cut(" ".join(part for part in (line.strong, line.rest) if part) + note, LONGEST_LAST)


def moment_of(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said)) if said else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
