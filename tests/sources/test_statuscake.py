"""StatusCake: its form, and what it lacks."""

from datetime import UTC, datetime

import pytest

from gateway import sources
from gateway.sources import BadPayload, Heard

HEARD = Heard("cake", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize("body", [b"[]", b"{}", b"Status=Down&Name=", b"Status=&Name=A+shop"])
def test_what_names_no_test_is_refused(body):
    with pytest.raises(BadPayload):
        sources.read("statuscake", body, HEARD)


def test_a_form_is_read_and_its_end_finds_it():
    form = "Token=0f&Status={}&StatusCode=500&URL=https%3A%2F%2Fa.example%2F&Name=A+shop"
    words = ("DOWN", "Up", "Slow")
    down, up, unknown = (sources.read("statuscake", form.format(word).encode(), HEARD).alerts[0] for word in words)
    assert unknown.firing
    assert (down.firing, up.firing, down.title, down.fingerprint == up.fingerprint) == (True, False, "A shop", True)
    assert "0f" not in repr(down)
