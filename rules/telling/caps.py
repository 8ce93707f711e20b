"""How many calls, SMS and pushes one person gets at most, and when a roll-up of the rest goes out. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from rules.words import CHANNELS_OF_WAY, Contact, Person, Way

MINUTE = timedelta(minutes=1)
ROLL_UP_EVERY = 2 * MINUTE
CAPS: Mapping[Way, tuple[tuple[int, timedelta], ...]] = {
    Way.VOICE: ((1, 2 * MINUTE), (3, 15 * MINUTE), (7, 60 * MINUTE), (15, 180 * MINUTE)),
    Way.SMS: ((5, 15 * MINUTE), (11, 60 * MINUTE), (21, 180 * MINUTE)),
    Way.PUSH: ((10, 2 * MINUTE),),
}
SAYS_LITTLE = ("severity", "priority", "alertname", "job", "kind", "source")
LONGEST = max(span for caps in CAPS.values() for _, span in caps)


def is_over(way: Way, told: Iterable[datetime], now: datetime) -> bool:
    """Whether one more message this way is too much for somebody who was told at these moments."""
    moments = list(told)
    return any(sum(now - at < span for at in moments) >= most for most, span in CAPS.get(way, ()))


def roll_up_at(last: datetime | None, now: datetime) -> datetime:
    """When the next roll-up goes to somebody whose last one went out then."""
    return now if last is None else max(now, last + ROLL_UP_EVERY)


def common_label(labels: Iterable[Mapping[str, str]]) -> str:
    """What most of them share, as name=value; what says how bad something is tells nobody where to look."""
    counted = Counter(pair for one in labels for pair in one.items() if pair[0] not in SAYS_LITTLE)
    if not counted:
        return ""
    most = max(counted.values())
    name, value = min(pair for pair, count in counted.items() if count == most)
    return f"{name}={value}"


def roll_up_contact(person: Person, *, sms_over: bool) -> tuple[Way, Contact] | None:
    """By what one person hears of many things at once: nobody is called for it."""
    for way in (Way.PUSH, *(() if sms_over else (Way.SMS,)), Way.EMAIL):
        for contact in person.contacts:
            if contact.verified and contact.channel in CHANNELS_OF_WAY[way]:
                return way, contact
    return None
