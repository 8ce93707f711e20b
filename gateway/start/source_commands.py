"""The commands about sources: which there are, and where the Alertmanagers behind one can be asked."""

import sys
from datetime import timedelta
from typing import Any

import click
import msgspec

from gateway.outward import alertmanager_api
from gateway.outward.addresses import check_url
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.secrets import BadSecret
from gateway.start.console import fail, operator, program
from gateway.store import alertmanagers, audit, rhythms
from gateway.store import sources as source_store
from gateway.store.db import reading, transaction
from gateway.store.drift_tables import AlertmanagerAddress
from gateway.world import World
from rules.durations import parse_duration, write_duration
from rules.text import one_line

STALE_LEAST, STALE_MOST = 60 * 60, 90 * 24 * 60 * 60  # seconds


@click.group("source", help="Who sends to us.")
def source_group() -> None: ...


@source_group.command("list")
def source_list() -> None:
    with program(), reading() as session:
        behind: dict[int, list[AlertmanagerAddress]] = {}
        for source, address in alertmanagers.addresses(session):
            behind.setdefault(source.id, []).append(address)
        for source in source_store.list_sources(session):
            stale = f", stale after {write(source.stale_after)}" if source.stale_after else ""
            click.echo(f"{source.name:24} {source.kind:14} last heard {source.last_seen_at or 'never'}{stale}")
            for address in behind.get(source.id, ()):
                asked = (
                    f"asked {address.asked_at}: {address.problem or 'answered'}"
                    if address.asked_at
                    else "not yet asked"
                )
                click.echo(f"    {address.url}  {asked}")


@source_group.command("set", help="Where the Alertmanagers behind a source can be asked; replaces what was set before.")
@click.argument("name")
@click.option("--alertmanager-url", "urls", multiple=True, help="One for each Alertmanager that sends as this source.")
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
def source_set(
    name: str, urls: tuple[str, ...], user: str, receivers: tuple[str, ...], *, bearer: bool, **more: Any
) -> None:
    stale_after, no_alertmanager = more["stale_after"], more["no_alertmanager"]
    if stale_after:
        _set_stale(name, stale_after)
        if not (urls or no_alertmanager):
            return
    if bool(urls) == no_alertmanager or (bearer and user):
        fail("give --alertmanager-url, once or more often, or --no-alertmanager; and --bearer or --user, not both")
    with program() as (_, world):
        for url in urls:
            if wrong := _complaint(url, world):
                fail(f"{url}: {wrong}")
        secret = _secret(user, bearer=bearer)
        _save(world, name, urls, secret, receivers)
        for url in urls:
            click.echo(f"{url}: {_tried(url, secret, world)}", err=True)


def _set_stale(name: str, text: str) -> None:
    try:
        seconds = None if text == "never" else int(parse_duration(text).total_seconds())
    except (ValueError, OverflowError) as problem:
        fail(str(problem))
    if seconds is not None and not STALE_LEAST <= seconds <= STALE_MOST:
        fail(f"--stale-after is between {write(STALE_LEAST)} and {write(STALE_MOST)}, or never")
    with program() as (_, world), transaction() as session:
        source = next((one for one in source_store.list_sources(session) if one.name == name), None)
        if source is None:
            fail(f"there is no source {name!r}: make it with its first token")
        if source.kind == "ticket":
            fail("a ticket is over when its service desk says so")
        rhythms.set_stale_after(session, source, seconds)
        audit.note(session, world.clock.now(), operator(), "source set", name, "command", stale_after=text)


def write(seconds: int) -> str:
    return write_duration(timedelta(seconds=seconds))


def _complaint(url: str, world: World) -> str:
    if "?" in url or "#" in url:
        return "the address has no query and no fragment: /api/v2/alerts is added to it"
    return check_url(url, allow_private=world.settings.allow_private_hosts)


def _secret(user: str, *, bearer: bool) -> dict[str, str]:
    """Never an argument: those stand in the list of processes and in the shell's history."""
    if not bearer and not user:
        return {}
    what = "Password" if user else "Bearer token"
    given = click.prompt(what, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip("\r\n")
    if not given or not given.isprintable() or not user.isprintable() or ":" in user:
        fail(f"{what}: empty, or with characters that no HTTP header takes")
    return {"user": user, "password": given} if user else {"bearer": given}


def _save(world: World, name: str, urls: tuple[str, ...], secret: dict[str, str], receivers: tuple[str, ...]) -> None:
    now = world.clock.now()
    with transaction() as session:
        try:
            source = source_store.find_source(session, name, "alertmanager")
            sealed = world.vault.seal(msgspec.json.encode(secret).decode()) if secret else None
        except (source_store.NotPossible, BadSecret) as problem:
            fail(str(problem))
        made = [
            AlertmanagerAddress(
                source_id=source.id, url=url.rstrip("/"), sealed=sealed, receivers=list(receivers), created_at=now,
                problem="",
            )
            for url in dict.fromkeys(urls)
        ]  # fmt: skip
        alertmanagers.set_addresses(session, source, made)
        told = {"alertmanagers": ", ".join(urls), "receivers": ", ".join(receivers)}
        audit.note(session, now, operator(), "source set", source.name, "command", **told)


def _tried(url: str, secret: dict[str, str], world: World) -> str:
    """What it answers now; that it does not is said, and is no reason not to save it."""
    try:
        seen = alertmanager_api.look(url, secret, world.settings.allow_private_hosts)
    except (TemporaryFailure, PermanentFailure) as problem:
        return f"saved, but it does not answer: {one_line(str(problem))}"
    return f"saved; it answers: {len(seen.alerts)} alerts fire there"
