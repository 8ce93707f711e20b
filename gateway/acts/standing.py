"""What the status page shows, read again when it has changed; kept for when the database cannot be read.

The last good reading is held by each process and lies beside the database's key in the data folder, so that a process
that is started meanwhile has it as well.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import get_ident

import msgspec
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway import log
from gateway.store.db import db
from gateway.store.public import notices, page
from gateway.world import world
from rules.reports.public import Standing
from rules.times.walltime import zone_of

NAME = "nabat.standing"
FILE = "status-page.json"


@dataclass(frozen=True, slots=True)
class Seen:
    """How things stood at a moment; `stale`: the database cannot be read now."""

    standing: Standing
    at: datetime
    stale: bool = False
    version: str = ""


class _Kept(msgspec.Struct):
    version: str
    at: datetime
    day: str  # of UTC: what is over for long enough falls off
    standing: Standing


def standing(now: datetime) -> Seen:
    """Raises SQLAlchemyError where there is nothing to fall back on."""
    try:
        kept = _current(now)
    except SQLAlchemyError as problem:
        db.session.rollback()
        # Another process may have read later than this one: what was taken back since is not shown once more.
        known = [one for one in (_held(), _on_disk()) if one is not None]
        if not known:
            raise
        found = max(known, key=lambda one: one.at)
        log.warning("status_page_is_stale", problem=type(problem).__name__)
        return Seen(found.standing, found.at, stale=True, version=found.version)
    return Seen(kept.standing, kept.at, version=kept.version)


def is_on(now: datetime) -> bool:
    """Whether there is a page for the world; not while that cannot be said."""
    try:
        return standing(now).standing.on
    except SQLAlchemyError:
        return False


def _current(now: datetime) -> _Kept:
    session, day = db.session(), now.date().isoformat()
    version = page.version(session)
    held = _held()
    if held is not None and (held.version, held.day) == (version, day):
        held.at = now
        return held
    made = _Kept(version, now, day, _read(session, now) if version else Standing())
    current_app.extensions[NAME] = made
    if version:
        _write(made)
    return made


def _read(session: Session, now: datetime) -> Standing:
    return notices.standing(session, now, zone_of(world().settings.timezone))


def _held() -> _Kept | None:
    found: _Kept | None = current_app.extensions.get(NAME)
    return found


def _file() -> Path:
    return world().settings.data_dir / FILE


def _write(kept: _Kept) -> None:
    place = _file()
    beside = place.with_suffix(f".{os.getpid()}.{get_ident()}.tmp")
    try:
        beside.write_bytes(msgspec.json.encode(kept))
        beside.replace(place)
    except OSError as problem:  # it is only for a day on which the database is away as well
        log.warning("status_page_not_kept", problem=type(problem).__name__)


def _on_disk() -> _Kept | None:
    try:
        return msgspec.json.decode(_file().read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None
