"""The commands about who may come in and who is reached: tokens, users, the people file."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from gateway import channels, sources
from gateway.access import passwords
from gateway.acts import sourcing
from gateway.secrets import BadSecret
from gateway.start.console import fail, operator, program, settings, when
from gateway.store.db import reading, transaction
from gateway.store.directory import people as people_store
from gateway.store.directory import signins
from gateway.store.senders import sources as source_store
from gateway.store.upkeep import audit
from gateway.world import World
from rules.reading import people
from rules.words import Role

WAY = "command"  # as the audit log says it
CALLED = ("ntfy", "webpush")  # channels whose addresses are web addresses


@click.group(help="Keys for machines.")
def token() -> None: ...


@token.command("create", help="Prints a new token, and nothing else. KIND: a source's kind, or 'api'.")
@click.argument("kind")
@click.option("--name", default="", help="The source; its kind if not given.")
@click.option("--scopes", default="read,act", show_default=True, help="For kind 'api'.")
@click.option("--signing", is_flag=True, help="A secret that the source signs with, instead of a token.")
@click.option("--secret-stdin", is_flag=True, help="With --signing: the sender's own secret, from standard input.")
def token_create(kind: str, name: str, scopes: str, *, signing: bool, secret_stdin: bool) -> None:
    given = _senders_secret(signing=signing) if secret_stdin else ""
    with program() as (_, world), transaction() as session:
        now, known = world.clock.now(), sources.names()
        kinds = known if signing else (*known, source_store.API)
        if kind not in kinds:
            fail(f"there is no kind {kind!r}: known are {', '.join(sorted(kinds))}")
        try:
            if given:
                sourcing.check_secret(kind, given)
                made = source_store.keep_signing_secret(session, kind, name, now, world.vault, given)
            elif signing:
                secret = sourcing.new_signing_secret(kind)
                made = source_store.keep_signing_secret(session, kind, name, now, world.vault, secret)
            elif kind == source_store.API:
                made = source_store.create_api_token(session, name or kind, scopes.split(","), now)
            else:
                made = source_store.create_token(session, kind, name, now, known, sourcing.fresh_token(kind))
        except (source_store.NotPossible, BadSecret) as problem:
            fail(str(problem))
        what, ending = "signing" if signing else kind, made[-source_store.ENDING :]
        _without_mapping(kind, name or kind, world)
        audit.note(session, now, operator(), "token create", name or kind, WAY, kind=what, ending=ending)
    click.echo(f"kept: …{ending}" if given else made, err=bool(given))


def _without_mapping(kind: str, name: str, world: World) -> None:
    """Nothing that such a source sends could be read: said at once, though a mapping may still be written."""
    book = world.shelf.book
    if kind == sourcing.ANY_SHAPE and sourcing.mapping_of(kind, name, book) is None:
        known = ", ".join(sourcing.mappings(book))
        click.echo(
            f"no mapping has the name of the source {name!r}: write one into the rule book; known are {known}", err=True
        )


def _senders_secret(*, signing: bool) -> str:
    if not signing:
        fail("--secret-stdin goes with --signing")
    return sys.stdin.readline().strip() or fail("no secret came on standard input")


@token.command("list", help="All of them, by their last characters: whose, and when used last.")
def token_list() -> None:
    with program(), reading() as session:
        for row, source in source_store.list_tokens(session):
            state = "revoked" if row.revoked_at else f"last used {when(row.last_used_at)}"
            kind = source.kind if source else row.kind
            what = f"{kind} {row.kind}" if row.kind == source_store.SIGNING else kind
            click.echo(f"…{row.ending}  {what:14} {row.name:24} {state}")


@token.command(
    "revoke", help="End one, named by its last characters.", context_settings={"ignore_unknown_options": True}
)  # an ending may begin with a hyphen
@click.argument("ending")
def token_revoke(ending: str) -> None:
    with program() as (_, world), transaction() as session:
        try:
            ended = source_store.revoke(session, ending, world.clock.now())
            now = world.clock.now()
            audit.note(session, now, operator(), "token revoke", ended.name, WAY, ending=ended.ending)
        except source_store.NotPossible as problem:
            fail(str(problem))


@click.group(help="People who can sign in.")
def user() -> None: ...


@user.command("create", help="Somebody who can sign in; asks for the password.")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option("--name", default="", help="As pages and messages say it; else the address is said.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_create(email: str, role: str, name: str, *, password_stdin: bool) -> None:
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        fail("there is no terminal to ask for the password: give it as a line of standard input, with --password-stdin")
    if wrong := passwords.complaint(password, email, name):
        fail(wrong)
    hashed = passwords.hash_password(password)
    with program() as (_, world), transaction() as session:
        try:
            made = people_store.create_user(session, email, name, Role(role), hashed, world.clock.now())
            audit.note(session, world.clock.now(), operator(), "user create", made.email, WAY, role=role)
        except people_store.PersonExists:
            fail(f"{email}: there is somebody with this address already")


@click.group("people", help="People, teams, contacts, schedules.")
def people_group() -> None: ...


@people_group.command("import", help="What FILE says is so; twice changes nothing.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def people_import(file: Path) -> None:
    plain = settings()
    try:
        listed = people.parse(
            file.read_bytes(), file.name, os.environ, language=plain.language, timezone=plain.timezone,
            check=lambda channel, address: _leads_out(channel, address, plain.env),
        )  # fmt: skip
    except people.BadPeopleFile as problem:
        fail(*problem.complaints)
    with program() as (_, world), transaction() as session:
        had_admin = signins.has_admin(session)
        done = people_store.import_people(session, listed, world.vault, world.clock.now())
        if had_admin and not signins.has_admin(session):
            fail(f"{file.name}: nobody who can sign in would be an administrator: give one of them `role: admin`")
        if done.added or done.changed:
            audit.note(session, world.clock.now(), operator(), "people import", file.name, WAY, did=str(done))
    click.echo(str(done))


def _leads_out(channel: str, address: str, env: Mapping[str, str]) -> str:
    """What is wrong with a web address that somebody wrote: we shall call it, so it must not lead into our network."""
    return channels.find(channel).check(address, env) if channel in CALLED else ""


@people_group.command("export", help="As `import` reads it. Keys in clear: keep it as you keep NABAT_SECRET_KEY.")
def people_export() -> None:
    with program() as (_, world), transaction() as session:
        try:
            found = people.dump(people_store.export_people(session, world.vault))
        except BadSecret as problem:
            fail(str(problem))
        audit.note(session, world.clock.now(), operator(), "people export", "people", WAY)
    click.echo(found, nl=False)
