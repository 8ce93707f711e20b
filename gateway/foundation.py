"""What every process stands on: Flask with the database, and the world. Without pages and doors."""

from pathlib import Path

from flask import Flask

from gateway.clock import Clock, SystemClock
from gateway.disk import disk_of
from gateway.rulebook.shelf import Bookshelf
from gateway.secrets import Vault
from gateway.settings import Settings
from gateway.store.connecting import engine_options
from gateway.store.db import db, prepare_sqlite
from gateway.store.directory.roll import Roll
from gateway.store.postgres import prepare_postgres
from gateway.world import World

ROOT = Path(__file__).parent.parent


def lay(settings: Settings, clock: Clock | None = None) -> Flask:
    """Raises BadRuleBook when the rule book is broken."""
    app = Flask("gateway", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    shelf = Bookshelf(settings.rules)
    roll = Roll(lambda: shelf.book.calendars)
    app.extensions["gateway"] = World(
        settings, clock or SystemClock(), shelf, Vault(settings.secret_key), roll, disk_of(settings)
    )
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)
        else:
            prepare_postgres(db.engine)
    return app
