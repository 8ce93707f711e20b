"""What the demo's people do once a page has reached them: answer, pass on, note, give away, say that it is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from gateway import actions
from gateway.actions import Actor
from gateway.acts import merging
from gateway.demo import judgement
from gateway.demo.cast import address
from gateway.demo.stage import Stage, Told
from gateway.demo.story import Beat
from gateway.store.outgoing.outbox import Leased
from rules.lifecycle import Given, Reason, Signal

MINUTE = timedelta(minutes=1)
FORGOTTEN = timedelta(hours=5)  # what nobody answers is over after so long: somebody mended it and said nothing
OPENS_THE_LINK = 5  # one in so many answers by the link though the telephone rang as well
HOW = {"pagerduty": "pagerduty", "sms": "link", "ntfy": "link", "email": "dashboard"}


@dataclass(frozen=True, slots=True)
class Staff:
    """`latest`: by then everything is over that is going to be."""

    latest: datetime

    def opened(self, stage: Stage, told: Told) -> None:
        plan, own = told.story.plan, stage.told[told.number] is told
        if told.story.clear is not None:
            after = FORGOTTEN if own or plan.fix is None else plan.fix
            stage.at(self._by_then(stage, after), partial(self._clear, stage, told))
        if plan.into is not None:
            stage.at(stage.now + 6 * MINUTE, partial(self._merge, stage, told))

    def _merge(self, stage: Stage, told: Told) -> None:
        into = next(number for number, other in stage.told.items() if other.story is told.story.plan.into)
        who = Actor("Олег Орлов", "dashboard", account=address("oleg"))
        merging.merge_in(stage.session, told.number, into, who, stage.now)

    def react(self, stage: Stage, told: Told, leased: Leased) -> None:
        plan = told.story.plan
        if leased.channel == "pagerduty":
            told.called[leased.who] = leased
        if plan.decline and leased.level == 1 and not told.declined:
            told.declined = True
            stage.at(stage.now + 0.7 * MINUTE, partial(self._decline, stage, told, leased))
        elif plan.level and leased.level >= plan.level and not told.answered:
            told.answered = True
            stage.at(stage.now + plan.after, partial(self._answer, stage, told, leased))

    def _by_then(self, stage: Stage, after: timedelta) -> datetime:
        return max(stage.now, min(stage.now + after, self.latest))

    def _decline(self, stage: Stage, told: Told, leased: Leased) -> None:
        given = Given(level=leased.level)
        actions.act_in(stage.session, told.number, Signal.DECLINE, _actor(leased, "link"), stage.now, given)

    def _answer(self, stage: Stage, told: Told, leased: Leased) -> None:
        plan = told.story.plan
        if told.place % OPENS_THE_LINK:
            leased = told.called.get(leased.who, leased)  # the telephone is at the ear, the push in the pocket
        signal, given = Signal.ACKNOWLEDGE, Given()
        if plan.snooze:
            signal, given = Signal.SNOOZE, Given(until=stage.now + plan.snooze)
        reason = actions.act_in(
            stage.session, told.number, signal, _actor(leased, HOW[leased.channel]), stage.now, given
        )
        if reason not in (Reason.ACKNOWLEDGED, Reason.SNOOZED):
            return
        actor, fix = _actor(leased, "dashboard"), plan.fix or 25 * MINUTE
        if plan.assign and address(plan.assign) != leased.who:
            stage.at(stage.now + min(0.3 * fix, 2 * MINUTE), partial(self._assign, stage, told, actor))
        opinion = judgement.opinion(told)
        for place, text in enumerate(() if opinion.fixed else plan.notes, 1):
            stage.at(stage.now + min(0.7 * fix, 9 * MINUTE) * place, partial(self._note, stage, told, text, actor))
        if plan.fix:
            end = self._end if plan.by_person else self._clear
            stage.at(self._by_then(stage, plan.fix), partial(end, stage, told, actor))
        ends = max(told.story.beats[-1].at, self._by_then(stage, fix)) + 12 * MINUTE
        stage.at(ends, partial(judgement.give, stage, told, opinion, _actor(leased, "dashboard")))

    def _assign(self, stage: Stage, told: Told, actor: Actor) -> None:
        actions.assign_in(stage.session, told.number, address(told.story.plan.assign), actor, stage.now)

    def _note(self, stage: Stage, told: Told, text: str, actor: Actor) -> None:
        actions.note_in(stage.session, told.number, text, actor, stage.now)

    def _end(self, stage: Stage, told: Told, actor: Actor) -> None:
        actions.act_in(stage.session, told.number, Signal.RESOLVE, actor, stage.now)
        stage.at(stage.now + 2 * MINUTE, partial(self._clear, stage, told))

    def _clear(self, stage: Stage, told: Told, _actor: Actor | None = None) -> None:
        """Once: it was mended, and so the sender sees."""
        if told.story.clear is not None and not told.over:
            told.over = True
            beat = Beat(stage.now, told.story.clear(stage.now), told.story.beats[0].twice)
            stage.post(told.story, beat)


def _actor(leased: Leased, how: str) -> Actor:
    if how == "pagerduty":  # PagerDuty tells us a name and no more
        return Actor(leased.name, how, key=leased.address_id)
    return Actor(leased.name, how, leased.person_id, leased.who)
