"""Posts that were heard before, and our own words that are said too often: what of them is taken in."""

from dataclasses import replace
from datetime import datetime, timedelta

from msgspec.structs import replace as changed
from sqlalchemy.orm import Session

from gateway.store.incidents import alerts as alert_store
from gateway.store.incidents.alerts import Post
from gateway.store.senders import heard
from gateway.store.types import micros
from gateway.store.upkeep.counters import hit

OWN_PAUSE = timedelta(minutes=15)
OWN_WINDOW = timedelta(minutes=1)


def once(session: Session, post: Post, now: datetime) -> Post:
    """A signed request that is heard again is a sender that missed our answer, or somebody who overheard it."""
    return post if heard.first_time(session, post.once, now) else replace(post, repeated=True)


def at_most_now_and_then(session: Session, post: Post, now: datetime) -> Post:
    """Our own word about a sender: within OWN_PAUSE of its incident's opening it is counted there and opens nothing."""
    if post.threshold and hit(session, post.alerts[0].fingerprint, OWN_WINDOW, now) < post.threshold:
        return replace(post, alerts=(), prepared=None)
    opened = alert_store.last_opened(session, post.source_id, post.alerts[0].fingerprint)
    if opened is None or micros(now) - opened >= OWN_PAUSE.total_seconds() * 1_000_000:
        return post
    return replace(post, alerts=[changed(alert, touch=True) for alert in post.alerts], prepared=None)
