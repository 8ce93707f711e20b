"""Links by which somebody without an account sees one report: made, listed, revoked; for a week."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.access import links
from gateway.actions import Actor
from gateway.store.db import transaction
from gateway.store.tables.stats import Guest
from gateway.store.upkeep import audit
from gateway.world import world

LASTS = timedelta(days=7)
SHOWN = 50


def make(query: str, actor: Actor, now: datetime) -> Guest:
    """The days are fixed: what the guest sees is what was shared, whenever they look."""
    row = Guest(query=query, made_by=actor.account, created_at=now, expires_at=now + LASTS)
    with transaction() as session:
        session.add(row)
        session.flush()
        audit.note(session, now, actor.account, "guest link made", f"guest link {row.id}", actor.how, report=row.query)
        session.expunge(row)
    return row


def listed(session: Session, made_by: str) -> Sequence[Guest]:
    """The newest; empty: everybody's."""
    query = select(Guest).order_by(Guest.id.desc()).limit(SHOWN)
    return session.scalars(query.where(Guest.made_by == made_by) if made_by else query).all()


def revoke(number: int, made_by: str, actor: Actor, now: datetime) -> bool:
    """False if there is no such link of theirs; empty: anybody's."""
    with transaction() as session:
        row = session.get(Guest, number)
        if row is None or (made_by and row.made_by != made_by):
            return False
        if row.revoked_at is None:
            row.revoked_at = now
            audit.note(session, now, actor.account, "guest link revoked", f"guest link {number}", actor.how)
    return True


def address(row: Guest, root: str, now: datetime) -> str:
    """Empty when it does not open anything any more."""
    if row.revoked_at is not None or row.expires_at <= now:
        return ""
    return f"{root}/g/{links.make_number(world().settings.secret_key, row.id, links.GUEST)}"
