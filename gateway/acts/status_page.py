"""What administrators do with the public status page: on or off, its name, and which services the world is told of."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.settings import LANGUAGES
from gateway.store.db import transaction
from gateway.store.public import notices, page
from gateway.store.tables import ComponentRow
from gateway.store.upkeep import audit
from rules.reports.public import LONGEST_NAME, NotFit
from rules.texts.text import by_language, clean_text, one_line

LONGEST_SERVICE = 200
WAYS = {"up": -1, "down": 1}


def set_page(names: Mapping[str, str], actor: Actor, now: datetime, *, on: bool, mail: bool | None = None) -> None:
    """Raises NotFit."""
    with transaction() as session:
        before = page.found(session)
        put(session, replace(before, on=on, names=names, mail=before.mail if mail is None else mail), actor, now)


def put(session: Session, wanted: page.Page, actor: Actor, now: datetime) -> None:
    """The same in the caller's transaction."""
    before, after = page.found(session), replace(wanted, names=_names(wanted.names))
    if after.on and not after.names:
        raise NotFit("a name is needed, in one language at least")
    if after == before:
        return
    page.keep(session, after, now)
    told = {"before": _told(before), "after": _told(after)}
    audit.note(session, now, actor.account or actor.name, "status page set", "status page", actor.how, **told)


def _told(one: page.Page) -> dict[str, object]:
    return {"on": one.on, "names": dict(one.names), "mail": one.mail}


def add_component(service: str, names: Mapping[str, str], actor: Actor, now: datetime) -> int:
    """Raises NotFit."""
    with transaction() as session:
        return put_component(session, service, names, actor, now)


def put_component(session: Session, service: str, names: Mapping[str, str], actor: Actor, now: datetime) -> int:
    """The same in the caller's transaction."""
    _alone(session, now)
    wanted, said = one_line(clean_text(service))[:LONGEST_SERVICE], _names(names)
    if not wanted or not said:
        raise NotFit("a component needs a service, and a public name in one language at least")
    there = notices.component_rows(session)
    if any(one.service == wanted for one in there):
        raise NotFit("this service is on the page already")
    if len(there) >= notices.MOST_COMPONENTS:
        raise NotFit("the page has 50 components, which is all that it takes")
    row = ComponentRow(service=wanted, names=said, place=notices.last_place(session) + 1, created_at=now)
    session.add(row)
    session.flush()
    _note(session, row, "component add", actor, now, service=wanted, names=said)
    return row.id


def rename_component(number: int, names: Mapping[str, str], actor: Actor, now: datetime) -> bool:
    """False if there is no such component; raises NotFit."""
    said = _names(names)
    if not said:
        raise NotFit("a component needs a service, and a public name in one language at least")
    with transaction() as session:
        _alone(session, now)
        row = _row(session, number)
        if row is None or row.names == said:
            return row is not None
        told = {"before": {"names": row.names}, "after": {"names": said}}
        row.names = said
        _note(session, row, "component set", actor, now, **told)
    return True


def move_component(number: int, way: str, actor: Actor, now: datetime) -> bool:
    """One place up or down."""
    with transaction() as session:
        _alone(session, now)
        rows = list(notices.component_rows(session))
        here = next((place for place, one in enumerate(rows) if one.id == number), None)
        if here is None:
            return False
        there = here + WAYS[way]
        if 0 <= there < len(rows):
            rows[here], rows[there] = rows[there], rows[here]
            for place, one in enumerate(rows, 1):
                one.place = place
            _note(session, rows[there], "component moved", actor, now, to=there + 1)
    return True


def remove_component(number: int, actor: Actor, now: datetime) -> bool:
    """From the page; notices that name it go on naming it."""
    with transaction() as session:
        _alone(session, now)
        row = _row(session, number)
        if row is None:
            return False
        row.removed_at = now
        _note(session, row, "component remove", actor, now, names=row.names)
    return True


def _names(given: Mapping[str, str]) -> dict[str, str]:
    return by_language(given, LANGUAGES, longest=LONGEST_NAME)


def _alone(session: Session, now: datetime) -> None:
    """Of two administrators at once the second sees what the first did: the new version is held until the commit."""
    page.bump(session, now)


def _row(session: Session, number: int) -> ComponentRow | None:
    return next((one for one in notices.component_rows(session) if one.id == number), None)


def _note(session: Session, row: ComponentRow, act: str, actor: Actor, now: datetime, **told: object) -> None:
    audit.note(session, now, actor.account or actor.name, act, f"component {row.id}", actor.how, **told)
