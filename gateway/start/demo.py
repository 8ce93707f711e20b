"""`./nabat up --demo`: fills an empty database with invented data, once, and says so."""

from pathlib import Path

import click

from gateway.demo.fill import BOOK, Filled, RealData, fill
from gateway.demo.story import SOURCES
from gateway.settings import Settings
from gateway.start.console import fail
from gateway.world import World

__all__ = ["SOURCES", "prepare", "rule_book"]
FRESH = BOOK.parent / "book"  # what ./nabat takes where nobody chose a rule book


def rule_book(settings: Settings) -> Path:
    """The demo's own, unless somebody chose another."""
    chosen = settings.rules.absolute()
    return BOOK if chosen == FRESH else chosen


def prepare(world: World) -> None:
    click.echo("Demo data: looking …", err=True)
    try:
        done = fill(world, world.clock.now())
    except RealData as problem:
        fail(
            f"--demo fills an empty database only: {problem}.",
            "Start the demo beside it, with a directory of its own:  NABAT_DATA_DIR=demo-data ./nabat up --demo",
        )
    words = "filled: three teams and 30 days of history" if done is Filled.NOW else "here from an earlier start"
    click.echo(f"Demo data: {words}. All of it is invented, and nobody in it is ever really called.", err=True)
