"""What people publish on the status page: a notice, its updates, and the last word taken back."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.actions import Actor
from gateway.acts import subscribing
from gateway.secrets import digest
from gateway.settings import LANGUAGES
from gateway.store.db import transaction
from gateway.store.incidents import timeline
from gateway.store.public import notices, page
from gateway.store.tables import Incident, NoticeRow, UpdateRow
from gateway.store.upkeep import audit
from rules.reports.public import ENDS, About, NotFit, Notice, Said, State, check_first, check_later, ends
from rules.telling.undoing import WITHIN
from rules.texts.text import by_language
from rules.words import Role

WRITERS = (Role.DISPATCHER, Role.ADMIN)
MOST_UPDATES = 100  # of one notice
MOVED_ON = "it has changed meanwhile: read what stands here now, then look at yours once more"
OFF = "the status page is switched off: an administrator switches it on"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice as somebody wrote it, with its first update."""

    about: About
    titles: Mapping[str, str]
    starts_at: datetime
    said: Said
    incident: int | None = None


def cleaned(wanted: Wanted) -> Wanted:
    return replace(wanted, titles=by_language(wanted.titles, LANGUAGES), said=clean_said(wanted.said))


def clean_said(said: Said) -> Said:
    return replace(said, texts=by_language(said.texts, LANGUAGES, lines=True))


def check(session: Session, wanted: Wanted, now: datetime) -> Wanted:
    """As it would be published. Raises NotFit."""
    wanted = cleaned(wanted)
    _may_publish(session, wanted.said)
    check_first(wanted.about, wanted.titles, wanted.starts_at, wanted.said, now)
    if wanted.incident is not None and session.get(Incident, wanted.incident) is None:
        raise NotFit("there is no such incident")
    return wanted


def check_update(session: Session, number: int, said: Said, now: datetime) -> Said | None:
    """As it would be published; None if there is no such notice. Raises NotFit."""
    found = notices.one(session, number)
    if found is None:
        return None
    said = replace(clean_said(said), states=_states(found, said))
    _may_publish(session, said, found)
    check_later(found, said, now)
    if len(found.updates) >= MOST_UPDATES:
        raise NotFit("this notice has 100 updates: write another one")
    return said


def _states(found: Notice, said: Said) -> Mapping[int, State]:
    """At the end there is nothing to say of them; where nothing is said, they are as they were."""
    if said.stage in ENDS:
        return {}
    return said.states or found.last.states


def _may_publish(session: Session, said: Said, notice: Notice | None = None) -> None:
    if not page.found(session).on:
        raise NotFit(OFF)
    known = {one.id for one in notices.components(session) if one.shown}
    named = set(notice.last.states) if notice else set[int]()  # one that was taken off the page meanwhile
    if set(said.states) - known - named:
        raise NotFit("there is no such component")


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it. Not `anew`: the same form has brought it before, and it stands there."""

    notice: int
    anew: bool = True


def publish(wanted: Wanted, actor: Actor, now: datetime, once: str = "") -> Published:
    """A form that is sent twice is published once; and again, if that was taken back. Raises NotFit."""
    with transaction() as session:
        key = _key(once, actor)
        there = _published_by(session, key, now)
        return Published(put(session, wanted, actor, now, key)) if there is None else Published(there, anew=False)


def put(session: Session, wanted: Wanted, actor: Actor, now: datetime, key: str = "") -> int:
    """The same in the caller's transaction."""
    wanted = check(session, wanted, now)
    row = NoticeRow(
        uuid=str(uuid.uuid4()), about=wanted.about.value, titles=dict(wanted.titles), starts_at=wanted.starts_at,
        incident_id=wanted.incident, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _add(session, row, wanted.said, actor, now, key)
    said: dict[str, object] = {"titles": dict(wanted.titles), **_told(wanted.said)}
    said |= {"incident": wanted.incident} if wanted.incident is not None else {}
    _note(session, row, "notice published", actor, now, **said)
    return row.id


def update(
    number: int, said: Said, actor: Actor, now: datetime, once: str = "", after: int | None = None
) -> Published | None:
    """None if there is no such notice; sent twice, as above. Raises NotFit, also if the last update is not `after`:
    what somebody looked at is no longer what would stand there.
    """
    with transaction() as session:
        row = notices.row(session, number)  # locked: of two who write at once, one sees what the other wrote
        key = _key(once, actor)
        if _published_by(session, key, now) is not None:
            return Published(number, anew=False)
        there = notices.updates(session, [number]) if row is not None else ()
        if after is not None and there and there[-1].id != after:
            raise NotFit(MOVED_ON)
        return Published(number) if put_update(session, number, said, actor, now, key) else None


def put_update(session: Session, number: int, said: Said, actor: Actor, now: datetime, key: str = "") -> bool:
    """The same in the caller's transaction."""
    row = notices.row(session, number)
    fit = check_update(session, number, said, now) if row is not None else None
    if row is None or fit is None:
        return False
    _add(session, row, fit, actor, now, key)
    _note(session, row, "notice ended" if fit.stage in ENDS else "notice updated", actor, now, **_told(fit))
    return True


def _key(once: str, actor: Actor) -> str:
    return once and digest(f"{actor.account}\0{once}")


def _published_by(session: Session, key: str, now: datetime) -> int | None:
    if not key:
        return None
    page.bump(session, now)  # held until the commit: of two who send a form at once the second sees what the first did
    return notices.published_by(session, key)


def _add(session: Session, row: NoticeRow, said: Said, actor: Actor, now: datetime, key: str) -> None:
    states = {str(number): state.value for number, state in said.states.items()}
    made = UpdateRow(
        notice_id=row.id, at=now, stage=said.stage.value, texts=dict(said.texts), states=states, ends_at=said.ends_at,
        author=actor.name, author_email=actor.account, once=key,
    )  # fmt: skip
    session.add(made)
    _settle(session, row, now)
    subscribing.tell(session, made.id, now)
    if row.incident_id is not None:
        told = {"notice": row.id, "stage": said.stage.value, "how": actor.how}
        timeline.write(session, [timeline.line(row.incident_id, now, "notice", actor.name, told)])


def _settle(session: Session, row: NoticeRow, now: datetime) -> None:
    """When it is over, as its updates say now; every process reads the page anew."""
    session.flush()
    for found in notices.read(session, [row]):
        row.ended_at = ends(found)
    session.flush()
    page.bump(session, now)


def may_take_back(session: Session, number: int, actor: Actor, now: datetime) -> bool:
    """One's own last word, for ten minutes, as long as nobody has written another."""
    return _last(session, number, actor, now) is not None


def _last(session: Session, number: int, actor: Actor, now: datetime) -> UpdateRow | None:
    found = notices.updates(session, [number])
    last = found[-1] if found else None
    mine = last is not None and last.author_email == actor.account and now - last.at <= WITHIN
    return last if mine else None


def take_back(number: int, actor: Actor, now: datetime) -> bool:
    """The update is gone from the page; the only one takes its notice along. False: nothing of theirs can be."""
    with transaction() as session:
        row = notices.row(session, number)
        last = _last(session, number, actor, now) if row is not None else None
        if row is None or last is None:
            return False
        last.withdrawn_at = now
        session.flush()
        subscribing.call_off(session, last.id, now)
        if not notices.updates(session, [number]):
            row.withdrawn_at = now
        _settle(session, row, now)
        _note(session, row, "notice taken back", actor, now, stage=last.stage, texts=last.texts)
        if row.incident_id is not None:
            told = {"notice": row.id, "how": actor.how}
            timeline.write(session, [timeline.line(row.incident_id, now, "notice back", actor.name, told)])
    return True


def _told(said: Said) -> dict[str, object]:
    states = {str(number): state.value for number, state in said.states.items() if state is not State.WORKING}
    until = {"until": said.ends_at.isoformat()} if said.ends_at else {}
    return {"stage": said.stage.value, "texts": dict(said.texts), "components": states, **until}


def _note(session: Session, row: NoticeRow, act: str, actor: Actor, now: datetime, **told: object) -> None:
    audit.note(session, now, actor.account or actor.name, act, f"notice {row.id}", actor.how, **told)
