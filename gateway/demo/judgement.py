"""What the demo's people say of an incident once it is over: whether it was worth it, and what fixed it."""

from dataclasses import dataclass

from gateway.actions import Actor, NotPossible
from gateway.acts import amend
from gateway.demo.dice import dice
from gateway.demo.stage import Stage, Told
from gateway.demo.story import DESK

SAY = 0.45  # how many of those who answered say something afterwards
FIXED = 0.6  # how many of the notes are rather what fixed it


@dataclass(frozen=True, slots=True)
class Opinion:
    value: str = ""
    call: bool | None = None  # of an emergency: whether it was right to call
    fixed: str = ""


def opinion(told: Told) -> Opinion:
    """What a person has mended was mostly worth it; what went away by itself mostly was not."""
    plan, rng = told.story.plan, dice("opinion", told.place)
    if told.story.source == DESK:
        return Opinion()
    worth, call, says, fixed = (rng.random() for _ in range(4))
    mended = ("useful", "not actionable")[worth >= 0.85]
    healed = ("not actionable", "false")[worth >= 0.7]
    labels = told.story.beats[0].body["alerts"][0]["labels"]
    right = call < (0.85 if plan.fix else 0.35) if labels["severity"] == "critical" else None
    text = plan.notes[-1] if plan.fix and plan.notes and fixed < FIXED else ""
    return Opinion((mended if plan.fix else healed) if says < SAY else "", right, text)


def give(stage: Stage, told: Told, one: Opinion, actor: Actor) -> None:
    session, number = stage.session, told.number
    try:
        if one.fixed:
            amend.say_fixed_in(session, number, one.fixed, actor, stage.now)
        if one.value and actor.person_id:
            amend.judge_in(session, number, actor.person_id, actor, stage.now, (one.value, one.call))
    except NotPossible:  # it goes on: there is nothing to look back at yet
        return
