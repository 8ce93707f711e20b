"""What a source's Alertmanagers say fires is compared with what fires here: lost resolves and lost alerts are found."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace as changed
from sqlalchemy.orm import Session

from gateway import log, metrics
from gateway.flows import intake
from gateway.outward import alertmanager_api
from gateway.outward.alertmanager_api import Seen
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.secrets import BadSecret
from gateway.sources import Heard, alertmanager
from gateway.store.db import reading, transaction
from gateway.store.incidents import timeline
from gateway.store.incidents.alerts import Post
from gateway.store.senders import alertmanagers
from gateway.store.senders.alertmanagers import GONE, LOST, Ending
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.types import micros, moment, to_json
from gateway.world import World
from rules.episodes import Episodes
from rules.senders.drift import UP_LONG_ENOUGH, confirmed
from rules.words import Alert, Severity, Urgency

PORTION = 1000  # alerts closed, and as many taken in, by one check; the next ones wait for the next check
SHOWN = 5  # titles named on a timeline line
FAR = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """A source whose Alertmanagers can be asked."""

    id: int
    name: str
    addresses: tuple[tuple[int, str, str], ...]  # id, url, and sealed what we show there
    receivers: frozenset[str]


def watched() -> list[Watched]:
    with reading() as session:
        found: dict[int, Watched] = {}
        for source, address in alertmanagers.addresses(session):
            before = found.get(source.id, Watched(source.id, source.name, (), frozenset()))
            one = (address.id, address.url, address.sealed or "")
            names = before.receivers | frozenset(map(str, address.receivers))
            found[source.id] = replace(before, addresses=(*before.addresses, one), receivers=names)
        return list(found.values())


def check(source: Watched, world: World, now: datetime, *, up_for: timedelta = UP_LONG_ENOUGH) -> Counter[str]:
    """One comparison: what was put right.

    Something is gone only if every Alertmanager of the source answered, knows what its peers know and has been up for
    so long that it was told of all that fires, none of them has it, and it was so in the check before. It was lost on
    its way to us if one of them has it for our receiver, twice.
    """
    seen, problems = _ask(source, world)
    with transaction() as session:
        alertmanagers.was_asked(session, problems, now)
    sure = len(seen) == len(source.addresses) and all(
        one.settled and one.up_for is not None and one.up_for >= up_for for one in seen
    )
    metrics.reconcile_checks.labels("alertmanager", "done" if sure else ("in part" if seen else "failed")).inc()
    there = {str(alert["fingerprint"]): alert for one in seen for alert in one.alerts}
    done, opened = Counter[str](), list[int]()
    names, ours = _doubtful(source, there) if seen else (set[str](), set[str]())
    if names:
        with transaction() as session:
            one_writer_per_source(session, [source.id])
            if not alertmanagers.still(session, source.id, problems):  # others were set meanwhile
                return done
            found = _compare(session, source.id, names, there, now, sure=sure)
            done, opened = _take(session, source, replace(found, ours=sorted(ours)), world, now)
    for what, count in done.items():
        metrics.reconciled.labels("alertmanager", what).inc(count)
        log.warning("alertmanager_differed", source=source.name, what=what, count=count)
    for rank in opened:
        metrics.incidents_opened.labels(tuple(Urgency)[rank].value).inc()
    return done


def _ask(source: Watched, world: World) -> tuple[list[Seen], dict[int, str]]:
    """Whoever answers, and what was wrong with each; nobody's silence keeps the others from being asked."""
    seen, problems = list[Seen](), dict[int, str]()
    for id_, url, sealed in source.addresses:
        try:
            secret = msgspec.json.decode(world.vault.open(sealed), type=dict[str, str]) if sealed else {}
            seen.append(alertmanager_api.look(url, secret, world.settings.allow_private_hosts))
            problems[id_] = ""
        except (TemporaryFailure, PermanentFailure, BadSecret) as problem:
            problems[id_] = str(problem)
            log.warning("alertmanager_silent", source=source.name, address=url, problem=str(problem))
    return seen, problems


def _doubtful(source: Watched, there: Mapping[str, Mapping[str, Any]]) -> tuple[set[str], set[str]]:
    """The alerts worth a closer look, nearly always none, and the names of our receivers there.

    Nobody has to wait while all of them are looked through.
    """
    with reading() as session:
        here = alertmanagers.firing(session, source.id)
        before = alertmanagers.suspects(session, source.id)
        ours = set(source.receivers) or alertmanagers.receivers(session, source.id)
    lost = {name for name, one in there.items() if name not in here and _for_us(one, ours)}
    return (here.keys() - there.keys()) | lost | before[GONE].keys() | before[LOST].keys(), ours


@dataclass(frozen=True, slots=True)
class _Found:
    ending: list[Ending]
    starting: list[Mapping[str, Any]]
    ours: Sequence[
        str
    ] = ()  # names of receivers; kept with what is taken in, so that it is not forgotten in a long silence


def _compare(
    session: Session,
    source_id: int,
    names: set[str],
    there: Mapping[str, Mapping[str, Any]],
    now: datetime,
    *,
    sure: bool,
) -> _Found:
    """Both sides at one moment: intake waits. What only now looks wrong is remembered for the next check."""
    here = alertmanagers.firing(session, source_id, names)
    before = alertmanagers.suspects(session, source_id)
    absent = here.keys() - there.keys()
    # Heard of since it became suspect, it is a new suspicion; while we are not sure, no suspicion is new.
    known = {name: since for name, since in before[GONE].items() if name in absent and here[name] < since}
    gone = {name: known.get(name, now) for name in absent} if sure else known
    missed = [name for name in names if name not in here and _active(there.get(name, {}))]
    lost = {name: before[LOST].get(name, now) for name in missed}
    ending = confirmed(gone, known, now)[:PORTION] if sure else []
    starting = confirmed(lost, before[LOST], now)[:PORTION]
    left = {
        GONE: {name: since for name, since in gone.items() if name not in set(ending)},
        LOST: {name: since for name, since in lost.items() if name not in set(starting)},
    }
    if left != before:
        alertmanagers.suspect(session, source_id, left)
    ends = alertmanagers.endings(session, source_id, ending) if ending else []
    return _Found(ends, [there[one] for one in starting])


def _active(alert: Mapping[str, Any]) -> bool:
    """It fires, and nobody silenced it."""
    status = alert.get("status")
    return isinstance(status, dict) and status.get("state") == "active"


def _for_us(alert: Mapping[str, Any], ours: Iterable[str]) -> bool:
    """It would be sent, and one of its receivers is us."""
    named = alert.get("receivers")
    names = {str(one.get("name")) for one in named if isinstance(one, dict)} if isinstance(named, list) else set[str]()
    return _active(alert) and not names.isdisjoint(ours)


def _take(
    session: Session, source: Watched, found: _Found, world: World, now: datetime
) -> tuple[Counter[str], list[int]]:
    """What was lost takes the way of everything that is received, and says on the timeline how it came."""
    posts = [*_resolves(source, found, now), *_alerts(session, source, found, now)]
    if not posts:
        return Counter(), []
    ends: dict[int, list[str]] = {}
    for one in found.ending:
        if one.incident_id is not None:
            ends.setdefault(one.incident_id, []).append(one.title)
    _write(session, "lost resolve", source, ends, now)
    outcomes = intake.receive(session, posts, world.shelf.book, world.roll, now)
    names = [str(one["fingerprint"]) for one in found.starting]
    _write(session, "lost alert", source, alertmanagers.joined(session, source.id, names) if names else {}, now)
    taken = sum(len(post.alerts) for post in posts) - len(found.ending)
    done = Counter({"lost resolve": len(found.ending), "lost alert": taken})
    return +done, [rank for outcome in outcomes for rank in outcome.opened]


def _write(session: Session, kind: str, source: Watched, titles: Mapping[int, Sequence[str]], now: datetime) -> None:
    lines = [
        timeline.line(number, now, kind, source.name, {"count": len(ones), "titles": list(ones[:SHOWN])})
        for number, ones in titles.items()
    ]
    timeline.write(session, lines)


def _resolves(source: Watched, found: _Found, now: datetime) -> list[Post]:
    ending = found.ending
    alerts = [
        Alert(
            source.name, one.fingerprint, False, one.title, Severity(one.severity), moment(one.fired), now,  # noqa: FBT003
            one.labels, one.annotations, one.url,
        )
        for one in ending
    ]  # fmt: skip
    told = [
        {"status": "resolved", "fingerprint": one.fingerprint, "labels": one.labels, "annotations": one.annotations,
         "startsAt": moment(one.fired), "endsAt": now, "generatorURL": one.url}
        for one in ending
    ]  # fmt: skip
    body = to_json({"version": "4", "status": "resolved", **_how("lost resolve", found), "alerts": told}).encode()
    return [Post(source.id, source.name, body, now, alerts)] if alerts else []


def _how(what: str, found: _Found) -> dict[str, Any]:
    return {"found": what, "receivers": found.ours}


def _alerts(session: Session, source: Watched, found: _Found, now: datetime) -> list[Post]:
    told = [{**one, "status": "firing"} for one in found.starting]
    body = {"version": "4", "status": "firing", **_how("lost alert", found), "alerts": told}
    parsed = alertmanager.parse(body, Heard(source.name, now))
    heard = alertmanagers.episodes(session, source.id, [one.fingerprint for one in parsed.alerts]) if told else {}
    alerts = [_anew(one, heard.get(one.fingerprint), now) for one in parsed.alerts]
    # What cannot be read is not set aside: it would be so every ten minutes, and the webhook will say it once.
    return [Post(source.id, source.name, to_json(body).encode(), now, alerts)] if alerts else []


def _anew(alert: Alert, heard: Episodes | None, now: datetime) -> Alert:
    """What we believe over and is not: told with its old start nobody would take it for firing."""
    starts = micros(alert.starts_at)
    if heard is None or (starts > heard.resolved and starts >= heard.ended):
        return alert
    return changed(alert, starts_at=max(now, moment(max(heard.resolved, heard.ended)) + FAR))
