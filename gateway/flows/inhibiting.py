"""Something bigger begins: what it inhibits and was told before is told of no more, as when a silence begins."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.flows import attached, suppress
from gateway.store.db import reading
from gateway.store.quiet import inhibitors
from gateway.store.quiet.suppressed import Member, labels_of
from gateway.world import world
from rules.telling.inhibition import targets
from rules.words import Kind

FRESH = timedelta(seconds=5)  # an alert that was being stored meanwhile knew nothing of it


@dataclass(slots=True)
class Watch:
    """One worker's eye on what inhibits. What it has seen goes with it: then all is looked at once more."""

    seen: dict[str, datetime] = field(default_factory=dict)  # by key: until when it is news

    def turn(self, now: datetime) -> None:
        attached.release(now)
        self._look(now)

    def _look(self, now: datetime) -> None:
        """Of incidents that call, those that something which has begun to fire makes part of it are quiet from now on.

        What waits at a gate, or for its time, would leave else: only the clock's next step asks by itself.
        """
        rules = world().shelf.book.inhibitions
        if not rules:
            self.seen.clear()
            return
        with reading() as session:
            firing = inhibitors.firing(session)
        self.seen = {key: self.seen.get(key, now + FRESH) for key in firing}
        news = {key for key, until in self.seen.items() if now < until}
        if not news:
            return

        def meant(one: Member) -> bool:
            return one.kind == Kind.ALERT and not news.isdisjoint(targets(rules, labels_of(one)))

        if not suppress.hush_what(meant, now):
            self.seen |= dict.fromkeys(news, now + FRESH)
