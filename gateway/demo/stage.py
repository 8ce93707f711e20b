"""Plays stories through the real flows, in order of time and in one transaction; providers are played, too."""

import heapq
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from sqlalchemy.orm import Session

from gateway import actions, sources
from gateway.demo.providers import Providers
from gateway.demo.story import SOURCES, Beat, Story
from gateway.flows import escalate, intake, receipts, settle
from gateway.flows.settle import Result
from gateway.sources import Heard
from gateway.store.incidents import cases
from gateway.store.incidents.alerts import Post
from gateway.store.outgoing import outbox, waiting
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import bulk
from gateway.store.types import micros, moment
from gateway.world import World
from rules.book import RuleBook
from rules.lifecycle import Signal

MANY = 1000
# Channels with messages that are due, and when next anything else is; the fixed conditions name partial indexes.
_LOOK = """
    SELECT channel, min(due_at) FROM delivery
    WHERE status IN ('queued', 'sending') AND status = 'queued' AND due_at <= {} GROUP BY channel
    UNION ALL SELECT '', min(at) FROM (
        SELECT min(next_at) AS at FROM incident WHERE next_at IS NOT NULL AND next_at > {}
        UNION ALL SELECT min(due_at) FROM delivery
            WHERE status IN ('queued', 'sending') AND status = 'queued' AND due_at > {}
        UNION ALL SELECT min(fallback_at) FROM delivery WHERE fallback_at IS NOT NULL AND fallback_at > {}
        UNION ALL SELECT min(expires_at) FROM delivery WHERE status = 'queued' AND expires_at > {}) AS soonest
"""
Scene = Callable[[], object]


@dataclass(slots=True)
class Told:
    """One incident, and the story that opened it."""

    story: Story
    number: int
    uuid: str
    place: int  # in the order of opening; numbers have gaps on PostgreSQL where something comes back
    called: dict[str, Leased] = field(default_factory=dict)  # whom a call has reached, by their e-mail address
    answered: bool = False
    declined: bool = False
    over: bool = False


@dataclass(slots=True)
class Stage:
    """`react` is told of every page that has gone out: what people do then is for it to say."""

    session: Session
    world: World
    book: RuleBook
    providers: Providers
    source_ids: Mapping[str, int]
    now: datetime
    react: "Callable[[Stage, Told, Leased], None]"
    opened: "Callable[[Stage, Told], None]"
    told: dict[int, Told] = field(default_factory=dict)
    _coming: list[tuple[datetime, int, Scene]] = field(default_factory=list)
    _timer: datetime | None = None
    _under_way: int = 0
    _order: "count[int]" = field(default_factory=count)

    def at(self, moment: datetime, scene: Scene) -> None:
        heapq.heappush(self._coming, (max(moment, self.now), next(self._order), scene))

    def play(self, stories: Iterable[Story], ends: datetime) -> None:
        """Everything until `ends`, the clock's own work included; what is being sent then still gets its answer."""
        for story in stories:
            for beat in story.beats:
                self.at(beat.at, partial(self.post, story, beat))
        while (now := self._next(ends)) is not None:
            self.now = now
            while self._coming and self._coming[0][0] <= now:
                heapq.heappop(self._coming)[2]()
            if self._timer is not None and self._timer <= now:
                self._clock()
            self._send(self._look())

    def _next(self, ends: datetime) -> datetime | None:
        moments = [one for one in (self._timer, self._coming[0][0] if self._coming else None) if one is not None]
        soonest = min(moments, default=None)
        return soonest if soonest is not None and (soonest <= ends or self._under_way) else None

    def _look(self) -> list[str]:
        """The channels with messages that are due; the next timer is remembered."""
        rows = bulk.select_plain(self.session, _LOOK, *[micros(self.now)] * 5)
        found = dict(rows)
        timer = found.pop("")
        self._timer = None if timer is None else moment(timer)
        return sorted(found)

    def _clock(self) -> None:
        for number in cases.due(self.session, self.now, MANY):
            actions.act_in(self.session, number, Signal.TIMER, actions.CLOCK, self.now)
        for number in waiting.stuck(self.session, self.now, MANY):
            escalate.fall_back_in(self.session, number, self.now)

    def post(self, story: Story, beat: Beat) -> None:
        """A sender speaks: both of a pair, where it is one."""
        body = json.dumps(beat.body, ensure_ascii=False).encode()
        name = story.source
        alerts = sources.find(SOURCES[name]).parse(json.loads(body), Heard(name, self.now)).alerts
        posts = [Post(self.source_ids[name], name, body, self.now, alerts)] * (2 if beat.twice else 1)
        outcome = intake.receive(self.session, posts, self.book, self.world.roll, self.now)[0]
        for number in outcome.incidents:
            if number not in self.told or beat is story.beats[0]:
                (uuid,) = bulk.select_plain(self.session, "SELECT uuid FROM incident WHERE id = {}", number)[0]
                told = Told(story, number, uuid, len(self.told))
                self.told.setdefault(number, told)
                self.opened(self, told)

    def _send(self, channels: Iterable[str]) -> None:
        for channel in channels:
            for leased in outbox.lease(self.session, channel, MANY, self.now, micros(self.now)):
                result = self.providers.answer(leased, self.told[leased.incident_id].uuid, self.now)
                self._under_way += 1
                self.at(self.now + timedelta(seconds=result.seconds), partial(self._settle, result))

    def _settle(self, result: Result) -> None:
        self._under_way -= 1
        settle.settle(self.session, [result], self.now)
        if result.outcome != "sent":
            return
        if reported := self.providers.report(result):
            self.at(self.now + reported[0], partial(self._report, reported[1]))
        if result.leased.kind in outbox.PAGES:
            self.react(self, self.told[result.leased.incident_id], result.leased)

    def _report(self, receipt: receipts.Receipt) -> None:
        receipts.take_in(self.session, [receipt], self.now)
