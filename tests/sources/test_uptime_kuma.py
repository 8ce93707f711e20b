"""Uptime Kuma: which beats begin and end something, and what is said without one."""

from datetime import UTC, datetime

import pytest

from gateway.sources import BadPayload, Heard
from gateway.sources.uptime_kuma import parse

HEARD = Heard("kuma", datetime(2026, 12, 5, 0, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "body", [None, [], "x", {"heartbeat": {"status": 0}}, {"heartbeat": {"status": 0}, "monitor": []}]
)
def test_what_names_no_monitor_is_refused(body):
    with pytest.raises(BadPayload):
        parse(body, HEARD)


@pytest.mark.parametrize("status", ["0", 0, 7, "down", None])
def test_down_is_down(status):
    assert [one.firing for one in parse({"heartbeat": {"status": status}, "monitor": {"id": 1}}, HEARD).alerts] == [
        True
    ]


def test_that_a_certificate_expires_is_one_warning_on_whichever_day_it_is_said():
    def said(days, word="expire"):
        text = f"[Shop][https://s.example] server certificate s.example will {word} in {days} days"
        return parse({"heartbeat": None, "monitor": None, "msg": text}, HEARD).alerts[0].fingerprint

    assert said(21) == said(7) == said(3, "be expired")


def body(status, **beat):
    said = {"status": status, "time": "2026-12-05 00:10:00", "msg": "no answer", **beat}
    return {"heartbeat": said, "monitor": {"id": 5, "name": "Shop"}, "msg": "x"}


def test_a_monitor_goes_down_is_told_again_and_comes_up(world):
    (number,) = world.post(body(0, important=True), "uptime-kuma").json["incidents"]
    world.post(body(0, important=False, time="2026-12-05 00:11:00"), "uptime-kuma")
    for silent in (2, 3):
        assert world.post(body(silent), "uptime-kuma").json == {"accepted": 0, "quarantined": 0, "incidents": []}
    assert (world.incident().status, world.seen(number)) == ("triggered", 2)
    world.post(body(1, time="2026-12-05 00:11:30"), "uptime-kuma")
    assert world.incident().status == "resolved"
