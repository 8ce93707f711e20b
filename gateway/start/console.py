"""What every command needs: the settings, the program put together, a way to give up, and who is at the keyboard."""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from gateway import log, secrets
from gateway.app import create_app, migrate_database
from gateway.settings import BadSettings, Settings, load
from gateway.store.db import db
from gateway.world import World
from rules import book


def fail(*complaints: str) -> NoReturn:
    for complaint in complaints:
        click.echo(complaint, err=True)
    sys.exit(1)


def settings() -> Settings:
    """From the environment, or an end with everything that is wrong with it."""
    try:
        found = load(os.environ)
        if found.database_url.startswith("sqlite"):
            found.data_dir.mkdir(parents=True, exist_ok=True)
            if not found.secret_key:
                secrets.make_key_file(found.secret_key_file)
                found = load(os.environ)
    except BadSettings as problem:
        fail(*problem.complaints)
    log.setup(found.log_level)
    return found


@contextmanager
def program() -> Iterator[tuple[Flask, World]]:
    """Everything put together on a migrated database, or an end with what is wrong with the rule book."""
    try:
        app = create_app(settings())
    except book.BadRuleBook as problem:
        fail(*problem.complaints)
    with app.app_context():
        try:
            migrate_database(app)
            yield app, app.extensions["gateway"]
        except SQLAlchemyError as problem:
            fail(f"the database cannot be used: {str(problem).splitlines()[0]}")
        finally:
            db.session.remove()
            db.engine.dispose()


def operator() -> str:
    """Who runs the command, as the machine knows them; for the audit log."""
    try:
        return f"{os.environ.get('SUDO_USER') or getpass.getuser()} (./nabat)"
    except (OSError, KeyError):  # a container's user may have no name
        return "./nabat"
