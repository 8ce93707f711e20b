"""Durations as people write them."""

from datetime import timedelta

import pytest

from rules.texts.durations import parse_duration, write_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h", 3600), ("2d", 172800), ("1w", 604800), ("1h30m", 5400), ("1w2d3h4m5s", 788645)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(write_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "1.5h", "5 m", "30m1h", "5m5m", "1y", "٣m", "9999999s"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_durations_are_written_short():
    spans = [timedelta(), timedelta(days=7), timedelta(days=30), timedelta(minutes=90), timedelta(seconds=61.5)]

    assert [write_duration(span) for span in spans] == ["0s", "1w", "30d", "1h30m", "1m1s"]
