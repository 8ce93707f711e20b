"""The roof: puts the parts together. Nothing imports this but the ways to start us."""

import os
import time
from dataclasses import dataclass
from types import ModuleType

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import configure_mappers

import dashboard
from gateway import log
from gateway.access.proxies import TrustedProxies
from gateway.clock import Clock
from gateway.doors import api, astray, health, heartbeat, ical, naming, opsgenie
from gateway.doors.callbacks import pagerduty, sendgrid, twilio
from gateway.doors.machine import api as machine
from gateway.foundation import lay
from gateway.settings import Settings
from gateway.store.db import db, is_locked_out, reading
from gateway.store.schema.portions import PAUSE, TURNS
from gateway.store.schema.revisions import MIGRATIONS, known, newest


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The whole program as a Flask app; raises BadRuleBook when the rule book is broken."""
    app = lay(settings, clock)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    naming.register(app)
    astray.register(app)
    app.register_blueprint(api.bp)
    app.register_blueprint(opsgenie.bp)
    app.register_blueprint(machine.bp)
    app.register_blueprint(pagerduty.bp)
    app.register_blueprint(sendgrid.bp)
    app.register_blueprint(twilio.bp)
    app.register_blueprint(health.bp)
    app.register_blueprint(heartbeat.bp)
    app.register_blueprint(ical.bp)
    dashboard.register(app)
    configure_mappers()  # else each copy of this process does it at its first question, in 12 MB of its own
    return app


@dataclass(slots=True)
class _Made:
    """What the process that we are a copy of has put together, if we are one."""

    pid: int
    settings: Settings
    app: Flask


_made: list[_Made] = []


def app_of(settings: Settings) -> Flask:
    """The program; in a copy of a process (start/forks.py, granian) that has made it with these settings, that one.

    To make it once more would write to most of the memory that a copy shares: 11 MB a process. Whoever made it has let
    go of its connections. A rule book that is broken by now leaves the copy with the good one, as a reload does.
    """
    if _made and _made[0].pid != os.getpid() and _made[0].settings == settings:
        app = _made[0].app
        app.extensions["gateway"].shelf.refresh()
        return app
    app = create_app(settings)
    _made[:] = [_Made(os.getpid(), settings, app)]
    return app


def migrate_database(app: Flask) -> None:
    """To the present form; several processes at once wait for each other (the first migration says how).

    A table that others hold is waited for in short turns, so that those who serve get theirs; raises after a minute.
    """
    with app.app_context():
        there = _revision()
        if there == newest():
            return
        if there is not None and there not in known():
            log.warning(
                "database_is_newer", revision=there
            )  # the next version runs beside us, on tables that we can use
            return
        for left in reversed(range(TURNS)):
            try:
                alembic(app).upgrade()
            except OperationalError as problem:
                if not (left and is_locked_out(problem)):
                    raise
                log.warning("migration_waits", turns_left=left)
                time.sleep(PAUSE)
            else:
                return


def alembic(app: Flask) -> ModuleType:
    """Its commands for this program; loaded when it is wanted, once a version: it takes half a second and 8 MB."""
    import flask_migrate  # noqa: PLC0415 - see above

    if "migrate" not in app.extensions:
        flask_migrate.Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    commands: ModuleType = flask_migrate
    return commands


def _revision() -> str | None:
    """Of the database; None where there is none yet."""
    try:
        with reading() as session:
            return session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except DBAPIError:  # no such table; whatever else is wrong, Alembic meets it again and says so
        return None
