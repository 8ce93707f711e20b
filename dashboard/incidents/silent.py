"""Sources that are silent against their habit: nothing new from them is no good news."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from dashboard.reader import Reader
from gateway.store.db import db
from gateway.store.tables import Rhythm, Source


@dataclass(frozen=True, slots=True)
class Silent:
    """A source that is silent against its habit."""

    name: str
    since: str
    usual: str


def silent_sources(reader: Reader, most: int) -> list[Silent]:
    query = select(Source.name, Rhythm).join(Rhythm, Rhythm.source_id == Source.id).where(Rhythm.silent_at.is_not(None))
    found = db.session.execute(query.order_by(Rhythm.last_at).limit(most))
    return [_silent(name, row, reader) for name, row in found]


def _silent(name: str, row: Rhythm, reader: Reader) -> Silent:
    longest = timedelta(seconds=max(row.pauses.values(), default=0))
    return Silent(name, reader.duration(reader.now - row.last_at), reader.duration(longest))
