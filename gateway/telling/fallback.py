"""The fallback: what is done when a message does not get through."""

from collections.abc import Sequence

from gateway.actions import CLOCK, hurry
from gateway.changes import Changes
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import outbox, promised
from rules.duty.audience import Audience, one_person
from rules.duty.personal import INTERRUPTING
from rules.lifecycle import step_at
from rules.words import Notice

_OUT = ("sent", "delivered", "bundled")
_UNDER_WAY = (*_OUT, "queued", "sending", "unsaid")


def fall_back(changes: Changes, case: Case, level: int, who: str, why: str, *, patience: bool = False) -> None:
    """A message to `who` failed for good, or (`patience`) is not out in time: the fallback starts, or the next step.

    The fallback's ways are tried one after the other, each when the one before has failed.
    """
    if not case.calls:
        return
    standing = changes.standing(case, level)
    step = step_at(case.route, level)
    found = changes.audience(step, case.route)
    known = {(one.channel, one.address_id) for one in standing}
    moved = _sooner(changes, case, level, who, why, standing)
    if moved == outbox.LATER and not patience:
        return
    alive = [one for one in standing if one.status in _UNDER_WAY and one.status != "unsaid"]
    mine = _ways_of(changes, case, who, found, standing)
    fresh = [notice for notice in mine if (notice.contact.channel, notice.contact.address_id) not in known]
    if fresh and not any(one.part == "fallback" and one.who == who for one in alive):
        chosen = [notice for notice in fresh if notice.way == fresh[0].way]
        for notice in chosen:
            changes.promise(case, notice, "opened" if level == 1 else "escalated", "fallback", level)
        told = [{"who": notice.who, "name": notice.name, "way": notice.way} for notice in chosen]
        changes.line(case, "fallback", CLOCK.name, {"why": why, "level": level, "told": told})
        if not patience:
            return
    good = _OUT if patience else _UNDER_WAY
    ladder = [one for one in standing if one.part not in (outbox.ALSO, outbox.HELD)]
    awaited = any(one.status in good for one in ladder) or (moved == outbox.HELD and not patience)
    if level == case.state.level and not awaited:
        only_logged = all(one.status == "logged" for one in ladder)
        if not only_logged or not case.route.is_round_over(level):
            hurry(changes, case)


def _ways_of(
    changes: Changes, case: Case, who: str, found: Audience, standing: Sequence[promised.Standing]
) -> list[Notice]:
    """The fallback's ways to somebody of the step: also where their turn has ended since, for it is they who know."""
    told = {one.who for one in standing if one.part != outbox.ALSO}
    if who in told and all(one.who != who for one in (*found.told, *found.fallback)):
        found = one_person(who, case.route, changes.directory, changes.now)
    return [one for one in (*found.fallback, *found.notices) if one.who == who and one.way in case.route.fallback]


def _sooner(changes: Changes, case: Case, level: int, who: str, why: str, standing: Sequence[promised.Standing]) -> str:
    """What was to come later comes now: the next of this person's ways, or of an emergency what quiet hours hold.

    The latter once nothing that wakes anybody is under way: a mail wakes nobody. Says which of the two it was.
    """
    part = outbox.LATER
    moved = outbox.hasten(changes.session, case.id, level, who, changes.now)
    if not moved and not any(
        one.status in _UNDER_WAY and one.part != outbox.HELD and one.way in INTERRUPTING for one in standing
    ):
        part, moved = outbox.HELD, outbox.release(changes.session, case.id, level, changes.now)
    if not moved:
        return ""
    told = [{"who": one.who, "name": one.name, "way": one.way} for one in moved]
    changes.line(case, "fallback", CLOCK.name, {"why": why, "level": level, "told": told})
    return part
