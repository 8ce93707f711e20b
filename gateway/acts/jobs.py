"""One act of a person on very many incidents: promised at once, done by a worker portion by portion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import actions
from gateway.actions import Actor, NotPossible
from gateway.acts import belated, merging
from gateway.acts.several import MOST, Results
from gateway.store.db import transaction
from gateway.store.incidents import jobs, undos
from gateway.store.outgoing import outbox
from gateway.store.sql import locks
from gateway.store.tables import BulkJob
from gateway.store.types import micros, moment
from gateway.store.upkeep import audit
from gateway.world import world
from rules.lifecycle import NOTHING_DONE, Given, Reason, Signal
from rules.telling.undoing import MERGE
from rules.words import Role

ABOVE = 50  # incidents: fewer are done while the person waits
WITHIN = timedelta(minutes=15)  # what no worker has done by then is done no more: whoever asked has gone on by it
PATIENCE = timedelta(seconds=30)  # with an incident that somebody else holds, before it is passed over
LATE = "late"
PORTION = 20  # incidents in one transaction, and how finely the progress is told
ASSIGN = "assign"
HELD = "held"  # incident → since when somebody else holds it, in microseconds


def promise(ids: Sequence[int], act: str, given: Given, to: str, actor: Actor, now: datetime) -> BulkJob:
    """A worker begins with it at once. `to`: of what is assigned."""
    until = None if given.until is None else micros(given.until)
    job = BulkJob(
        token=undos.new_token(), account=actor.account, actor=actor.name, person_id=actor.person_id or 0, act=act,
        given={"until": until, "to": to}, numbers=list(dict.fromkeys(ids))[:MOST], at=now, place=0, done=[], skipped=[],
        finished_at=None, ended="",
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
        if too_late(job, now):
            _give_up(session, job, now)
            return False
        locks.wait_briefly(session)  # what is held comes again
        some = [int(one) for one in job.numbers[job.place : job.place + size]]
        reasons = _act(session, job, some, now)
        done = [one for one in some if reasons.get(one) is not None and reasons[one] not in NOTHING_DONE]
        job.done = [*job.done, *done]
        job.skipped = [*job.skipped, *([one, reasons.get(one)] for one in some if one not in done)]
        job.place += len(some)
        if job.place >= len(job.numbers):
            jobs.finish(job, now)
        return job.finished_at is None


def too_late(job: BulkJob, now: datetime) -> bool:
    """No worker touches it any more, whether one has noticed that or not."""
    return job.finished_at is None and now - job.at > WITHIN


def _give_up(session: Session, job: BulkJob, now: datetime) -> None:
    left = len(job.numbers) - job.place
    jobs.finish(job, now, LATE)
    said = {"act": job.act, "done": len(job.done), "why": "no worker was running"}
    audit.note(session, now, job.account, "act not done", f"{left} incidents", "dashboard", name=job.actor, **said)


def put_off(number: int, now: datetime) -> int:
    """Somebody else holds the next one: it comes again behind the others, for a while. Which one it is; 0: none."""
    with transaction() as session:
        job = jobs.hold(session, number)
        if job is None:
            return 0
        held = int(job.numbers[job.place])
        since = job.given.get(HELD, {})  # the job may be older than that by far
        first = since.get(str(held), micros(now))
        if now - moment(first) > PATIENCE:
            _pass_over(job, Reason.IN_USE, now)
        else:
            job.numbers = [*job.numbers[: job.place], *job.numbers[job.place + 1 :], held]
            job.given = {**job.given, HELD: {**since, str(held): first}}
        return held if job.finished_at is None else 0


def pass_over(number: int, now: datetime) -> bool:
    """This one could not be done, whatever is wrong with it: the next ones have their turn."""
    with transaction() as session:
        job = jobs.hold(session, number)
        if job is None:
            return False
        _pass_over(job, Reason.NOT_DUE, now)
        return job.finished_at is None


def _pass_over(job: BulkJob, reason: Reason, now: datetime) -> None:
    job.skipped = [*job.skipped, [job.numbers[job.place], reason]]
    job.place += 1
    if job.place >= len(job.numbers):
        jobs.finish(job, now)


def _act(session: Session, job: BulkJob, some: Sequence[int], now: datetime) -> dict[int, Reason]:
    if not _may(session, job.account):
        return dict.fromkeys(some, Reason.NOT_DUE)
    by = Actor(job.actor, "dashboard", job.person_id, job.account, token=job.token)
    if job.act == ASSIGN:
        try:
            return actions.assign_on(session, some, str(job.given["to"]), by, now)
        except NotPossible:  # they have left since: nobody has it in hand
            return dict.fromkeys(some, Reason.NOT_DUE)
    if job.act == MERGE:
        return merging.merge_on(session, some, int(job.given["to"]), by, now)
    until = job.given.get("until")
    given = Given(until=moment(until)) if isinstance(until, int) else Given()
    over = belated.overtaken(session, some, job.at)  # what came back while this waited is not what they saw
    reasons = actions.act_on(session, [one for one in some if one not in over], Signal(job.act), by, now, given)
    return {**reasons, **dict.fromkeys(over, Reason.NOT_DUE)}


def _may(session: Session, account: str) -> bool:
    """Who asked for it may have left since, or may only look now."""
    person = world().roll.current(session).people.get(account)
    return person is not None and person.role is not Role.VIEWER


def results(job: BulkJob) -> Results:
    """As far as it is."""
    skipped = [(int(number), Reason(reason) if reason else None) for number, reason in job.skipped]
    return Results([int(one) for one in job.done], skipped, job.token)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of one, with how many were left where it went no further."""

    results: Results
    ended: str = ""  # LATE, jobs.STOPPED
    left: int = 0


def came(job: BulkJob, now: datetime) -> Came | None:
    """None: it is under way. Also what no worker has noticed yet."""
    ended = LATE if too_late(job, now) else job.ended
    if job.finished_at is None and not ended:
        return None
    return Came(results(job), ended, len(job.numbers) - job.place if ended else 0)
