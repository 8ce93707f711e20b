"""Who else has a ticket's page open: it says so by itself, after two seconds and every ten, and is told of the others.

A row in the database, so that it holds for all web processes; a page that is open writes one every eight seconds at
most. Lists only read it: theirs is the only question that pays for it (live.py), and only while somebody looks.
"""

import hashlib
from collections.abc import Iterable

from flask import abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboard import queries
from dashboard.blueprint import bp
from dashboard.incident.views import INCIDENT
from dashboard.page import reader_of
from dashboard.reader import Reader
from dashboard.shared import shared
from gateway.access.auth import READERS, Visit, require
from gateway.store.db import db, transaction
from gateway.store.reading import looking
from gateway.store.reading.looking import Seen
from gateway.store.tables import Incident
from rules.words import Directory, Kind

NAMED = 3  # of several; of the rest only how many


@bp.post(f"{INCIDENT}/looking")
@require(*READERS, touch=False)
def looks(visit: Visit, number: int) -> ResponseReturnValue:
    """No act: nothing is kept of it. The answer is who else looks, as the page shows it."""
    me = visit.person.person_id
    if request.form.get("gone") == "1":
        with transaction() as session:
            looking.leave(session, number, me)
        return "", 204
    if db.session.scalar(select(Incident.kind).where(Incident.id == number)) != Kind.TICKET:
        abort(404)
    seen = looking.at(db.session(), number, visit.now)
    if me not in seen or visit.now - seen[me] >= looking.AT_MOST_EVERY:
        with transaction() as session:
            looking.say(session, number, me, visit.now)
    return words(looking.others(seen, me), queries.directory(), reader_of(visit)), {"Content-Type": "text/plain"}


def words(persons: Iterable[int], directory: Directory, reader: Reader) -> str:
    """ "Maria is looking"; nothing if nobody is."""
    by_id = {one.id: one.name or one.email for one in directory.people.values()}
    names = sorted(by_id[one] for one in persons if one in by_id)
    if not names:
        return ""
    if len(names) == 1:
        return reader.say("%(name)s is looking", name=names[0])
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return reader.say("%(names)s are looking", names=", ".join(names[:NAMED]) + more)


def here(visit: Visit, number: int, directory: Directory, reader: Reader) -> str:
    seen = looking.at(db.session(), number, visit.now)
    return words(looking.others(seen, visit.person.person_id), directory, reader)


def seen_now(visit: Visit, *, fresh: bool = True) -> Seen:
    return shared("looking", visit.now, lambda: looking.everywhere(db.session(), visit.now), fresh=fresh)


def with_looks(mark: str, seen: Seen) -> str:
    """A list's mark, other than before when somebody begins to look or has left; untouched while nobody looks."""
    return f"{mark}-{hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()[:8]}" if seen else mark
