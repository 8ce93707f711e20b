"""An hour longer: the link in the word to the author that their silence ends soon. Looking changes nothing."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from dashboard import queries as people
from dashboard.blueprint import bp
from dashboard.page import draw_outside, stranger
from dashboard.quiet import queries
from dashboard.reader import Reader, reader
from dashboard.reports.weekly import ROBOTS
from gateway.access import links
from gateway.access.auth import MOST_FORM
from gateway.actions import Actor
from gateway.acts import silencing
from gateway.acts.silencing import LONGER
from gateway.store.db import transaction
from gateway.store.quiet import silences
from gateway.store.tables import SilenceRow
from gateway.store.types import moment
from gateway.world import world
from rules.telling.suppress import Wrong
from rules.words import Suppressor


@bp.get("/s/<int(max=2147483647):number>/<token>")
def longer(number: int, token: str) -> ResponseReturnValue:
    """Only a question: whatever scans mails follows links."""
    return _page(number, token)


@bp.post("/s/<int(max=2147483647):number>/<token>")
def make_longer(number: int, token: str) -> ResponseReturnValue:
    """Pressed twice it is one hour longer: the token says from which end on."""
    request.max_content_length = MOST_FORM
    row, now = _row(number, token), world().clock.now()
    actor = Actor(row.author, "link", account=row.author_email)
    ends = moment(links.read_longer(world().settings.secret_key, token, number) or 0)
    try:
        with transaction() as session:
            held = silences.find(session, number, Suppressor.SILENCE)
            if held is not None and held.ends_at == ends:
                silencing.extend(session, number, LONGER, actor, now)
    except Wrong:  # over meanwhile, or as long as any may be: the page says how it stands
        return _page(number, token)
    return _page(number, token)


def _row(number: int, token: str) -> SilenceRow:
    ends = links.read_longer(world().settings.secret_key, token, number)
    row = queries.one(number, Suppressor.SILENCE)
    if ends is None or row is None or not _may(row):
        abort(404)
    return row


def _may(row: SilenceRow) -> bool:
    """Who has left since, or may only look now, has no say by a link from before."""
    person = people.directory().people.get(row.author_email)
    return person is not None and silencing.may_change(row, person.email, person.role)


def _page(number: int, token: str) -> Response:
    row, now = _row(number, token), world().clock.now()
    mine = _reader(row)
    over = row.ended_at is not None or row.ends_at <= now
    asked = moment(links.read_longer(world().settings.secret_key, token, number) or 0)
    values = {
        "key": token,
        "number": number,
        "reason": row.reason,
        "ends": mine.moment(row.ends_at),
        "over": over,
        "done": not over and row.ends_at > asked,
    }
    answer = draw_outside("pages/silence_longer.html", values, 410 if over else 200, mine)
    answer.headers.update(ROBOTS)
    return answer


def _reader(row: SilenceRow) -> Reader:
    person = people.directory().people.get(row.author_email)
    return reader(world().clock.now(), person.language, person.timezone) if person else stranger()
