"""One act of a person on many incidents: portion by portion, each in a transaction of its own, with one way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import actions, log
from gateway.actions import Actor
from gateway.acts import merging
from gateway.store.db import transaction
from gateway.store.incidents import undos
from rules.lifecycle import NOTHING, NOTHING_DONE, Given, Reason, Signal

MOST = 1000  # incidents at once
ASK_ABOVE = 20  # incidents that are resolved at once: so many are rarely meant
PORTION = 50  # incidents in one transaction: ingest waits for no more


@dataclass(slots=True)
class Results:
    """What came of it, incident by incident."""

    done: list[int] = field(default_factory=list)
    skipped: list[tuple[int, Reason | None]] = field(default_factory=list)  # None: there is no such incident
    token: str = ""  # to take it back


Act = Callable[[Session, Sequence[int], Actor], dict[int, Reason]]


def act(ids: Sequence[int], signal: Signal, actor: Actor, now: datetime, given: Given = NOTHING) -> Results:
    return _each(ids, actor, lambda session, some, by: actions.act_on(session, some, signal, by, now, given))


def assign(ids: Sequence[int], to: str, actor: Actor, now: datetime) -> Results:
    """Raises NotPossible before anything is done."""
    return _each(ids, actor, lambda session, some, by: actions.assign_on(session, some, to, by, now))


def merge(ids: Sequence[int], actor: Actor, now: datetime) -> Results:
    """All into the most urgent of them; which that is neither done nor skipped."""
    wanted = list(dict.fromkeys(ids))[:MOST]
    into = merging.target_of(wanted)
    if into is None:
        return Results([], [(number, Reason.NOT_DUE) for number in wanted])
    rest = [number for number in wanted if number != into]
    return _each(rest, actor, lambda session, some, by: merging.merge_on(session, some, into, by, now))


def _each(ids: Sequence[int], actor: Actor, act: Act) -> Results:
    results = Results(token=undos.new_token())
    by, wanted = replace(actor, token=results.token), list(dict.fromkeys(ids))[:MOST]
    for start in range(0, len(wanted), PORTION):
        some = wanted[start : start + PORTION]
        try:
            with transaction() as session:
                reasons = act(session, some, by)
        except Exception as problem:
            if not results.done:
                raise
            log.error("act_failed", problem, first=some[0], done=len(results.done))
            results.skipped += [(number, Reason.NOT_DUE) for number in wanted[start:]]
            break
        for number in some:
            reason = reasons.get(number)
            if reason is None or reason in NOTHING_DONE:
                results.skipped.append((number, reason))
            else:
                results.done.append(number)
    return results
