"""One request as it was received: its body, what it says today, and what would come of it; or taken in again."""

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard import words
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Reader
from dashboard.sources import cards, queries
from dashboard.sources.acts import actor
from dashboard.sources.views import NUMBER, TESTERS, found
from gateway.access.auth import ACTORS, Visit, require
from gateway.doors import replay
from gateway.store.tables import Payload, Source
from gateway.world import world
from rules.checks.explain import Explanation
from rules.texts.text import clean_text, cut

PAYLOAD = "<int(max=9223372036854775807):payload>"
SHOWN = 64 * 1024  # characters of a body


@bp.get(f"/sources/{NUMBER}/requests/{PAYLOAD}")
@require(*ACTORS)
def source_request(visit: Visit, number: int, payload: int) -> ResponseReturnValue:
    return _drawn(visit, *_found(number, payload))


def _found(number: int, payload: int) -> tuple[Payload, Source]:
    found(number)
    row = queries.payload(payload)
    if row is None or row[1].id != number:
        abort(404)
    return row


def _drawn(visit: Visit, row: Payload, one: Source, wrong: str = "", code: int = 200) -> ResponseReturnValue:
    reader, body = reader_of(visit), replay.body_of(row)
    seen = replay.reread(row, one, world(), visit.now) if body else replay.Reread(wrong=row.error)
    text = clean_text(body[: SHOWN * 4].decode("utf-8", "replace"))
    came = queries.Came(row.id, row.received_at, row.size, row.accepted, row.quarantined, row.error)
    values = {
        "page": "sources",
        "source": one,
        "line": cards.line(came, reader),
        "body": cut(text, SHOWN),
        "cut": len(text) > SHOWN or len(body) > SHOWN * 4,
        "seen": seen,
        "told": [_told(one, reader) for one in seen.explained],
        "may_replay": visit.person.role in TESTERS and bool(body) and not seen.wrong,
        "aside": [cards.aside(item, reader) for item in queries.aside_of(row.id, one.id)],
        "wrong": wrong,
    }
    return draw(visit, "pages/source_request.html", values, code)


def _told(one: Explanation, reader: Reader) -> dict[str, object]:
    first = one.ladder[0] if one.ladder else None
    return {
        "title": one.title,
        "urgency": words.urgency(one.route.urgency.rank, reader),
        "rule": one.route.rule,
        "policy": one.route.policy,
        "told": list(dict.fromkeys(notice.name or notice.who for notice in first.told)) if first else [],
        "text": one.as_text(),
    }


@bp.post(f"/sources/{NUMBER}/requests/{PAYLOAD}/replay")
@require(*TESTERS)
def source_replay(visit: Visit, number: int, payload: int) -> ResponseReturnValue:
    row, one = _found(number, payload)
    done = replay.replay(row, one, world(), actor(visit), visit.now)
    if isinstance(done, str):
        row, one = _found(number, payload)
        return _drawn(visit, row, one, done, 422)
    if len(done) == 1:
        return redirect(url_for("dashboard.incident", number=done[0]))
    return redirect(url_for("dashboard.source", number=number, done="set"))
