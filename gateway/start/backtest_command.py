"""`./nabat rules backtest`: the past through the present and a proposed rule book. Sends nothing, writes nothing."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway import sources
from gateway.app import create_app
from gateway.clock import SystemClock
from gateway.loader import BadJson
from gateway.rulebook import shelf
from gateway.sources import BadPayload, Heard
from gateway.start.console import fail, settings
from gateway.store.db import db, reading
from gateway.store.directory import people as people_store
from gateway.store.senders import replays
from rules import book
from rules.checks.backtest import Backtest, Comparison, Was, report
from rules.checks.replay import Who
from rules.senders.writeback import names_of
from rules.texts.durations import parse_duration

STEPS = 20  # the least one hears of how far it is
WIDTH = 30


@click.command("backtest", help="The past through another rule book. Exit 1 if an emergency is missed by it.")
@click.option("--last", default="30d", show_default=True, help="How much of the past; payloads are kept for 30 days.")
@click.option("--rules", "place", default=None, help="The proposed rule book; the one in force if not given.")
@click.option("--json", "as_json", is_flag=True, help="The same for a program.")
def rules_backtest(last: str, place: str | None, *, as_json: bool) -> None:
    try:
        span = parse_duration(last)
    except ValueError as problem:
        fail(f"--last {problem}")
    found = settings()
    before, after = (_book(one) for one in (found.rules, Path(place) if place else found.rules))
    with create_app(replace(found, rules=found.rules)).app_context():
        try:
            compared, skipped = run(before, after, SystemClock().now(), span, Bar().show)
        except SQLAlchemyError as problem:
            fail(f"the database cannot be read: {str(problem).splitlines()[0]}")
        finally:
            db.session.remove()
            db.engine.dispose()
    if as_json:
        click.echo(json.dumps(as_data(compared, last, skipped), ensure_ascii=False, indent=2))
    else:
        aside = [f"{skipped:,} payloads could not be read now and were left out"] if skipped else []
        click.echo(report(compared, [f"the last {last}; nothing was sent, nothing was written", *aside]), nl=False)
    if compared.missed:
        sys.exit(1)


def _book(place: Path) -> book.RuleBook:
    try:
        return book.parse(shelf.read(place))
    except book.BadRuleBook as problem:
        fail(*problem.complaints)


def run(
    before: book.RuleBook, after: book.RuleBook, now: datetime, span: timedelta, show: Callable[[int, int], None]
) -> tuple[Comparison, int]:
    """The comparison, and how many payloads could not be read. `show` hears how many alerts of how many are done."""
    since = now - span
    with reading() as session:
        directory = people_store.directory(session)
        _, alerts = replays.count(session, since)
        known: dict[Who, list[Was]] = {}
        for who, opened, number, answered in replays.incidents(session, since):
            known.setdefault(who, []).append(Was(opened, number, answered))

    mappings = {**before.mappings, **after.mappings}
    test, skipped, kinds = Backtest(before, after, directory, known), 0, frozenset(sources.names())
    for kept in replays.payloads(since):
        if kept.kind not in kinds:  # our own word, or a person's, which nobody sent
            continue
        try:
            heard = Heard(kept.source, kept.received_at, own=names_of(kept.account), mappings=mappings)
            parsed = sources.read(kept.kind, kept.body, heard)
        except (BadJson, BadPayload):  # kept though nobody could read it
            skipped += 1
            continue
        for alert in parsed.alerts:
            test.hear(kept.source_id, alert, kept.received_at)
        show(test.alerts, alerts)
    show(max(1, alerts), max(1, alerts))
    return test.compare(now), skipped


def as_data(found: Comparison, last: str, skipped: int) -> dict[str, object]:
    return {
        "last": last, "alerts": found.alerts, "payloads_not_read": skipped, "before": found.before.as_data(),
        "after": found.after.as_data(), "missed_emergencies": len(found.missed),
        "changes": [one.as_data() for one in found.changes],
    }  # fmt: skip


class Bar:
    """How far it is, on stderr: one line drawn anew where somebody watches, else a line now and then."""

    def __init__(self) -> None:
        self.last = -1

    def show(self, done: int, of: int) -> None:
        part = min(STEPS, done * STEPS // max(1, of))
        if part == self.last:
            return
        self.last = part
        percent, full = part * 100 // STEPS, part * WIDTH // STEPS
        line = f"[{'#' * full}{'.' * (WIDTH - full)}] {percent:3d} %  {done:,} of {of:,} alerts"
        end = "\n" if part == STEPS or not sys.stderr.isatty() else ""
        click.echo(("\r" if sys.stderr.isatty() else "") + line + end, err=True, nl=False)
