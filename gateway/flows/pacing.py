"""How many events PagerDuty takes for one key: what is more waits its turn, emergencies before everything else."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway.store.outgoing import dialling
from gateway.store.outgoing.outbox import Leased
from rules.words import Urgency

CHANNEL = "pagerduty"
WITHIN = timedelta(seconds=60)
KEPT_FREE = 10  # one in so many is for emergencies


@dataclass(slots=True)
class Pace:
    """The attempts of one worker, by key. Several workers are held back by PagerDuty's own answer 429 as well."""

    most: int  # events of one key within WITHIN (NABAT_PAGERDUTY_PACE); 0: any number
    made: dict[str, deque[datetime]] = field(default_factory=dict)

    def through(self, session: Session, taken: Sequence[Leased], now: datetime) -> list[Leased]:
        """Of the messages that were just leased those that may go now; the others are put off until there is room."""
        if not self.most:
            return list(taken)
        left = []
        for one in sorted(taken, key=lambda each: (each.rank, each.id)):
            if one.channel != CHANNEL:
                left.append(one)
            elif (until := self._room_at(one, now)) <= now:
                self.made[one.address_id].append(now)
                left.append(one)
            else:
                dialling.space(session, one, until)
        return left

    def _room_at(self, one: Leased, now: datetime) -> datetime:
        made = self.made.setdefault(one.address_id, deque())
        while made and now - made[0] >= WITHIN:
            made.popleft()
        kept_free = 0 if one.rank == Urgency.EMERGENCY.rank else self.most // KEPT_FREE
        most = self.most - kept_free
        return now if len(made) < most else made[len(made) - most] + WITHIN
