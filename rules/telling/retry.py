"""When to try a delivery again, and when it is too late for it."""

import hashlib
from datetime import datetime, timedelta

from rules.words import Urgency

DELAYS = (1, 2, 4, 8, 15, 30, 60)  # seconds after the 1st, 2nd, … failed attempt; then every 60 s
SPREAD = 0.2  # each delay is moved by up to ±20 %, so that what failed together does not come back together
LONGEST_PAUSE = timedelta(seconds=DELAYS[-1] * (1 + SPREAD))
LONGEST_WISH = 300.0  # seconds: a provider's Retry-After beyond this is not honoured

EXPIRY = {"push": timedelta(minutes=15), "sms": timedelta(minutes=30), "email": timedelta(hours=24)}
PATIENCE = {  # how long a channel may try before the fallback of its class starts as well
    Urgency.EMERGENCY: timedelta(seconds=60),
    Urgency.URGENT: timedelta(seconds=60),
    Urgency.FAST: timedelta(minutes=10),
}


def next_attempt(key: str, attempts: int, now: datetime, wish: float | None = None) -> datetime:
    """When to try after `attempts` failed attempts; `key` makes the spread, `wish` is a Retry-After in seconds."""
    delay = DELAYS[min(attempts, len(DELAYS)) - 1] * (1 + SPREAD * _spread(f"{key}:{attempts}"))
    if wish is not None:
        delay = max(delay, min(wish, LONGEST_WISH))
    return now + timedelta(seconds=delay)


def expires_at(way: str, urgency: Urgency, now: datetime) -> datetime | None:
    """When a message is no longer worth sending. A page of an emergency never is, while its incident is open."""
    if urgency is Urgency.EMERGENCY:
        return None
    return now + EXPIRY.get(way, EXPIRY["email"])


def fallback_at(urgency: Urgency, now: datetime) -> datetime | None:
    """When the class's fallback starts, if the message has not gone out by then."""
    patience = PATIENCE.get(urgency)
    return now + patience if patience else None


def _spread(key: str) -> float:
    """-1 to 1, the same for the same key: decisions are repeatable, so there is no dice here."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 0x7FFFFFFF - 1
