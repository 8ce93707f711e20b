"""Public holidays by country and part of it, a year at a time, as the `holidays` package knows them."""

import importlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

LANGUAGE = "en_US"  # of their names, where the package has it; else the country's own


@lru_cache(maxsize=256)
def known(code: str) -> bool:
    """Whether there is such a country ("RU") or part of one ("DE-BY")."""
    try:
        _ask(code, 2026)
    except NotImplementedError:  # what the package raises for a country or a part that it does not have
        return False
    return code == code.upper()  # some names of parts are known by more than one spelling: one is enough


def name_of(code: str, day: date) -> str:
    """What is celebrated there on this day; empty for a day like any other."""
    return of_year(code, day.year).get(day, "")


@lru_cache(maxsize=512)
def of_year(code: str, year: int) -> Mapping[date, str]:
    return dict(_ask(code, year))


def _ask(code: str, year: int) -> Any:
    country, _, part = code.partition("-")
    return _library().country_holidays(country, part or None, years=year, expand=False, language=LANGUAGE)


@lru_cache(maxsize=1)
def _library() -> Any:
    """Loaded by the first book that names a country: it takes a third of a second and ten megabytes."""
    return importlib.import_module("holidays")
