"""PagerDuty and we compare what is open: an answer that got lost on the way takes effect on the side that missed it."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError

from gateway import actions, log, metrics
from gateway.actions import Actor
from gateway.changes import notice_to
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.outward.pagerduty_pages import page_of
from gateway.outward.pagerduty_rest import PAGE, Rest
from gateway.secrets import digest
from gateway.store.db import reading, transaction
from gateway.store.incidents import cases
from gateway.store.outgoing import drift, echoes, outbox, promised
from gateway.store.outgoing.drift import Side
from gateway.world import World
from rules.lifecycle import NOTHING_DONE, Signal
from rules.senders.drift import RECONCILED, Drift, Theirs, differ
from rules.words import Status

PAGES = 10  # of what is open there; the incidents that are not on them are asked for one by one …
ONE_BY_ONE = 200  # … so many in one check, the next ones in the next
LONGEST_CHECK = 240.0  # seconds, all requests together
OURS = re.compile(r"nabat-([0-9a-f-]{36})")  # how our incidents are called there
PACE = 0.2  # seconds between two requests: five a second, of the sixteen that a key may make
MOST_REPEATS = 3  # of one piece of news: what PagerDuty refuses so often it refuses for good
SIGNALS = {Drift.ACKNOWLEDGED_THERE: Signal.ACKNOWLEDGE, Drift.RESOLVED_THERE: Signal.RESOLVE}
NEWS = {Drift.ACKNOWLEDGED_HERE: "acknowledged", Drift.RESOLVED_HERE: "resolved"}


@dataclass(slots=True)
class PagerDuty:
    """Compares with PagerDuty. It remembers whom it asked for last, so that everybody has their turn."""

    world: World
    pace: float = PACE
    last: int = 0  # the incident that was asked for last

    def check(self, now: datetime) -> Counter[str]:
        """One comparison: what was put right. Raises TemporaryFailure or PermanentFailure if PagerDuty refuses."""
        done: Counter[str] = Counter()
        with Rest(self.world.settings.env, deadline=LONGEST_CHECK, pace=self.pace) as rest:
            there = _open_there(rest)
            with reading() as session:
                sides = drift.open_sides(session)
                told = echoes.told_keys(session, [side.id for side in sides])
                sides += drift.sides_of(session, there.keys() - {side.uuid for side in sides})
            trouble = self._ask_for(self._in_turn(sides, there, told), there, rest)
            self._keep_pages(sides, there, now)
            for side in sides:
                found = differ(side.ours, there.get(side.uuid, []), now)
                if found is not None and _guarded(side, *found, rest, now):
                    done[found[0].value] += 1
                    metrics.reconciled.labels("pagerduty", found[0].value).inc()
        if trouble is not None:  # what was heard before it counts all the same
            raise trouble
        return done

    def _keep_pages(self, sides: list[Side], there: dict[str, list[Theirs]], now: datetime) -> None:
        """Where each is shown there, as far as that is new to us."""
        env = self.world.settings.env
        found = {
            side.id: next((url for one in there.get(side.uuid, []) if (url := page_of(one.page, env))), "")
            for side in sides
        }
        with reading() as session:
            known = echoes.pages(session, list(found))
        fresh = {number: url for number, url in found.items() if url and number not in known}
        if fresh:
            with transaction() as session:
                echoes.keep_pages(session, fresh, now)

    def _ask_for(self, sides: list[Side], there: dict[str, list[Theirs]], rest: Rest) -> TemporaryFailure | None:
        """All of each, one by one, until there is trouble: then the rest has its turn in the next check."""
        for side in sides:
            try:
                there[side.uuid] = rest.of_key(f"nabat-{side.uuid}")
            except TemporaryFailure as trouble:
                return trouble
            self.last = side.id
        return None

    def _in_turn(self, sides: list[Side], there: dict[str, list[Theirs]], told: dict[int, set[str]]) -> list[Side]:
        """Those that are open here, and there on fewer services than were told: somebody may have resolved them."""
        fewer = [
            side
            for side in sides
            if side.ours.status is not Status.RESOLVED
            and len({one.service for one in there.get(side.uuid, [])}) < len(told.get(side.id, ()))
        ]
        chosen = [*(one for one in fewer if one.id > self.last), *(one for one in fewer if one.id <= self.last)]
        return chosen[:ONE_BY_ONE]


def _open_there(rest: Rest) -> dict[str, list[Theirs]]:
    """What is open there and ours, by our name for it."""
    found: dict[str, list[Theirs]] = {}
    for page in range(PAGES):
        ones, more = rest.open_ones(page * PAGE)
        with reading() as session:
            for one in ones:
                named = OURS.fullmatch(one.key)
                if uuid := named[1] if named else echoes.uuid_of(session, one.id):
                    found.setdefault(uuid, []).append(one)
        if not more:
            break
    return found


def _guarded(side: Side, what: Drift, theirs: Theirs, rest: Rest, now: datetime) -> bool:
    try:
        return _put_right(side, what, theirs, rest, now)
    except (TemporaryFailure, PermanentFailure, OperationalError):  # PagerDuty or the database: all the others wait too
        raise
    except Exception as problem:  # noqa: BLE001 - one broken incident must not keep all others different
        log.error("reconcile_failed", problem, incident=side.id)
        metrics.worker_errors.labels("reconcile one").inc()
        return False


def _put_right(side: Side, what: Drift, theirs: Theirs, rest: Rest, now: datetime) -> bool:
    """Whether anything changed. What somebody did there is theirs, and is not sent back to where it came from."""
    if what in NEWS:
        return _repeat(side, what, theirs, now)
    _find_key(side, theirs, rest, now)
    with transaction() as session:
        key = echoes.origin(session, theirs.service, side.id, now)
        actor = Actor(theirs.by or "PagerDuty", "pagerduty", key=key, why=RECONCILED)
        echoes.remember(session, theirs.id, side.uuid, now)
        reason = actions.act_in(session, side.id, SIGNALS[what], actor, now)
        return reason is not None and reason not in NOTHING_DONE


def _find_key(side: Side, theirs: Theirs, rest: Rest, now: datetime) -> None:
    """Which of several keys this service has, asked there if nothing tells. Not to know it costs an echo, no more."""
    with transaction() as session:
        if not theirs.service or echoes.origin(session, theirs.service, side.id, now):
            return
        told = echoes.told_keys(session, [side.id]).get(side.id, set())
    try:
        there = {digest(key) for key in rest.keys_of(theirs.service)} & told
    except PermanentFailure as refusal:  # gone, or not for this API key to see
        log.warning("pagerduty_service", service=theirs.service, problem=str(refusal))
        return
    if len(there) == 1:
        with transaction() as session:
            echoes.belongs(session, theirs.service, there.pop(), now)


def _repeat(side: Side, what: Drift, theirs: Theirs, now: datetime) -> bool:
    """The same news once more, as an ordinary message: the first did not arrive, or was not heeded."""
    kind = NEWS[what]
    with transaction() as session:
        again, waiting = drift.repeats(session, side.id, kind)
        case = cases.load(session, [side.id]).get(side.id)
        if waiting or again >= MOST_REPEATS or case is None or case.state.status.value != kind:
            return False
        key = echoes.origin(session, theirs.service, side.id, now)
        told = [one for one in promised.told(session, [side.id]) if one.channel == "pagerduty"]
        chosen = next((one for one in told if one.address_id == key), told[0] if told else None)
        if chosen is None:
            return False
        changes = actions.changes_of(session, now)
        changes.promise(case, notice_to(chosen), kind, outbox.AGAIN)
        changes.line(case, "reconciled", actions.CLOCK.name, {"with": "pagerduty", "what": kind})
        changes.write()
        return True
