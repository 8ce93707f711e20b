"""What every process and command begins with: the settings, or an end with what is wrong."""

import os
import sys
from typing import NoReturn

import click

from gateway import log, secrets
from gateway.settings import BadSettings, Settings, load


def fail(*complaints: str) -> NoReturn:
    for complaint in complaints:
        click.echo(complaint, err=True)
    sys.exit(1)


def first_line(problem: Exception) -> str:
    """What a database said, without SQLAlchemy's words around it."""
    return (str(getattr(problem, "orig", None) or problem).strip().splitlines() or [type(problem).__name__])[0]


def settings() -> Settings:
    """From the environment, or an end with everything that is wrong with it."""
    try:
        found = load(os.environ)
        if found.database_url.startswith("sqlite"):
            found.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not found.secret_key:
                secrets.make_key_file(found.secret_key_file)
                found = load(os.environ)
    except BadSettings as problem:
        fail(*problem.complaints)
    log.setup(found.log_level)
    return found
