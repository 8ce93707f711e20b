"""The public status page itself: switched on or off, its name, and a version that changes with everything on it."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.db import upsert
from gateway.store.tables import Fact

PAGE, VERSION = "status page", "status page version"  # keys of facts


@dataclass(frozen=True, slots=True)
class Page:
    """What an administrator has set. The uuid is that of its feed, and stays."""

    on: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    uuid: str = ""
    mail: bool = False


def found(session: Session) -> Page:
    value = session.scalar(select(Fact.value).where(Fact.key == PAGE))
    return Page(**json.loads(value)) if value else Page()


def keep(session: Session, page: Page, now: datetime) -> None:
    made = page if page.uuid else Page(page.on, page.names, str(uuid.uuid4()), page.mail)
    _write(session, PAGE, json.dumps(asdict(made)), now)
    bump(session, now)


def version(session: Session) -> str:
    """Empty as long as there never was a page."""
    return session.scalar(select(Fact.value).where(Fact.key == VERSION)) or ""


def bump(session: Session, now: datetime) -> None:
    """Makes every process read it again."""
    _write(session, VERSION, uuid.uuid4().hex, now)


def _write(session: Session, key: str, value: str, now: datetime) -> None:
    fresh = {"value": value, "at": now}
    insert = upsert(session, Fact, [{"key": key, **fresh}])
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=fresh))
