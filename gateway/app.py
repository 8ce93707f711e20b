"""The roof: puts the parts together. Nothing imports this but the ways to start us."""

from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import dashboard
from gateway.access.proxies import TrustedProxies
from gateway.clock import Clock
from gateway.doors import (
    api,
    callback_sendgrid,
    callback_twilio,
    health,
    heartbeat,
    machine_actions,
    machine_amend,
    machine_api,
    machine_door,
    machine_silences,
)
from gateway.doors import callback_pagerduty as callbacks
from gateway.foundation import ROOT, lay
from gateway.settings import Settings
from gateway.store.db import db, reading

MACHINE_ROUTES = (
    machine_api,
    machine_actions,
    machine_amend,
    machine_silences,
)  # their routes hang on the blueprint of machine_door
MIGRATIONS = ROOT / "gateway/store/migrations"


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The whole program as a Flask app; raises BadRuleBook when the rule book is broken."""
    app = lay(settings, clock)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    app.register_blueprint(api.bp)
    app.register_blueprint(machine_door.bp)
    app.register_blueprint(callbacks.bp)
    app.register_blueprint(callback_sendgrid.bp)
    app.register_blueprint(callback_twilio.bp)
    app.register_blueprint(health.bp)
    app.register_blueprint(heartbeat.bp)
    dashboard.register(app)
    return app


def migrate_database(app: Flask) -> None:
    """To the present form; several processes at once wait for each other (the first migration says how)."""
    with app.app_context():
        if _revision() != max(revisions()):  # Alembic alone costs a second of every start
            upgrade(directory=str(MIGRATIONS))


def revisions() -> list[str]:
    """All that this program knows, by the names of the files."""
    return [path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")]


def _revision() -> str | None:
    """Of the database; None where there is none yet."""
    try:
        with reading() as session:
            return session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except DBAPIError:  # no such table; whatever else is wrong, Alembic meets it again and says so
        return None
