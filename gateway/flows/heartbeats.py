"""What must come again and again and does not: told as an alert of our own, which its next beat ends."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import log
from gateway.flows import intake
from gateway.flows.beats import ends, own_post
from gateway.flows.own_alerts import silent_alert
from gateway.store import heartbeats as store
from gateway.store.alerts import Post
from gateway.store.db import reading, transaction
from gateway.store.tables import HeartbeatRow
from gateway.world import world
from rules.durations import write_duration
from rules.words import Severity


def beat(token: str, now: datetime) -> bool:
    """It came by its token. False if it is nobody's."""
    with transaction() as session:
        row = store.by_token(session, token)
        if row is None:
            return False
        if store.beat(row, now):
            _take_in(session, ends([row], now), now)
        return True


def report_due(now: datetime) -> int:
    """Tells of each that is silent; forgets those that the rule book no longer names. Returns how many were told."""
    names = [one.name for one in world().shelf.book.heartbeats]
    with reading() as session:
        if not store.want_attention(session, names, now):
            return 0
    with transaction() as session:
        gone = store.forgotten(session, names)
        posts = ends([row for row in gone if row.silent_at is not None], now)
        for row in gone:
            store.remove(session, row)
        session.flush()
        late = store.overdue(session, now)
        for row in late:
            row.silent_at, row.due_at = now, None
        alerts = [silent_alert(row.name, _words(row), Severity(row.severity), now) for row in late]
        _take_in(session, [*posts, *([own_post(alerts, now)] if alerts else [])], now)
    for row in late:
        log.warning("heartbeat_silent", heartbeat=row.name)
    return len(late)


def remove(session: Session, row: HeartbeatRow, now: datetime) -> None:
    """In the caller's transaction: nobody waits for it any more, and what was told of its silence is over."""
    posts = ends([row], now) if row.silent_at is not None else []
    store.remove(session, row)
    _take_in(session, posts, now)


def _words(row: HeartbeatRow) -> str:
    last = row.last_at.isoformat() if row.last_at else "never"
    rhythm = (
        f"by {row.cron!r} ({row.timezone})" if row.cron else f"every {write_duration(timedelta(seconds=row.every))}"
    )
    grace = write_duration(timedelta(seconds=row.grace))
    return f"It was heard last at {last} and is expected {rhythm}, with a grace of {grace}."


def _take_in(session: Session, posts: list[Post], now: datetime) -> None:
    if posts:
        session.flush()
        intake.receive(session, posts, world().shelf.book, world().roll, now)
