"""How attempts went is written down: on the row, on the timeline, and what follows from a failure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from gateway import actions, crashpoint, log, metrics
from gateway.acts import subscribing
from gateway.changes import Changes
from gateway.demo.mark import is_invented
from gateway.flows import at_gate, mend
from gateway.store.db import transaction
from gateway.store.directory import browsers
from gateway.store.incidents import cases, timeline
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import bundles, clients, outbox, pages
from gateway.store.outgoing.floors import NONE, Floors
from gateway.store.outgoing.outbox import Leased
from gateway.store.sql import locks
from gateway.store.types import micros
from gateway.telling import fallback
from rules.telling.retry import next_attempt
from rules.texts.text import clean_text, cut, one_line
from rules.timing import Phase

LONGEST_WORDS = 500
LOST = "the worker that was sending it was lost; it may have gone out"


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt went."""

    leased: Leased
    outcome: str  # sent, later, never, logged, over
    words: str = ""  # the provider's reference, or what went wrong
    ambiguous: bool = False
    retry_after: float | None = None
    seconds: float = 0.0
    asked: str = ""  # why the source of a call could not be asked
    ended: bool = False  # nobody is at this address any more

    def plain(self) -> "Result":
        """With words that any database and any page can take, whatever the provider said."""
        return replace(self, words=cut(one_line(clean_text(str(self.words))), LONGEST_WORDS))


def write_down(results: Sequence[Result], now: datetime) -> list[Result]:
    """All in one transaction; if one of them spoils it, each in its own, and that one bare: it holds up no other.

    Returns those whose incident somebody else holds, to be tried again.
    """
    if not results:
        return []
    try:
        with transaction() as session:
            settle(session, results, now)
    except (OperationalError, PoolTimeout) as problem:  # the database is away: nobody's fault, all of it is tried again
        if not locks.is_held(problem):
            raise
        return write_each(results, now)
    except Exception as problem:  # noqa: BLE001 - one odd answer, or one broken incident, must not stop all paging
        if len(results) > 1:
            return [left for result in results for left in write_down([result], now)]
        log.error("settle_failed", problem, delivery=results[0].leased.id, channel=results[0].leased.channel)
        metrics.worker_errors.labels("settle").inc()
        _write_bare(results[0], now)
    return []


def is_away(problem: Exception) -> bool:
    """The database cannot be asked, or somebody has locked all of SQLite's file."""
    return isinstance(problem, (OperationalError, PoolTimeout)) and not locks.is_held(problem)


def write_each(results: Sequence[Result], now: datetime) -> list[Result]:
    """Somebody holds an incident of one of them: the others do not wait for it. Returns what is left."""
    left = []
    for result in results:
        try:
            with transaction() as session:
                locks.wait_briefly(session)
                settle(session, [result], now)
        except OperationalError as problem:
            if not locks.is_held(problem):
                raise
            left.append(result)
        except PoolTimeout:
            raise
        except Exception:  # noqa: BLE001 - it spoils no other: below it is heard, and written down bare
            left += write_down([result], now)
    if left:
        log.warning("outcomes_held_up", messages=len(left))
    return left


def _write_bare(result: Result, now: datetime) -> None:
    """The row alone: what became of the message is known even where its incident cannot be read."""
    status = result.outcome if result.outcome in ("sent", "logged") else "failed"
    words = "it could not be written down in full, see the log"
    values = {"status": status, "error": words, "finished_at": micros(now), "fallback_at": None}
    with transaction() as session:
        outbox.settle(session, result.leased, values)


def settle(session: Session, results: Sequence[Result], now: datetime) -> None:
    """Write down how attempts went, each on its row and on the timeline; what failed for good starts the fallback."""
    changes = actions.changes_of(session, now)
    digests = [result.leased.id for result in results if result.leased.kind == bundles.DIGEST]
    said = bundles.incidents(session, digests)  # locked with the others: all in one order, as everybody locks them
    loaded = cases.load(session, [*(result.leased.incident_id for result in results), *said])
    for result in (one.plain() for one in results):
        case = loaded.get(result.leased.incident_id)
        if result.outcome == "over" and case is not None and case.calls and case.state.phase is Phase.FLAPPING:
            at_gate.wait(session, result.leased, now)
            continue
        values = _values(session, result, case, now)
        if not outbox.settle(session, result.leased, values):
            metrics.deliveries.labels(result.leased.channel, "late").inc()
            continue
        _count(result, str(values["status"]), now)
        _of_client(session, result, now)
        if result.leased.kind == bundles.DIGEST:
            _rolled_up(session, changes, result, str(values["status"]), loaded)
        if case is None:
            continue
        changes.lines.append(timeline.line(case.id, now, *_line(result, values)))
        changes.lines += [timeline.line(case.id, now, *one) for one in _more_lines(changes, result, values)]
        if not _got_out(result.leased, str(values["status"])) and result.leased.kind in outbox.PAGES:
            fallback.fall_back(changes, case, result.leased.level, result.leased.who, result.words)
    changes.write()
    crashpoint.passing("outcome written")


def _of_client(session: Session, result: Result, now: datetime) -> None:
    """A subscriber of the status page whose address is none any more is written to no more."""
    if result.ended and result.leased.kind in clients.KINDS:
        subscribing.bounced(session, result.leased.who, result.words, now)


def _more_lines(
    changes: Changes, result: Result, values: Mapping[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What an attempt says beside how it went: of the source of a call, and of the address."""
    if result.outcome == "over" or result.asked:
        yield "voice gate", actions.CLOCK.name, _at_source(result)
    if news := _news_of_contact(changes, result):
        yield news, *_line(result, values)[1:]


def _at_source(result: Result) -> dict[str, Any]:
    """What asking the source came to, as the timeline keeps it."""
    one, why = result.leased, at_gate.GONE if result.outcome == "over" else "source not asked"
    return {"why": why, "who": one.who, "name": one.name, "level": one.level, "problem": result.asked[:300]}


def _news_of_contact(changes: Changes, result: Result) -> str:
    """What an attempt says about the address itself, as a kind of line, if that is news."""
    leased = result.leased
    if result.outcome == "sent":
        mend.worked(changes, leased.channel, leased.address_id)
    if result.ended and mend.failed(changes, leased.channel, leased.address_id, result.words, changes.now):
        return "subscription ended" if leased.channel == browsers.CHANNEL else "contact failing"
    return ""


def _rolled_up(session: Session, changes: Changes, result: Result, status: str, loaded: Mapping[int, Case]) -> None:
    """What becomes of the pages that a roll-up was to say. Where nobody got it, each of them takes its fallback."""
    if status == "sent":
        bundles.arrived(session, result.leased.id)
    if status == "failed":
        bundles.release(session, result.leased.id, changes.now)
    if _got_out(result.leased, status):
        return
    unsaid = bundles.only_logged(session, result.leased.id)
    for incident_id, level, who in unsaid:
        if incident_id in loaded:
            fallback.fall_back(changes, loaded[incident_id], level, who, result.words)


def _got_out(leased: Leased, status: str) -> bool:
    """Or may yet. What an invented person is told counts as well, so that a demo's ladder keeps its pace."""
    return status != "failed" and (status != "logged" or is_invented(leased.who))


def _values(session: Session, result: Result, case: Case | None, now: datetime) -> dict[str, Any]:
    leased, at = result.leased, micros(now)
    base: dict[str, Any] = {"error": "", "provider_ref": ""}
    if result.outcome in ("sent", "logged"):
        sent = {"status": result.outcome, "provider_ref": result.words[:200], "finished_at": at, "fallback_at": None}
        latency = {"latency_ms": max(0, (at - leased.created_at) // 1000)}
        return base | sent | latency | pages.load_on_person(session, leased, now)
    base |= {"error": result.words[:500]}
    if result.outcome == "over":
        untried = {"attempts": leased.attempts - 1}  # it was asked about, not sent
        return base | untried | {"status": "cancelled", "finished_at": at, "fallback_at": None}
    if result.outcome == "never":
        return base | {"status": "failed", "finished_at": at, "fallback_at": None}
    if leased.kind in outbox.PAGES and case is not None and not case.calls:
        return base | {"status": "cancelled", "finished_at": at, "ambiguous": _tried(session, result)}
    again = next_attempt(str(leased.id), leased.attempts, now, result.retry_after)
    return base | {"status": "queued", "due_at": micros(again), "ambiguous": _tried(session, result)}


def _tried(session: Session, result: Result) -> int:
    return outbox.ambiguous(session, result.leased.id) + int(result.ambiguous)


def _count(result: Result, status: str, now: datetime) -> None:
    channel = result.leased.channel
    metrics.deliveries.labels(channel, {"queued": "retried"}.get(status, status)).inc()
    if status == "sent":
        metrics.delivery_seconds.labels(channel).observe(max(0, micros(now) - result.leased.created_at) / 1_000_000)


def _line(result: Result, values: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """The timeline's words for one attempt."""
    leased = result.leased
    status = str(values["status"])
    kind = {"sent": "sent", "logged": "logged", "queued": "attempt failed"}.get(status, "delivery " + status)
    detail: dict[str, Any] = {
        "delivery": leased.id, "message": leased.kind, "channel": leased.channel, "way": leased.way, "who": leased.who,
        "name": leased.name, "attempt": leased.attempts, "seconds": round(result.seconds, 3), "level": leased.level,
    }  # fmt: skip
    if result.outcome in ("sent", "logged"):
        detail["reference"] = result.words[:200]
    else:
        detail["error"] = result.words[:300]
    if result.ambiguous:
        detail["ambiguous"] = True
    if status == "queued":
        detail["again_at"] = values["due_at"]
    return kind, actions.CLOCK.name, detail


def reclaim(session: Session, channel: str, now: datetime, clock: int, floors: Floors = NONE) -> int:
    """Messages whose worker was lost go back into the queue, or are over if they were answered meanwhile."""
    lost = outbox.reclaim(session, channel, now, clock, floors)
    kinds = {"queued": "attempt failed"}
    lines = [
        timeline.line(
            one.incident_id, now, kinds.get(one.status, "delivery cancelled"), actions.CLOCK.name,
            {"delivery": one.id, "message": one.kind, "channel": channel, "way": one.way, "who": one.who,
             "name": one.name, "attempt": one.attempts, "level": one.level, "error": LOST, "ambiguous": True},
        )
        for one in lost
    ]  # fmt: skip
    timeline.write(session, lines)
    return len(lost)
