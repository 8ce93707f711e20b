"""What does not come: sources that fall silent against their habit, and alerts nobody speaks of any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from gateway import log
from gateway.flows import intake
from gateway.flows.apart import apart
from gateway.flows.beats import own_post
from gateway.flows.own_alerts import source_silent_alert
from gateway.store.db import reading, transaction
from gateway.store.incidents import timeline, timers
from gateway.store.incidents.alerts import Post
from gateway.store.senders import alertmanagers, rhythms
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.tables import Rhythm, Source
from gateway.store.types import micros, moment, to_json
from gateway.world import world
from rules.senders.rhythm import learned, silent_from
from rules.texts.durations import write_duration
from rules.words import Alert, Severity

SHOWN = 5  # titles named on a timeline line


def listen(now: datetime) -> int:
    """Learns how long each source is quiet, and tells of those that are so for too long. Returns how many were told."""
    with reading() as session:
        found = rhythms.sources(session)
        known = [one.id for one, row in found if _alone(one.id, partial(_may_change, one, row, now))]
        retired = rhythms.retired(session)
    for source_id in retired:
        _alone(source_id, partial(_expect_no_more, source_id, now))
    return sum(_alone(source_id, partial(_listen, source_id, now)) for source_id in known)


def _alone(source_id: int, look: Callable[[], bool]) -> bool:
    return apart("rhythms", look, lambda: False, source=source_id)


def _expect_no_more(source_id: int, now: datetime) -> bool:
    with transaction() as session:
        row = rhythms.lock(session, source_id)
        if row is None or source_id not in rhythms.retired(session):
            return False  # heard, or given a key, meanwhile
        row.silent_at = None
        _tell(session, session.get_one(Source, source_id).name, "", now, over=True)
        return True


def _may_change(source: Source, row: Rhythm | None, now: datetime) -> bool:
    if row is None or (source.last_seen_at is not None and source.last_seen_at > row.last_at):
        return True
    due = silent_from(row.pauses, row.last_at)
    return row.silent_at is None and due is not None and due <= now


def _listen(source_id: int, now: datetime) -> bool:
    with transaction() as session:
        row, source = rhythms.lock(session, source_id), session.get(Source, source_id)
        if source is None or source.last_seen_at is None:
            return False
        if row is None:
            session.add(Rhythm(source_id=source_id, last_at=source.last_seen_at, pauses={}))
            return False
        heard = source.last_seen_at > row.last_at
        if heard:
            row.pauses, row.last_at = learned(row.pauses, row.last_at, source.last_seen_at), source.last_seen_at
        due = silent_from(row.pauses, row.last_at, rhythms.keyed_since(session, source_id))
        if heard and row.silent_at is not None:
            row.silent_at = None
            _tell(session, source.name, "", now, over=True)
        elif due is not None and due <= now and row.silent_at is None:
            row.silent_at = now
            usual = write_duration(timedelta(seconds=max(row.pauses.values())))
            words = f"It was heard last at {row.last_at.isoformat()}; in two weeks it was never quiet for longer than"
            _tell(session, source.name, f"{words} {usual}.", now)
            return True
        return False


def _tell(session: Session, name: str, words: str, now: datetime, *, over: bool = False) -> None:
    session.flush()
    alert = source_silent_alert(name, words, now, over=over)
    intake.receive(session, [own_post([alert], now)], world().shelf.book, world().roll, now)


def forget_stale(now: datetime) -> int:
    """Alerts of which nothing was heard for as long as their source's setting says are over."""
    with reading() as session:
        found = rhythms.with_stale(session)
        up_for = timers.since_outage(session, now) if found else None
    # What was said while nobody was here to hear it is no silence.
    due = [one for one in found if up_for is None or up_for >= timedelta(seconds=one[2])]
    return sum(apart("stale_alerts", partial(_forget, *one, now), lambda: 0, source=one[0]) for one in due)


def _forget(source_id: int, name: str, seconds: int, now: datetime) -> int:
    before = micros(now - timedelta(seconds=seconds))
    with transaction() as session:
        one_writer_per_source(session, [source_id])
        names = rhythms.stale(session, source_id, before)
        if not names:
            return 0
        endings = alertmanagers.endings(session, source_id, names)
        titles: dict[int, list[str]] = {}
        for one in endings:
            if one.incident_id is not None:
                titles.setdefault(one.incident_id, []).append(one.title)
        words = write_duration(timedelta(seconds=seconds))
        lines = [
            timeline.line(number, now, "stale", name, {"count": len(ones), "titles": ones[:SHOWN], "after": words})
            for number, ones in titles.items()
        ]
        timeline.write(session, lines)
        alerts = [
            Alert(
                name, one.fingerprint, False, one.title, Severity(one.severity), moment(one.fired), now,  # noqa: FBT003
                one.labels, one.annotations, one.url,
            )
            for one in endings
        ]  # fmt: skip
        body = to_json({"found": "stale", "after": words, "fingerprints": names}).encode()
        post = Post(source_id, name, body, now, alerts)
        intake.receive(session, [post], world().shelf.book, world().roll, now)
    log.info("stale_alerts_over", source=name, count=len(alerts))
    return len(alerts)
