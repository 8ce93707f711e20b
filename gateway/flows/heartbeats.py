"""What must come again and again and does not: told as an alert of our own, which its next beat ends."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from gateway import log
from gateway.flows import intake
from gateway.flows.apart import apart
from gateway.flows.beats import ends, own_post
from gateway.flows.own_alerts import silent_alert
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Post
from gateway.store.senders import heartbeats as store
from gateway.store.tables import HeartbeatRow
from gateway.world import world
from rules.texts.durations import write_duration
from rules.words import Severity

AGAIN = timedelta(minutes=1)  # after one that failed


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
    known = [one.name for one in world().shelf.book.heartbeats]
    with reading() as session:
        gone, late = store.forgotten(session, known), store.overdue(session, now)
    for name in gone:
        apart("heartbeats", partial(_forget, name, now), lambda: None, heartbeat=name)
    return sum(
        apart("heartbeats", partial(_report, name, now), partial(_put_off, name, now), heartbeat=name) for name in late
    )


def _forget(name: str, now: datetime) -> None:
    with transaction() as session:
        for row in store.named(session, [name]):
            if row.hash is None:
                remove(session, row, now)


def _report(name: str, now: datetime) -> bool:
    with transaction() as session:
        row = next(iter(store.named(session, [name])), None)
        if row is None or row.due_at is None or row.due_at > now:
            return False  # it has come meanwhile, or another worker was quicker
        row.silent_at, row.due_at = now, None
        alert = silent_alert(row.name, _words(row), Severity(row.severity), now)
        _take_in(session, [own_post([alert], now)], now)
    log.warning("heartbeat_silent", heartbeat=name)
    return True


def _put_off(name: str, now: datetime) -> bool:
    with transaction() as session:
        store.put_off(session, name, now, now + AGAIN)
    return False


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
