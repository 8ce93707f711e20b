"""What the pages of settings ask the database, one query a question."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from gateway.store.db import db, is_postgres
from gateway.store.senders.sources import API
from gateway.store.tables import Delivery, PersonRow, Token

RESULTS = 20
SEARCHED = 5_000  # newest messages looked through for a channel's last ones
MOST = 500  # tokens shown


def last_results(channel: str) -> Sequence[Delivery]:
    newest = select(func.max(Delivery.id)).scalar_subquery()
    query = select(Delivery).where(Delivery.id > newest - SEARCHED, Delivery.channel == channel)
    return db.session.scalars(query.order_by(Delivery.id.desc()).limit(RESULTS)).all()


def api_tokens() -> Sequence[Token]:
    """Those of programs, revoked ones too, newest first."""
    query = select(Token).where(Token.kind == API).order_by(Token.revoked_at.is_not(None), Token.id.desc())
    return db.session.scalars(query.limit(MOST)).all()


def names(ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(ids)))
    return {row.id: row.name for row in rows}


def api_token(number: int) -> Token | None:
    row = db.session.get(Token, number, populate_existing=True)
    return row if row is not None and row.kind == API else None


def database() -> str:
    return "PostgreSQL" if is_postgres(db.session()) else "SQLite"
