"""Starts the auditor with nothing but what it needs: it stands beside the others for as long as they run."""

from flask import Flask

from gateway.auditor import Auditor, stop_on_signals
from gateway.foundation import lay
from gateway.start.complaints import fail, settings
from gateway.start.heap import share_heap
from gateway.stopping import hear_no_more
from gateway.store.db import db
from rules import book


def run() -> None:
    """Until told to stop. The database is brought to its present form by the others."""
    share_heap()
    app = _foundation()
    one = Auditor(app)
    stop_on_signals(one)
    try:
        one.run()
        hear_no_more()
    finally:
        with app.app_context():
            db.engine.dispose()


def _foundation() -> Flask:
    try:
        return lay(settings())
    except book.BadRuleBook as problem:
        fail(*problem.complaints)
