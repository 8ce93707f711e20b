"""The commands about sources: which there are, and where the Alertmanagers behind one can be asked."""

import sys
from datetime import timedelta
from typing import Any

import click

from gateway.actions import Actor
from gateway.acts import sourcing
from gateway.acts.sourcing import Behind, Settings
from gateway.start.console import fail, operator, program, when
from gateway.store.db import reading
from gateway.store.senders import alertmanagers
from gateway.store.senders import sources as source_store
from gateway.store.tables.drift import AlertmanagerAddress
from rules.texts.durations import write_duration


@click.group("source", help="Who sends to us.")
def source_group() -> None: ...


@source_group.command("list", help="All of them: heard when, and how each Alertmanager answered.")
def source_list() -> None:
    with program(), reading() as session:
        behind: dict[int, list[AlertmanagerAddress]] = {}
        for source, address in alertmanagers.addresses(session):
            behind.setdefault(source.id, []).append(address)
        for source in source_store.list_sources(session):
            more = f", stale after {write(source.stale_after)}" if source.stale_after else ""
            more += f", Nabat writes as {source.account}" if source.account else ""
            click.echo(f"{source.name:24} {source.kind:14} last heard {when(source.last_seen_at)}{more}")
            for address in behind.get(source.id, ()):
                said = f": {address.problem or 'answered'}" if address.asked_at else ""
                click.echo(f"    {address.url}  last asked {when(address.asked_at)}{said}")


@source_group.command("set", help="Its Alertmanagers; what is stale; our account there. Replaces what was set before.")
@click.argument("name")
@click.option(
    "--alertmanager-url", "urls", multiple=True, help="Where one can be asked; once for each that sends as this source."
)
@click.option("--bearer", is_flag=True, help="They want a bearer token: asked for, or read from standard input.")
@click.option("--user", default="", help="They want a user and a password: the password is asked for in the same way.")
@click.option(
    "--receiver", "receivers", multiple=True, help="The name of the receiver that is us; else as webhooks say."
)
@click.option("--no-alertmanager", is_flag=True, help="Ask none any more.")
@click.option(
    "--stale-after",
    default="",
    help="24h: an alert nothing is heard of for so long is over; longer than it repeats them. Or never.",
)
@click.option(
    "--account", default=None, help="Of a service desk: what Nabat writes as there, with commas; '' for none."
)
def source_set(
    name: str, urls: tuple[str, ...], user: str, receivers: tuple[str, ...], *, bearer: bool, **more: Any
) -> None:
    no_alertmanager, wanted = more["no_alertmanager"], Settings(more["stale_after"] or None, account=more["account"])
    behind = bool(urls or no_alertmanager)
    if not (behind or wanted != Settings()) or (urls and no_alertmanager) or (bearer and user):
        fail("give --alertmanager-url, once or more often, or --no-alertmanager; and --bearer or --user, not both")
    with program() as (_, world):
        act, now = Actor(operator(), "command"), world.clock.now()
        try:
            with reading() as session:
                source_id = source_store.find_source(session, name).id
            sourcing.set_source(source_id, wanted, act, now)
            for url in urls:
                if wrong := sourcing.complaint(url, world):
                    fail(f"{url}: {wrong}")
            secret = _secret(user, bearer=bearer)
            if behind:
                sourcing.set_alertmanagers(source_id, Behind(urls, secret, receivers), world, act, now)
        except source_store.NotPossible as problem:
            fail(str(problem))
        for url in urls:
            click.echo(f"{url}: {sourcing.tried(url, secret, world)}", err=True)


def write(seconds: int) -> str:
    return write_duration(timedelta(seconds=seconds))


def _secret(user: str, *, bearer: bool) -> dict[str, str]:
    """Never an argument: those stand in the list of processes and in the shell's history."""
    if not bearer and not user:
        return {}
    what = "Password" if user else "Bearer token"
    given = click.prompt(what, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip("\r\n")
    secret = {"user": user, "password": given} if user else {"bearer": given}
    if sourcing.secret_wrong(secret):
        fail(f"{what}: empty, or with characters that no HTTP header takes")
    return secret
