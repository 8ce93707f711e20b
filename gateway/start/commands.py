"""The commands of ./nabat."""

import sys
from collections.abc import Sequence

import click

from gateway import channels
from gateway.access import vapid
from gateway.channels import Message, PermanentFailure, TemporaryFailure
from gateway.clock import SystemClock
from gateway.outward.masking import mask
from gateway.start import doctor, supervisor, watch, web
from gateway.start.access_commands import people_group, token, user
from gateway.start.audit_commands import audit_group
from gateway.start.console import fail, program, settings
from gateway.start.heap import share_heap
from gateway.start.heartbeat_commands import heartbeat_group
from gateway.start.rules_commands import rules_group
from gateway.start.silence_commands import maintenance_group, silence_group
from gateway.start.source_commands import source_group
from gateway.stopping import hear_no_more
from gateway.store.db import reading, transaction
from gateway.store.schema import revisions
from gateway.store.types import micros
from gateway.store.upkeep import vitals
from gateway.worker import Worker, stop_on_signals

HOST = "The address to listen at; 0.0.0.0 lets other machines in."
PORT = "The port to listen at."
NOW = "the database is in its present form"


@click.group(
    help="Nabat, the alarm bell: alerts in, the right people reached.",
    epilog="./nabat test [PYTEST ARGUMENTS] runs the tests. Settings are environment variables, all in README.md.",
)
def cli() -> None: ...


def enter(arguments: Sequence[str]) -> None:
    """What `python -m gateway` does, in a process that has it all loaded already."""
    cli(list(arguments), prog_name="nabat")


cli.add_command(token)
cli.add_command(user)
cli.add_command(people_group)
cli.add_command(source_group)
cli.add_command(heartbeat_group)
cli.add_command(silence_group)
cli.add_command(maintenance_group)
cli.add_command(rules_group)
cli.add_command(audit_group)


@cli.command(help="Start web, worker and auditor here, and watch over them.")
@click.option("--host", default="127.0.0.1", show_default=True, help=HOST)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=PORT)
@click.option("--demo", "with_demo", is_flag=True, help="With an invented firm and its last 30 days, filled in once.")
def up(host: str, port: int, *, with_demo: bool) -> None:
    if wrong := web.complaint(host, port):
        fail(wrong)
    supervisor.say_address(host, port)
    more = _prepare_demo() if with_demo else _prepare()
    supervisor.run(enter, host, port, **more)


def _prepare() -> dict[str, str]:
    with program() as (_, world):
        supervisor.greet(world)
    return {}


def _prepare_demo() -> dict[str, str]:
    """What the processes are given in their environment: the invented firm's rule book."""
    from gateway.start import demo  # noqa: PLC0415 - an invented firm is no burden to a real one

    book = demo.rule_book(settings())
    with program(book) as (_, world):
        demo.prepare(world)
        supervisor.greet(world, invented=demo.SOURCES)
    return {"NABAT_RULES": str(book)}


@cli.command("web", help="One web server; any number may share one PostgreSQL.")
@click.option("--host", default="127.0.0.1", show_default=True, help=HOST)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=PORT)
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1), help="How many share the work.")
def serve(host: str, port: int, processes: int) -> None:
    if wrong := web.complaint(host, port):
        fail(wrong)
    with program():
        pass  # the book is read and the database migrated once, not by each of granian's processes
    web.serve(host, port, processes)


@cli.command(help="One worker: sends, escalates, tidies up. Any number may share one PostgreSQL.")
def worker() -> None:
    share_heap()
    with program() as (app, _):
        one = Worker(app)
        stop_on_signals(one)
        one.run()
        hear_no_more()


@cli.command(help="One auditor. Asks whether the others do their work, and raises the alarm when they do not.")
def auditor() -> None:
    watch.run()


@cli.command("doctor", help="Whether all is well: exit 0 only then. Changes nothing; the server may run or not.")
@click.option("--json", "as_json", is_flag=True, help="The same for a program.")
def examine(*, as_json: bool) -> None:
    health = doctor.examine()
    click.echo(doctor.as_json(health) if as_json else doctor.as_text(health))
    if not health.well:
        sys.exit(1)


@cli.command(help="Bring the database to the present form.")
def migrate() -> None:
    with program(), reading() as session:
        ahead = vitals.ahead(session, revisions.known())
    click.echo(f"nothing to do: {doctor.NEWER.format(ahead, revisions.newest())}" if ahead else NOW)


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
    at = micros(SystemClock().now())
    message = Message(
        at, 0, f"test-{at}", "test", address, "Test message from Nabat",
        "It works: this way of reaching you is open.", url=settings().public_url,
    )  # fmt: skip
    try:
        click.echo(f"sent: {chosen.send(message, env)}")
    except (PermanentFailure, TemporaryFailure) as problem:
        fail(f"not sent: {mask(str(problem), env, address if chosen.SECRET else '')}")
