"""Tells service desks who works on their tickets, beside the worker's loop. At least once, each time with the same key.

What does not get through is tried again for a day by the outbox's pauses; what fails for good stands on the ticket.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from gateway import log
from gateway.access.links import ticket_page
from gateway.actions import changes_of
from gateway.flows.beside import Beside
from gateway.outward.outbound import PermanentFailure, TemporaryFailure, post
from gateway.secrets import BadSecret
from gateway.store.db import reading, transaction
from gateway.store.incidents import cases
from gateway.store.incidents.cases import Case
from gateway.store.outgoing import desk
from gateway.store.outgoing.desk import Telling
from gateway.world import World
from rules.telling.retry import next_attempt

EVERY = timedelta(milliseconds=500)
TRIED_FOR = timedelta(hours=24)
TOLD, FAILED = "desk told", "desk failed"


@dataclass(slots=True)
class Teller:
    """One worker's turns at it."""

    app: Flask
    world: World
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.beside = Beside(self.app, "desks")

    def start_due(self, now: datetime) -> None:
        with reading() as session:
            if not desk.is_due(session, now):
                return
        self.beside.start("desks", EVERY, now, lambda: turn(self.world))


def turn(world: World) -> int:
    """All that is due. Returns how many attempts there were. One desk that does not answer holds up no other."""
    made, silent = 0, set[int]()
    while True:
        now = world.clock.now()
        with transaction() as session:
            one = desk.lease(session, now, silent)
        if one is None:
            return made
        made += 1
        try:
            problem, wish, final = _send(one, world), None, False
        except TemporaryFailure as failure:
            problem, wish, final = str(failure), failure.retry_after, now - one.created_at >= TRIED_FOR
            silent.add(one.source_id)
        except (PermanentFailure, BadSecret) as failure:
            problem, wish, final = str(failure), None, True
        _settle(one, problem, wish, world.clock.now(), final=final)


def _send(one: Telling, world: World) -> str:
    """Empty: it has heard. Raises the two failures, and BadSecret."""
    if not one.url:
        raise PermanentFailure("no address is set for this service desk any more")
    bearer = {"Authorization": f"Bearer {world.vault.open(one.sealed)}"} if one.sealed else {}
    headers = {"Idempotency-Key": f"nabat-desk-{one.id}", **bearer}
    allowed = world.settings.allow_private_hosts
    post(one.url, json=_said(one, world), headers=headers, allow_private=allowed, loopback=False)
    return ""


def _said(one: Telling, world: World) -> dict[str, Any]:
    key = str(one.ticket.get("key", ""))
    return {
        "event": "assigned", "id": key, "assignee": dict(one.assignee) or None, "by": one.actor,
        "at": one.created_at.isoformat(), "url": world.settings.public_url + ticket_page(key, one.incident_id),
    }  # fmt: skip


def _settle(one: Telling, problem: str, wish: float | None, now: datetime, *, final: bool) -> None:
    """The line on the timeline says it, and open pages see it by that."""
    with transaction() as session:
        case = cases.load(session, [one.incident_id]).get(one.incident_id)
        word = desk.held(session, one)
        if word is None or case is None:
            if desk.arrived(session, one, now) and case is not None and not problem:
                _line(session, case, one, "", now)  # it was heard all the same
            return
        word.error = problem[:300]
        if problem and not final:
            word.due_at = next_attempt(f"desk:{one.id}", one.attempt, now, wish)
            log.warning("desk_not_told", incident=one.incident_id, attempt=one.attempt, error=problem)
            return
        word.status, word.finished_at = ("failed" if problem else "sent"), now
        _line(session, case, one, word.error, now)


def _line(session: Session, case: Case, one: Telling, error: str, now: datetime) -> None:
    changes = changes_of(session, now)
    detail = {"to": one.assignee.get("name", ""), **({"error": error} if error else {})}
    changes.line(case, FAILED if error else TOLD, "", detail)
    changes.write()
