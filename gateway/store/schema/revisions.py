"""Which changes of the tables this program knows, by the names of their files."""

from functools import cache
from pathlib import Path

MIGRATIONS = Path(__file__).parents[1] / "migrations"


@cache
def known() -> frozenset[str]:
    return frozenset(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def newest() -> str:
    return max(known())
