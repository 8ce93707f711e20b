"""The commands of ./nabat."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway import bookshelf, channels, sources
from gateway.access import vapid
from gateway.app import create_app
from gateway.channels import Message, PermanentFailure, TemporaryFailure
from gateway.clock import SystemClock
from gateway.loader import BadJson
from gateway.loader import load as load_json
from gateway.outward.masking import mask
from gateway.sources import BadPayload, Heard
from gateway.start import demo, doctor, supervisor, watch, web
from gateway.start.access_commands import people_group, token, user
from gateway.start.console import fail, program, settings
from gateway.start.source_commands import source_group
from gateway.store import people as people_store
from gateway.store.db import db, reading, transaction
from gateway.worker import Worker, stop_on_signals
from rules import audience, book, explain
from rules.words import Directory


@click.group(help="Nabat, the alarm bell: alerts in, the right people reached.")
def cli() -> None: ...


def enter(arguments: Sequence[str]) -> None:
    """What `python -m gateway` does, in a process that has it all loaded already."""
    cli(list(arguments), prog_name="nabat")


cli.add_command(token)
cli.add_command(user)
cli.add_command(people_group)
cli.add_command(source_group)


@cli.command(help="Start web, worker and auditor here, and watch over them.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--demo", "with_demo", is_flag=True, help="With an invented firm and its last 30 days, filled in once.")
def up(host: str, port: int, *, with_demo: bool) -> None:
    if wrong := web.complaint(host, port):
        fail(wrong)
    book = demo.rule_book(settings()) if with_demo else None
    with program(book) as (_, world):
        if with_demo:
            demo.prepare(world)
        supervisor.greet(world, host, port, invented=demo.SOURCES if with_demo else ())
    supervisor.run(enter, host, port, **({"NABAT_RULES": str(book)} if book else {}))


@cli.command("web", help="One web server; any number may share one PostgreSQL.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--processes", default=0, help="0: two.")
def serve(host: str, port: int, processes: int) -> None:
    if wrong := web.complaint(host, port):
        fail(wrong)
    with program():
        pass  # the book is read and the database migrated once, not by each of granian's processes
    web.serve(host, port, processes)


@cli.command(help="One worker: sends, escalates, tidies up. Any number may share one PostgreSQL.")
def worker() -> None:
    with program() as (app, _):
        one = Worker(app)
        stop_on_signals(one)
        one.run()


@cli.command(help="One auditor: asks whether the others do their work, and raises the alarm when they do not.")
def auditor() -> None:
    watch.run()


@cli.command("doctor", help="Whether all is well: exit 0 only then. Changes nothing; the server may run or not.")
@click.option("--json", "as_json", is_flag=True)
def examine(*, as_json: bool) -> None:
    health = doctor.examine()
    click.echo(doctor.as_json(health) if as_json else doctor.as_text(health))
    if not health.well:
        sys.exit(1)


@cli.command(help="Bring the database to the present form.")
def migrate() -> None:
    with program():
        click.echo("the database is in its present form")


@cli.group("rules", help="The rule book.")
def rules_group() -> None: ...


def _book(place: str | None) -> book.RuleBook:
    chosen = Path(place) if place else settings().rules
    try:
        return book.parse(bookshelf.read(chosen))
    except book.BadRuleBook as problem:
        fail(*problem.complaints)


@rules_group.command("check", help="All complaints about a rule book; exit 0 if there are none.")
@click.argument("place", required=False)
def rules_check(place: str | None) -> None:
    checked = _book(place)
    click.echo(f"{len(checked.routes)} routes, {len(checked.policies)} policies: ok")


@rules_group.command("explain", help="What would happen to this payload, and why. Sends nothing, writes nothing.")
@click.argument("payload", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="alertmanager", show_default=True)
@click.option("--at", default="", help="The moment; now if not given.")
@click.option("--rules", "place", default=None, help="Another rule book.")
@click.option("--json", "as_json", is_flag=True)
def rules_explain(payload: Path, source: str, at: str, place: str | None, *, as_json: bool) -> None:
    chosen = _book(place)
    moment = _moment(at, chosen)
    if source not in sources.names():
        fail(f"there is no source {source!r}: known are {', '.join(sources.names())}")
    try:
        parsed = sources.find(source).parse(load_json(payload.read_bytes()), Heard(source, moment))
    except (BadJson, BadPayload) as problem:
        fail(f"{payload}: {problem}")
    told = [explain.explain(alert, chosen, _directory(), moment, audience.notices) for alert in parsed.alerts]
    if as_json:
        click.echo("[" + ",\n".join(one.as_json() for one in told) + "]")
    else:
        click.echo("\n\n".join(one.as_text() for one in told))
        for item in parsed.quarantined:
            click.echo(f"{item.place}: would be set aside: {item.reason}")


def _moment(at: str, chosen: book.RuleBook) -> datetime:
    if not at:
        return SystemClock().now()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        fail(f"--at {at!r}: write it as 2026-12-05T03:12:00+03:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(chosen.timezone))


def _directory() -> Directory:
    """The people as the database has them; nobody, where there is no database yet."""
    with create_app(settings()).app_context():
        try:
            with reading() as session:
                return people_store.directory(session)
        except SQLAlchemyError:  # no database here yet, or one of another version: the rules can be shown all the same
            return Directory()
        finally:
            db.session.remove()
            db.engine.dispose()


@cli.command("send-test", help="One test message; prints what the provider answered.")
@click.argument("channel", type=click.Choice(channels.names()))
@click.argument("address")
def send_test(channel: str, address: str) -> None:
    env = settings().env
    if vapid.KEY in channels.find(channel).ENV:  # this alone needs the database
        with program() as (_, world), transaction() as session:
            env = {**env, **vapid.given_to(channel, session, world.vault, world.clock.now())}
    chosen = channels.carrier(channel, env)
    if wrong := chosen.check(address, env):
        fail(f"{address}: {wrong}")
    if lacking := channels.missing(channel, env):
        fail(f"{channel} cannot send: {', '.join(lacking)} not set")
    message = Message(
        0, 0, "test", "test", address, "Test message from Nabat", "It works: this way of reaching you is open.",
        url=settings().public_url,
    )  # fmt: skip
    try:
        click.echo(f"sent: {chosen.send(message, env)}")
    except (PermanentFailure, TemporaryFailure) as problem:
        fail(f"not sent: {mask(str(problem), env, address if chosen.SECRET else '')}")
