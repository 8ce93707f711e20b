"""Silences and maintenance windows, turned by the clock: begun, their authors reminded, over."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from gateway import log
from gateway.acts.silencing import kept, over
from gateway.flows import holding, suppress
from gateway.flows.apart import apart
from gateway.store.db import reading, transaction
from gateway.store.quiet import silences
from gateway.store.tables import SilenceRow
from gateway.telling import silence_news
from rules.telling.suppress import next_turn, read_matchers, still_soon, wants_reminder
from rules.times import recurrence
from rules.times.walltime import zone_of
from rules.words import Suppressor

AGAIN = timedelta(minutes=1)  # after one that failed


def turn_due(now: datetime) -> int:
    """Everything that begins, ends, or is to be reminded of now; each in transactions of its own."""
    with reading() as session:
        due = silences.due(session, now)
    for number in due:
        apart("silences", partial(_turn, number, now), partial(_put_off, number, now), silence=number)
    return len(due)


def _put_off(number: int, now: datetime) -> None:
    with transaction() as session:
        silences.put_off(session, number, now, now + AGAIN)


def release_stragglers(now: datetime) -> None:
    """An alert that came while its silence was being ended knew nothing of it. And where enough of them are waited for,
    what was silenced counts now."""
    with reading() as session:
        holds_any = silences.holds_any(session)
    if holds_any:
        with transaction() as session:
            silences.release(session, now)
        suppress.release_left_behind(now)
    holding.count_again(now)


def _turn(number: int, now: datetime) -> None:
    hushed = _hushed(number, now)
    with transaction() as session:
        row = silences.lock(session, number)
        if row is None or row.next_at is None or row.next_at > now:
            return
        reminded = row.reminded
        if row.ends_at <= now:
            _next_span(session, row, now)
        begun = hushed and _begins(row, now)
        row.begun_at = now if begun else row.begun_at
        if row.ended_at is None:
            span, kind = (row.starts_at, row.ends_at), Suppressor(row.kind)
            again = reminded and still_soon(row.ends_at, now)  # if not, somebody has made it longer since
            row.reminded = again or (not begun and wants_reminder(kind, span, now))
            row.next_at = next_turn(kind, span, begun=row.begun_at is not None, reminded=row.reminded, now=now)
            if row.reminded and not reminded:
                silence_news.ends_soon(session, row, now)
        if begun:
            silence_news.begun(session, row, now)
    if begun:
        log.info("silence_begun", silence=number)


def _hushed(number: int, now: datetime) -> bool:
    """What a silence that begins hides is quiet now. That comes before the silence is marked as begun: where it fails
    half way, or we die, it is done again."""
    with reading() as session:
        row = silences.seen(session, number)
        if row is None or not _begins(row, now):
            return False
        matchers = read_matchers(row.matchers)
    return suppress.hush_all(matchers, now)


def _begins(row: SilenceRow, now: datetime) -> bool:
    return row.ended_at is None and row.begun_at is None and row.starts_at <= now


def _next_span(session: Session, row: SilenceRow, now: datetime) -> None:
    """A window waits for its next time; what has none is over."""
    if not row.rule:
        over(session, row, now, "")
        return
    length = timedelta(seconds=row.seconds)
    start = datetime.fromisoformat(row.wall_start)
    found = recurrence.spans(row.rule, start, length, zone_of(row.timezone), now)
    if not found:
        over(session, row, now, "")
        return
    (row.starts_at, row.ends_at), row.spans, row.begun_at = found[0], kept(found), None
    session.flush()
    silences.bump(session, now)
    silences.ended(session, row.id, now)
