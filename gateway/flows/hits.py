"""Which rules are met and how often: what was opened since the last look is added up, a day's worth at a time."""

from datetime import datetime

from gateway.store.db import transaction
from gateway.store.incidents import hits
from gateway.store.types import micros


def count(now: datetime) -> None:
    """Up to a few seconds ago: a batch that is still being written is counted the next time."""
    end = micros(now - hits.LAG)
    while True:
        with transaction() as session:
            since = hits.counted_to(session, now)
            to = min(end, since + hits.DAY)
            if to <= since or not hits.count(session, since, to):
                return
            hits.forget(session, now)
