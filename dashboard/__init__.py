"""Pages for people: they read through queries.py and change things only through gateway/actions.py and auth.py."""

from flask import Flask

from dashboard import (
    account,
    assets,
    audit,
    deliveries,
    errors,
    headers,
    incident,
    incidents,
    live,
    me,
    oncall,
    packing,
    page,
    people,
    pocket,
    push,
    quiet,
    rulebook,
    services,
    settings,
    setup,
    sources,
    status,
    tickets,
    undo,
    wall,
)
from dashboard.blueprint import bp
from dashboard.overview import views as overview
from dashboard.reports import views as reports

__all__ = [
    "account",
    "assets",
    "audit",
    "deliveries",
    "incident",
    "incidents",
    "live",
    "me",
    "oncall",
    "overview",
    "people",
    "pocket",
    "push",
    "quiet",
    "register",
    "reports",
    "rulebook",
    "services",
    "settings",
    "setup",
    "sources",
    "status",
    "tickets",
    "undo",
    "wall",
]


def register(app: Flask) -> None:
    """Hang the pages, their security headers and their error pages on the app."""
    page.htmx.init_app(app)
    app.register_blueprint(bp)
    packing.register(app)  # runs after what follows
    headers.register(app)
    errors.register(app)
