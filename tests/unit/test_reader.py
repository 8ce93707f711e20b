"""Numbers as one reader reads them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.i18n import catalogue
from dashboard.reader import Reader, grouped
from dashboard.sources.cards import size

NOW = datetime(2026, 12, 5, 0, 30, tzinfo=UTC)


def reader(language):
    return Reader(NOW, language, ZoneInfo("UTC"), catalogue(language))


@pytest.mark.parametrize(
    ("language", "number", "short", "bytes_"),
    [("en", "\u22121\u202f234.5", "0.1 s", "1.3 kB"), ("ru", "\u22121\u202f234,5", "0,1 с", "1,3 кБ")],
)
def test_a_fraction_has_a_comma_in_russian_everywhere(language, number, short, bytes_):
    assert reader(language).number(-1234.5, 1) == number
    assert reader(language).fraction(0.02) == short
    assert size(1331, reader(language)) == bytes_


def test_thousands_stand_apart_and_no_comma_is_taken_for_a_fraction():
    assert grouped(12_345) == reader("en").number(12_345) == reader("ru").number(12_345) == "12\u202f345"
