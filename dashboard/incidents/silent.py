"""Sources that are silent against their habit: nothing new from them is no good news."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.reader import Reader


@dataclass(frozen=True, slots=True)
class Silent:
    """A source that is silent against its habit."""

    name: str
    since: str
    usual: str


def silent(name: str, last_at: datetime, pauses: dict[str, int], reader: Reader) -> Silent:
    longest = timedelta(seconds=max(pauses.values(), default=0))
    return Silent(name, reader.duration(reader.now - last_at), reader.duration(longest))
