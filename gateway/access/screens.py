"""Screens on a wall: a token that opens the wallboard and nothing else, kept by the screen in a cookie of that page."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Request, Response
from sqlalchemy.exc import OperationalError

from gateway import log
from gateway.spells import Spell
from gateway.store.db import db, transaction
from gateway.store.reading import readings
from gateway.store.senders import sources
from gateway.store.senders.sources import WALL

PATH = "/wall"
LASTS = timedelta(days=400)  # browsers keep no cookie longer; each start with the whole address gives a new one
LONGEST = 200  # characters of a token
_refused = Spell()  # of this process: whoever tries keys fills no log
TOUCH_EVERY = timedelta(minutes=1)  # a question is no reason to write into the database each time


@dataclass(frozen=True, slots=True)
class Screen:
    token_id: int
    name: str  # as whoever made its token called it


def find(token: str, address: str, now: datetime) -> Screen | None:
    """Whose token it is; None of one that was never, is revoked, over, or opens something else."""
    if not 0 < len(token) <= LONGEST:
        return None
    session = db.session()
    owner = sources.find_token(session, token, now)
    if owner is None or WALL not in owner.scopes:
        if met := _refused.meets(time.monotonic()):
            log.warning("screen_refused", address=address, times=met[0])  # never the token: it may be one, mistyped
        return None
    used, _ends = readings.life(session, owner.token_id)
    if used is None or not timedelta() <= now - used < TOUCH_EVERY:
        _touch(owner.token_id, address, now)
    return Screen(owner.token_id, owner.name)


def kept(asked: Request) -> str:
    """The token that this screen has in its cookie; empty: none."""
    return asked.cookies.get(_name(asked), "")


def keep(answer: Response, token: str, asked: Request) -> None:
    """Out of reach of scripts, and sent to the wallboard only. Lax: a link to it may stand on another page."""
    seconds, safe = int(LASTS.total_seconds()), asked.is_secure
    answer.set_cookie(_name(asked), token, max_age=seconds, path=PATH, secure=safe, httponly=True, samesite="Lax")


def drop(answer: Response, asked: Request) -> None:
    answer.delete_cookie(_name(asked), path=PATH, secure=asked.is_secure, httponly=True, samesite="Lax")


def _name(asked: Request) -> str:
    """__Host- wants the path /, and this one is to go nowhere else."""
    return "__Secure-nabat-wall" if asked.is_secure else "nabat-wall"


def _touch(token_id: int, address: str, now: datetime) -> None:
    try:
        with transaction() as session:
            sources.touch(session, [token_id], [], now, address)
    except OperationalError:
        db.session.rollback()  # a busy database: seen a little later is seen too
