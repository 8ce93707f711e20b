"""Sources: the list, one of them, a new one, and whether it was heard by now."""

from datetime import timedelta

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.page import draw, draw_part, reader_of
from dashboard.reader import Moment, Reader
from dashboard.sources import cards, queries, topics
from dashboard.sources.pasted import Snippet
from dashboard.sources.snippets import mapped, snippets
from gateway.access.auth import READERS, Visit, require
from gateway.acts import sourcing
from gateway.doors import replay
from gateway.store.tables import Source
from gateway.store.tables.drift import AlertmanagerAddress
from gateway.world import world
from rules.senders.mappings import BodyMap
from rules.texts.durations import write_duration
from rules.words import Role

TESTERS = (Role.DISPATCHER, Role.ADMIN)  # who may have something taken in anew
NOTHING_MORE = 286  # for htmx: show this and stop asking
NUMBER = "<int(max=2147483647):number>"


@bp.get("/sources")
@require(*READERS)
def sources(visit: Visit) -> ResponseReturnValue:
    reader, admin = reader_of(visit), visit.person.role is Role.ADMIN
    keys = queries.tokens() if admin else []
    kinds = cards.kinds(reader)
    values = {
        "page": "sources",
        "sources": [cards.heard(one, keys, kinds, visit.now, reader) for one in queries.listed()],
        "admin": admin,
    }
    return draw(visit, "pages/sources.html", values)


@bp.get("/sources/new")
@require(Role.ADMIN)
def new_source(visit: Visit) -> ResponseReturnValue:
    return new_form(visit)


def new_form(visit: Visit, wrong: str = "", code: int = 200) -> Response:
    values = {
        "page": "sources",
        "kinds": cards.choices(reader_of(visit)),
        "kind": request.form.get("kind", "alertmanager"),
        "name": request.form.get("name", ""),
        "mappings": ", ".join(sourcing.mappings(world().shelf.book)),
        "wrong": wrong,
    }
    return draw(visit, "pages/source_new.html", values, code)


@bp.get(f"/sources/{NUMBER}")
@require(*READERS)
def source(visit: Visit, number: int) -> ResponseReturnValue:
    return draw(visit, "pages/source.html", whole(visit, found(number)))


def found(number: int) -> Source:
    one = queries.one(number)
    if one is None:
        abort(404)
    return one


def whole(
    visit: Visit, one: Source, made: str = "", wrong: str = "", said: str = "", *, signing: bool = False
) -> dict[str, object]:
    """`made`: a token that is shown this once, or with `signing` a secret."""
    reader, admin = reader_of(visit), visit.person.role is Role.ADMIN
    keys = queries.tokens(one.id) if admin else []
    known, how = queries.rhythm(one.id), sourcing.mapping_of(one.kind, one.name, world().shelf.book)
    return {
        "page": "sources",
        "source": one,
        "heard": cards.heard(one, keys, cards.kinds(reader), visit.now, reader),
        "rhythm": cards.usual(known, reader),
        "admin": admin,
        "may_test": visit.person.role in TESTERS,
        "may_look": visit.may_act,
        "keys": [cards.key(key, reader) for key in keys if sourcing.in_use(key, visit.now)],
        "requests": _lines(one, reader),
        "reasons": queries.reasons(one.id, visit.now),
        "aside": [cards.aside(item, reader) for item in queries.aside(one.id)],
        "snippets": _pasted(one, how, "" if signing else made) if admin else [],
        "mapped": one.kind == sourcing.ANY_SHAPE,
        "mapping": how,
        "ours": how is not None and how.name not in world().shelf.book.mappings,
        "topics": topics.cards(queries.topics_of(one.id), reader) if one.kind == "sns" else [],
        "signing": signing,
        "own_signature": sourcing.own_signature(one.kind),
        "made": made,
        "wrong": wrong,
        "said": said or DONE.get(request.args.get("done", ""), ""),
        **_settings(one, reader),
    }


def _lines(one: Source, reader: Reader) -> list[cards.Line]:
    came = queries.requests(one.id)
    notes = {row.id: replay.notes_of(row, one, world(), reader.now) for row in queries.passed_over(came)}
    return [cards.line(each, reader, "; ".join(notes.get(each.id, ()))) for each in came]


def _pasted(one: Source, how: BodyMap | None, token: str) -> list[Snippet]:
    """Nothing for a source that is to be read by a mapping and has none: whatever was sent would be refused."""
    url = world().settings.public_url
    if one.kind == sourcing.ANY_SHAPE and how is None:
        return []
    return snippets(one.kind, url, token) if how is None else mapped(how, url, token)


def _settings(one: Source, reader: Reader) -> dict[str, object]:
    behind = queries.alertmanagers_of(one.id)
    return {
        "behind": [(address, _asked(address, reader)) for address in behind],
        "has_secret": any(address.sealed for address in behind),
        "receivers": ", ".join(behind[0].receivers) if behind else "",
        "stale": write_duration(timedelta(seconds=one.stale_after)) if one.stale_after else "",
        "priorities": sourcing.PRIORITIES,
        "is_desk": sourcing.is_desk(one.kind),
        "desk": queries.desk_of(one.id),
    }


def _asked(address: AlertmanagerAddress, reader: Reader) -> Moment | None:
    return reader.moment(address.asked_at) if address.asked_at else None


@bp.get(f"/sources/{NUMBER}/heard")
@require(*READERS, touch=False)
def source_heard(visit: Visit, number: int) -> ResponseReturnValue:
    """For a page that listens: asked every two seconds until the first request is there."""
    one = found(number)
    answer = draw_part(visit, "partials/listening.html", {"source": one, "heard_at": _heard_at(one, reader_of(visit))})
    if one.last_seen_at is not None or queries.has_requests(one.id):
        answer.status_code = NOTHING_MORE
    return answer


def _heard_at(one: Source, reader: Reader) -> Moment | None:
    return reader.moment(one.last_seen_at) if one.last_seen_at else None


DONE = {
    "set": "Saved.",
    "secret": "The sender's secret is kept, encrypted: what it signs is taken within five seconds.",
    "revoked": "Revoked: within five seconds it opens nothing any more.",
    "none": "No Alertmanager is asked any more.",
}


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("Saved."), _("The sender's secret is kept, encrypted: what it signs is taken within five seconds."),
        _("Revoked: within five seconds it opens nothing any more."),
        _("No Alertmanager is asked any more."),
    )  # fmt: skip
