"""How long sources were quiet, day by day, and whose alerts go stale: rows as they are asked and written."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from gateway.store.db import locked
from gateway.store.sql import bulk
from gateway.store.tables import Rhythm, Source, Token
from rules.senders.rhythm import in_use_since

_IN_USE = select(Token.id).where(Token.source_id == Source.id, Token.revoked_at.is_(None)).correlate(Source).exists()
PORTION = 1000  # alerts taken for over in one look; the next ones wait for the next look


def sources(session: Session) -> Sequence[Row[Source, Rhythm | None]]:
    """Every source that was ever heard and may still send (a key of it is in use), with what is known of its rhythm."""
    query = (
        select(Source, Rhythm)
        .outerjoin(Rhythm, Rhythm.source_id == Source.id)
        .where(Source.id != 0, Source.last_seen_at.is_not(None), _IN_USE | Rhythm.silent_at.is_not(None))
    )
    return session.execute(query.order_by(Source.id)).all()


def keyed_since(session: Session, source_id: int) -> datetime | None:
    """Since when it has had a key without a break."""
    query = select(Token.created_at, Token.revoked_at, Token.expires_at).where(Token.source_id == source_id)
    ends = [(made, [one for one in ended if one is not None]) for made, *ended in session.execute(query)]
    return in_use_since((made, min(ended, default=None)) for made, ended in ends)


def retired(session: Session) -> Sequence[int]:
    """Sources whose silence was told and that have no key any more: nothing of theirs will ever end it."""
    query = select(Source.id).join(Rhythm, Rhythm.source_id == Source.id)
    return session.scalars(query.where(Rhythm.silent_at.is_not(None), ~_IN_USE).order_by(Source.id)).all()


def lock(session: Session, source_id: int) -> Rhythm | None:
    found: Rhythm | None = session.scalar(locked(select(Rhythm).where(Rhythm.source_id == source_id)))
    return found


def set_stale_after(session: Session, source: Source, seconds: int | None) -> None:
    session.execute(update(Source).where(Source.id == source.id).values(stale_after=seconds))


def with_stale(session: Session) -> list[tuple[int, str, int]]:
    """Number, name and seconds of each source whose alerts go stale."""
    sql = "SELECT id, name, stale_after FROM source WHERE stale_after IS NOT NULL ORDER BY id"
    return [(row[0], row[1], row[2]) for row in bulk.select_plain(session, sql)]


def stale(session: Session, source_id: int, before: int) -> list[str]:
    """Fingerprints of what fires of it and was not heard of since, in microseconds."""
    sql = (
        "SELECT fingerprint FROM alert WHERE source_id = {} AND latest AND firing AND last_seen_at < {} "
        "ORDER BY id LIMIT {}"
    )
    return [row[0] for row in bulk.select_plain(session, sql, source_id, before, PORTION)]
