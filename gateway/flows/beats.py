"""Beats among what comes in: alerts that the rule book names heartbeats, and what their coming ends."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway.flows.own_alerts import OWN_NAME, OWN_SOURCE, silent_alert
from gateway.store.incidents.alerts import Post
from gateway.store.senders import heartbeats as store
from gateway.store.tables import HeartbeatRow
from rules.matchers import seen_labels
from rules.senders.heartbeats import Heartbeat
from rules.words import Alert, Kind, Severity


def heartbeat_of(alert: Alert, known: Sequence[Heartbeat]) -> Heartbeat | None:
    """Which heartbeat this alert is, if any."""
    if not known or alert.kind is not Kind.ALERT:
        return None
    labels = seen_labels(alert)
    return next((one for one in known if all(matcher.matches(labels) for matcher in one.match)), None)


def hear(session: Session, posts: Sequence[Post], known: Sequence[Heartbeat], now: datetime) -> list[Post]:
    """They have come: noted, and the end of each silence as a word of our own. Before any lock of intake's is taken."""
    found: dict[str, Heartbeat] = {}
    for post in posts if known else ():
        for alert in post.alerts if post.source_id != OWN_SOURCE else ():
            one = heartbeat_of(alert, known) if alert.firing and not alert.touch else None
            if one is not None:
                found[one.name] = one
    rows = store.from_book(session, list(found.values()), now) if found else []
    return ends([row for row in rows if store.beat(row, now)], now)


def ends(rows: Iterable[HeartbeatRow], now: datetime) -> list[Post]:
    """They are heard again, or nobody waits for them any more."""
    alerts = [silent_alert(row.name, "", Severity(row.severity), now, over=True) for row in rows]
    return [own_post(alerts, now)] if alerts else []


def own_post(alerts: Sequence[Alert], now: datetime) -> Post:
    said = "\n".join(alert.title for alert in alerts).encode()
    return Post(OWN_SOURCE, OWN_NAME, said, now, alerts)
