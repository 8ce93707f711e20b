"""Healthchecks: what is needed, and what other bodies than ours say."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.healthchecks import parse

HEARD = Heard("hc", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("body", "place"),
    [(None, ""), ([], ""), ({}, "code"), ({"status": "down"}, "code"), ({"code": "$CODE", "status": "down"}, "code"),
     ({"code": "1"}, "status"), ({"code": "1", "status": "$STATUS"}, "status")],
)  # fmt: skip
def test_what_says_too_little_is_refused(body, place):
    with pytest.raises(BadPayload) as caught:
        parse(body, HEARD)
    assert caught.value.place == place


@pytest.mark.parametrize(
    ("word", "firing"), [("DOWN", [True]), ("up", [False]), ("paused", []), ("yet to come", [True])]
)
def test_only_a_word_that_is_known_keeps_quiet(word, firing):
    assert [one.firing for one in parse({"code": "1", "status": word}, HEARD).alerts] == firing


@pytest.mark.parametrize(
    ("given", "title"),
    [({"name": "Nightly"}, "Nightly"), ({"title": "My check is DOWN"}, "My check"),
     ({"title": "A is UP is DOWN. x"}, "A is UP"), ({"title": "Broken"}, "Broken"), ({}, "1"),
     ({"name": "$NAME"}, "1")],
)  # fmt: skip
def test_titles_without_the_state(given, title):
    assert [one.title for one in parse({"code": "1", "status": "down", **given}, HEARD).alerts] == [title]


def test_a_check_goes_down_and_comes_up(world):
    body = {"code": "c-1", "name": "Nightly", "now": "2026-12-05T00:10:00+00:00"}
    (number,) = world.post({**body, "status": "down"}, "healthchecks").json["incidents"]
    answer = world.post({**body, "status": "up", "now": "2026-12-05T00:11:00+00:00"}, "healthchecks")
    assert answer.json["incidents"] == [number]
    assert world.incident().status == "resolved"
