"""The commands about the audit log: whether it is as it was written."""

import sys

import click

from gateway.start.console import program
from gateway.store.db import reading
from gateway.store.types import moment
from gateway.store.upkeep import audit


@click.group("audit", help="The audit log.")
def audit_group() -> None: ...


@audit_group.command("verify", help="Follows its chain from the first row. Names the first that is broken, exit 1.")
def verify() -> None:
    with program(), reading() as session:
        chain = audit.follow(session, audit.Chain())
    if chain.broken:
        click.echo(f"broken at row {chain.broken}: {chain.why}")
        sys.exit(1)
    since = f", unbroken since {moment(chain.since):%Y-%m-%d %H:%M:%S} UTC" if chain.rows else ""
    older = f"; {chain.older} older rows were never chained" if chain.older else ""
    click.echo(f"{chain.rows} rows{since}{older}")
    if chain.rows:
        click.echo(f"the last is {chain.id}, its hash {chain.hash}: note it elsewhere, and nobody can rewrite the rest")
