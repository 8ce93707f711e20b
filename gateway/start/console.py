"""What every command needs: the program put together, and who is at the keyboard."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.app import app_of, migrate_database
from gateway.start.complaints import fail, first_line, settings
from gateway.store.db import db
from gateway.store.directory import firstrun
from gateway.world import World
from rules import book

__all__ = ["fail", "operator", "program", "public_address", "settings", "when"]


@contextmanager
def program(rules: Path | None = None) -> Iterator[tuple[Flask, World]]:
    """Everything put together on a migrated database, or an end with what is wrong with the rule book."""
    try:
        found = settings()
        app = app_of(replace(found, rules=rules or found.rules))
    except book.BadRuleBook as problem:
        fail(*problem.complaints)
    with app.app_context():
        try:
            migrate_database(app)
            yield app, app.extensions["gateway"]
        except SQLAlchemyError as problem:
            fail(f"the database cannot be used: {first_line(problem)}")
        finally:
            db.session.remove()
            db.engine.dispose()


def when(at: datetime | None) -> str:
    """A moment as lists of ours say it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "never"


def public_address(session: Session, world: World) -> str:
    """As it is set; else where `./nabat up` listened last; else what is assumed, and that is said."""
    if os.environ.get("NABAT_PUBLIC_URL"):
        return world.settings.public_url
    if known := firstrun.address(session):
        return known
    assumed = world.settings.public_url
    click.echo(f"NABAT_PUBLIC_URL is not set: the address assumes {assumed}", err=True)
    return assumed


def operator() -> str:
    """Who runs the command, as the machine knows them; for the audit log."""
    try:
        return f"{os.environ.get('SUDO_USER') or getpass.getuser()} (./nabat)"
    except (OSError, KeyError):  # a container's user may have no name
        return "./nabat"
