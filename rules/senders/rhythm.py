"""Whether a source is silent against its habit: longer than three times its longest pause of two weeks.

Robust rather than sharp: nights, weekends and our own outages only make the longest pause longer. A source is judged
only after a week with a word of it on every day, so never on a fresh install.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

KEPT = timedelta(days=14)
LEARNING = 7  # days with a pause that ended
TIMES = 3
LEAST = timedelta(minutes=15)


def learned(pauses: Mapping[str, int], before: datetime, last: datetime) -> dict[str, int]:
    """`pauses`: by day the longest one in seconds; a word came at `last`, after one at `before`."""
    day, oldest = last.date().isoformat(), (last - KEPT).date().isoformat()
    kept = {name: seconds for name, seconds in pauses.items() if name > oldest}
    kept[day] = max(kept.get(day, 0), int((last - before).total_seconds()))
    return kept


def in_use_since(keys: Iterable[tuple[datetime, datetime | None]]) -> datetime | None:
    """Since when it has had a key without a break. Of each key: when it was made, and when it ended, if it did."""
    since, until = None, None
    for made, ended in sorted(keys, key=lambda one: one[0]):
        if since is None or (until is not None and made > until):
            since, until = made, ended
        elif until is not None:
            until = None if ended is None else max(until, ended)
    return since


def silent_from(pauses: Mapping[str, int], last: datetime, since: datetime | None = None) -> datetime | None:
    """When its silence becomes strange; none as long as too little is known of it.

    `since`: when it could speak again, after a time in which it had no key.
    """
    if len(pauses) < LEARNING:
        return None
    return max(last, since or last) + max(LEAST, TIMES * timedelta(seconds=max(pauses.values())))
