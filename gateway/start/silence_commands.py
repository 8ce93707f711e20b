"""The commands about what keeps us quiet: silences, and maintenance windows with their reports."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from gateway.actions import Actor
from gateway.acts import silencing as flow
from gateway.start.console import fail, operator, program
from gateway.store.db import reading, transaction
from gateway.store.quiet import silences as store
from gateway.store.tables import SilenceRow
from gateway.world import World
from rules.telling.suppress import EVERYTHING, Wrong
from rules.texts.durations import parse_duration
from rules.times.walltime import is_zone, zone_of
from rules.words import Suppressor

T = TypeVar("T")
FORM = "2026-12-05T09:00, by the clock of NABAT_TIMEZONE or with an offset"
CONFIRM = f'Where nothing is left out: "{EVERYTHING}".'


@click.group("silence", help="Tell nobody of some alerts for a time. They are stored and counted all the same.")
def silence_group() -> None: ...


@click.group("maintenance", help="Planned silences. Once, or again and again, nobody is told of some alerts.")
def maintenance_group() -> None: ...


@silence_group.command(
    "add", help="MATCHER as in the rule book: 'alertname=\"DiskFull\"'. Prints the silence's number."
)
@click.argument("matchers", nargs=-1)
@click.option("--for", "length", default="", help="How long: 2h.")
@click.option("--until", default="", help=f"Or until when: {FORM}.")
@click.option("--start", default="", help=f"Not from now on, but from then: {FORM}.")
@click.option("--reason", required=True, help="Why, for whoever wonders.")
@click.option("--author", default="", help="An e-mail address of somebody here is reminded before the end.")
@click.option(
    "--hide-emergencies", "all_of_it", is_flag=True, help="Emergencies, too; else they are told all the same."
)
@click.option("--confirm", default="", help=CONFIRM)
def silence_add(matchers: tuple[str, ...], length: str, until: str, *, all_of_it: bool, **more: str) -> None:
    if bool(length) == bool(until):
        fail("give --for or --until")
    start = more.pop("start")
    with program() as (_, world):
        now = world.clock.now()
        starts = max(now, _moment(start, world)) if start else now
        ends = _moment(until, world) if until else starts + _checked(parse_duration, length)
        wanted = _checked(lambda _: flow.silence(matchers, starts, ends, spares=not all_of_it, **_given(more)), "")
        _add(Suppressor.SILENCE, wanted, now)


@maintenance_group.command("add", help="MATCHER as in the rule book. Prints the window's number.")
@click.argument("matchers", nargs=-1)
@click.option("--start", required=True, help="Its first time by the wall clock: 2027-03-02T02:00.")
@click.option("--length", required=True, help="How long each lasts: 2h.")
@click.option("--rrule", "rule", default="", help="When it comes again (RFC 5545): FREQ=WEEKLY;BYDAY=TU.")
@click.option("--timezone", "zone", default="", help="Whose wall clock; the setting NABAT_TIMEZONE if not given.")
@click.option("--reason", required=True, help="Why, for whoever wonders.")
@click.option("--author", default="", help="Whose it is; you if not given.")
@click.option("--confirm", default="", help=CONFIRM)
def maintenance_add(matchers: tuple[str, ...], start: str, length: str, zone: str, **more: str) -> None:
    with program() as (_, world):
        now, place = world.clock.now(), zone or world.settings.timezone
        if not is_zone(place):
            fail(f"{place[:60]!r} is not a time zone; write a name like Europe/Berlin")
        span = _checked(parse_duration, length)
        wanted = _checked(lambda text: flow.window(matchers, text, span, place, now, **_given(more)), start)
        _add(Suppressor.MAINTENANCE, wanted, now)


def _given(more: dict[str, str]) -> dict[str, str]:
    return {("confirmed" if name == "confirm" else name): value for name, value in more.items()}


def _checked(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except (ValueError, OverflowError) as problem:
        fail(str(problem))


def _moment(text: str, world: World) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no moment: write it as {FORM}")
    return (found if found.tzinfo else found.replace(tzinfo=zone_of(world.settings.timezone))).astimezone(UTC)


def _add(kind: Suppressor, wanted: flow.Wanted, now: datetime) -> None:
    try:
        with transaction() as session:
            row = flow.add(session, kind, wanted, Actor(operator(), "command"), now)
            number = row.id
    except Wrong as wrong:
        fail(str(wrong))
    click.echo(number)


def _list(kind: Suppressor, *, ended: bool) -> None:
    with program() as (_, world), reading() as session:
        now = world.clock.now()
        rows = store.listed(session, kind, ended=ended, now=now)
        counts = store.counts(session, [row.id for row in rows])
        for row in rows:
            alerts, incidents = counts.get(row.id, (0, 0))
            click.echo(_line(row, now))
            click.echo(f"     {row.author}: {row.reason}; has hidden {alerts} alerts of {incidents} incidents")


def _line(row: SilenceRow, now: datetime) -> str:
    zone = zone_of(row.timezone or "UTC")
    times = f"{row.starts_at.astimezone(zone):%Y-%m-%d %H:%M} to {row.ends_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    again = f", {row.rule}" if row.rule else ""
    return f"{row.id:4} {flow.state(row, now):8} {', '.join(map(str, row.matchers)) or 'everything'}  {times}{again}"


def _end(kind: Suppressor, number: int) -> None:
    with program() as (_, world), transaction() as session:
        now = world.clock.now()
        if flow.end(session, kind, number, Actor(operator(), "command"), now) is None:
            fail(f"there is no {kind} {number}")


def _show(kind: Suppressor, number: int) -> None:
    with program() as (_, world), reading() as session:
        now = world.clock.now()
        row = store.find(session, number, kind)
        if row is None:
            fail(f"there is no {kind} {number}")
        click.echo(_line(row, now))
        if row.rule:
            zone = zone_of(row.timezone)
            for starts, ends in flow.coming(row, now):
                click.echo(f"     {starts.astimezone(zone):%a %Y-%m-%d %H:%M} to {ends.astimezone(zone):%H:%M %Z}")
        found = store.report(session, number)
        click.echo(f"has hidden {len(found) if len(found) < store.SHOWN else f'{store.SHOWN} or more'}:")
        for alert, incident in found:
            became = incident.status if incident else "gone"
            click.echo(f"     {alert.at:%Y-%m-%d %H:%M} {alert.title}  incident {alert.incident_id} {became}")


@silence_group.command("list", help="Those in force and to come.")
@click.option("--ended", is_flag=True, help="The last that are over instead.")
def silence_list(*, ended: bool) -> None:
    _list(Suppressor.SILENCE, ended=ended)


@maintenance_group.command("list", help="Those in force and to come.")
@click.option("--ended", is_flag=True, help="The last that are over instead.")
def maintenance_list(*, ended: bool) -> None:
    _list(Suppressor.MAINTENANCE, ended=ended)


@silence_group.command("end", help="Over from now on: what still fires is told.")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def silence_end(number: int) -> None:
    _end(Suppressor.SILENCE, number)


@silence_group.command("extend", help="It lasts longer.")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@click.option("--for", "length", default="1h", show_default=True, help="By how much.")
def silence_extend(number: int, length: str) -> None:
    more = _checked(parse_duration, length)
    with program() as (_, world), transaction() as session:
        now = world.clock.now()
        try:
            row = flow.extend(session, number, more, Actor(operator(), "command"), now)
        except Wrong as wrong:
            fail(str(wrong))
        if row is None:
            fail(f"there is no silence {number}")
        click.echo(_line(row, now))


@maintenance_group.command("end", help="Over for good: what still fires is told.")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def maintenance_end(number: int) -> None:
    _end(Suppressor.MAINTENANCE, number)


@silence_group.command("show", help="One, with what it has hidden.")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def silence_show(number: int) -> None:
    _show(Suppressor.SILENCE, number)


@maintenance_group.command("show", help="One, with its next times and what it has hidden.")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def maintenance_show(number: int) -> None:
    _show(Suppressor.MAINTENANCE, number)
