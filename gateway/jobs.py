"""One act of a person on very many incidents: promised at once, done by a worker portion by portion."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import actions
from gateway.actions import Actor, NotPossible
from gateway.several import MOST, Results
from gateway.store import jobs, outbox, undos
from gateway.store.db import transaction
from gateway.store.tables import BulkJob
from gateway.store.types import micros, moment
from gateway.world import world
from rules.lifecycle import NOTHING_DONE, Given, Reason, Signal
from rules.words import Role

ABOVE = 50  # incidents: fewer are done while the person waits
PORTION = 20  # incidents in one transaction, and how finely the progress is told
ASSIGN = "assign"


def promise(ids: Sequence[int], act: str, given: Given, to: str, actor: Actor, now: datetime) -> BulkJob:
    """A worker begins with it at once. `to`: of what is assigned."""
    until = None if given.until is None else micros(given.until)
    job = BulkJob(
        token=undos.new_token(), account=actor.account, actor=actor.name, person_id=actor.person_id or 0, act=act,
        given={"until": until, "to": to}, numbers=list(dict.fromkeys(ids))[:MOST], at=now, place=0, done=[], skipped=[],
        finished_at=None,
    )  # fmt: skip
    with transaction() as session:
        jobs.add(session, job)
        outbox.wake_workers(session)
    return job


def portion(number: int, now: datetime, size: int = PORTION) -> bool:
    """The next incidents and how far it is, in one transaction. False if there is no more to do."""
    with transaction() as session:
        job = jobs.hold(session, number)
        if job is None:
            return False
        some = [int(one) for one in job.numbers[job.place : job.place + size]]
        reasons = _act(session, job, some, now)
        done = [one for one in some if reasons.get(one) is not None and reasons[one] not in NOTHING_DONE]
        job.done = [*job.done, *done]
        job.skipped = [*job.skipped, *([one, reasons.get(one)] for one in some if one not in done)]
        job.place += len(some)
        if job.place >= len(job.numbers):
            jobs.finish(job, now)
        return job.finished_at is None


def pass_over(number: int, now: datetime) -> bool:
    """This one could not be done, whatever is wrong with it: the next ones have their turn."""
    with transaction() as session:
        job = jobs.hold(session, number)
        if job is None:
            return False
        job.skipped = [*job.skipped, [job.numbers[job.place], Reason.NOT_DUE]]
        job.place += 1
        if job.place >= len(job.numbers):
            jobs.finish(job, now)
        return job.finished_at is None


def _act(session: Session, job: BulkJob, some: Sequence[int], now: datetime) -> dict[int, Reason]:
    if not _may(session, job.account):
        return dict.fromkeys(some, Reason.NOT_DUE)
    by = Actor(job.actor, "dashboard", job.person_id, job.account, token=job.token)
    if job.act == ASSIGN:
        try:
            return actions.assign_on(session, some, str(job.given["to"]), by, now)
        except NotPossible:  # they have left since: nobody has it in hand
            return dict.fromkeys(some, Reason.NOT_DUE)
    until = job.given.get("until")
    given = Given(until=moment(until)) if isinstance(until, int) else Given()
    return actions.act_on(session, some, Signal(job.act), by, now, given)


def _may(session: Session, account: str) -> bool:
    """Who asked for it may have left since, or may only look now."""
    person = world().roll.current(session).people.get(account)
    return person is not None and person.role is not Role.VIEWER


def results(job: BulkJob) -> Results:
    """As far as it is."""
    skipped = [(int(number), Reason(reason) if reason else None) for number, reason in job.skipped]
    return Results([int(one) for one in job.done], skipped, job.token)
