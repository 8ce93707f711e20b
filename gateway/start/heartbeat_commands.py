"""The commands about heartbeats: what must come again and again, by which address, and when it came last."""

from collections.abc import Sequence
from datetime import timedelta

import click

from gateway.flows import heartbeats as flow
from gateway.start.console import fail, operator, program, public_address, when
from gateway.store.db import reading, transaction
from gateway.store.senders import heartbeats as store
from gateway.store.senders.heartbeats import Expected
from gateway.store.tables import HeartbeatRow
from gateway.store.upkeep import audit
from rules.senders.heartbeats import LEAST_EVERY, LEAST_GRACE, MOST_EVERY, MOST_GRACE
from rules.texts.durations import parse_duration, write_duration
from rules.times.cron import read_cron
from rules.times.walltime import is_zone
from rules.words import Severity

LONGEST_NAME = 100
OF = "Of the alert that tells of its silence."


@click.group(
    "heartbeat", help="What must come again and again. Its silence opens an incident, its next beat closes it."
)
def heartbeat_group() -> None: ...


@heartbeat_group.command(
    "add", help="One more. Prints the address that the job asks for when it is done: curl -fsS ADDRESS"
)
@click.argument("name")
@click.option("--every", default="", help="Its period: 5m.")
@click.option("--cron", default="", help='Or when it comes: "0 3 * * *".')
@click.option("--grace", default="5m", show_default=True, help="How late it may be.")
@click.option("--timezone", "zone", default="", help="Of the cron expression; NABAT_TIMEZONE if not given.")
@click.option(
    "--severity", type=click.Choice([one.value for one in Severity]), default="error", show_default=True, help=OF
)
def heartbeat_add(name: str, every: str, cron: str, grace: str, zone: str, severity: str) -> None:
    if bool(every) == bool(cron):
        fail("give --every or --cron")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        fail(f"a name has 1 to {LONGEST_NAME} printable characters")
    with program() as (_, world), transaction() as session:
        now, place = world.clock.now(), zone or world.settings.timezone
        if not is_zone(place):
            fail(f"{place[:60]!r} is not a time zone; write a name like Europe/Berlin")
        period = _span(every, LEAST_EVERY, MOST_EVERY) if every else timedelta()
        wanted = Expected(
            name.strip(), period, _cron(cron), place, _span(grace, LEAST_GRACE, MOST_GRACE), Severity(severity)
        )
        _room_for(wanted.name, store.listed(session))
        token = store.add(session, wanted, now)
        audit.note(session, now, operator(), "heartbeat add", wanted.name, "command", every=every, cron=cron)
        address = public_address(session, world)
    click.echo(f"{address}/heartbeat/{token}")


def _room_for(name: str, known: Sequence[HeartbeatRow]) -> None:
    for row in known:
        if row.name == name:
            by = "another name, or `./nabat heartbeat remove` first" if row.hash else "it stands in the rule book"
            fail(f"there is a heartbeat {name!r} already: {by}")
    if len(known) >= store.MOST:
        fail(f"there are {len(known)} heartbeats already, and no more are kept: remove one that nobody needs")


def _span(text: str, low: timedelta, high: timedelta) -> timedelta:
    try:
        span = parse_duration(text)
    except (ValueError, OverflowError) as problem:
        fail(str(problem))
    if not low <= span <= high:
        fail(f"{text} is not between {write_duration(low)} and {write_duration(high)}")
    return span


def _cron(text: str) -> str:
    try:
        if text:
            read_cron(text)
    except ValueError as problem:
        fail(str(problem))
    return " ".join(text.split())


@heartbeat_group.command("list", help="All of them, with the last beat of each.")
def heartbeat_list() -> None:
    with program(), reading() as session:
        for row in store.listed(session):
            state = "silent" if row.silent_at else ("waits for its first beat" if row.last_at is None else "beats")
            rhythm = (
                f"{row.cron} {row.timezone}" if row.cron else f"every {write_duration(timedelta(seconds=row.every))}"
            )
            by = f"…{row.ending}" if row.hash else "rule book"
            last = f"last {when(row.last_at)}" if row.last_at else ""
            click.echo(f"{row.name:24} {state:24} {rhythm}, grace {row.grace} s  {by}  {last}".rstrip())


@heartbeat_group.command("remove", help="Nobody waits for it any more. What was told of its silence is over.")
@click.argument("name")
def heartbeat_remove(name: str) -> None:
    with program() as (_, world), transaction() as session:
        now, found = world.clock.now(), store.named(session, [name])
        if not found or found[0].hash is None:
            fail(f"there is no heartbeat {name!r}" if not found else "it stands in the rule book: take it out there")
        flow.remove(session, found[0], now)
        audit.note(session, now, operator(), "heartbeat remove", name, "command")
