"""At the moment of dialling: the source is asked, and PagerDuty may be down (E11)."""

from datetime import timedelta

import pytest

from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.alertmanager import FakeAlertmanager
from tests.fakes.http import reply
from tests.integration.test_reconcile_alertmanager import SOURCE, watch
from tests.integration.test_voice_gate import BUSINESS, FLAPS, GATE, called, reasons
from tests.integration.test_when_to_tell import go
from tests.samples import BOOK, alert, group

# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def there(clock):
    with FakeAlertmanager(clock) as fake:
        yield fake


def asked(staffed_of, *urls):
    world = staffed_of(BOOK + GATE)
    watch(world, *urls)
    world.post(group(alert()), name=SOURCE)
    return world


def test_a_call_for_what_no_longer_fires_at_its_source_is_not_made(staffed_of, providers, there):
    world = asked(staffed_of, there.url)
    world.delivers()
    assert called(providers) == []
    assert reasons(world) == [("Anna", "in time"), ("Anna", "gone at the source")]
    (call,) = world.deliveries(channel="pagerduty")
    assert (call.status, call.error) == ("cancelled", "voice gate: it does not fire at its source any more")
    assert call.attempts == 0, "it was asked about, not sent"
    assert [one.status for one in world.deliveries(channel="ntfy")] == ["sent"]
    there.fires(alert())
    go(world, minutes=5)  # the ladder went on, and it fires again
    assert called(providers) == ["oleg"]


def test_a_call_for_what_flaps_waits_while_its_source_says_that_nothing_fires(staffed_of, providers, there):
    """The word about that is on its way, and a moment later it fires again."""
    world = staffed_of(BOOK + GATE + FLAPS)
    watch(world, there.url)
    world.clock.set(BUSINESS)
    for turn in range(5):
        at = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        world.post(group(alert("resolved" if turn % 2 else "firing", starts=at) | {"endsAt": at}), name=SOURCE)
        go(world, minutes=1)
    assert (world.incident().phase, called(providers)) == ("flapping", [])
    for _ in range(2):
        go(world, minutes=1)
        (call,) = world.deliveries(channel="pagerduty", status="queued")
        assert (call.attempts, call.due_at) == (0, world.clock.now() + timedelta(minutes=1))
    assert [why for _, why in reasons(world)][-2:] == ["unanswered", "gone at the source"]  # said once
    there.fires(alert())
    go(world, minutes=1)
    assert called(providers) == ["anna"]


@sqlite
def test_a_call_is_made_if_any_address_knows_it(staffed_of, providers, there, clock):
    with FakeAlertmanager(clock) as other:
        world = asked(staffed_of, there.url, other.url)
        other.fires(alert(), state="suppressed")
        world.delivers()
    assert called(providers) == ["anna"]
    assert reasons(world) == [("Anna", "in time")]


@sqlite
@pytest.mark.parametrize("trouble", ["silent", "restarted", "joining"])
def test_a_source_that_cannot_say_stops_no_call(staffed_of, providers, there, trouble):
    if trouble == "silent":
        there.then(reply(500, b"no"))
    elif trouble == "restarted":
        there.up_since = there.clock.now()
    else:
        there.cluster = "settling"
    world = asked(staffed_of, there.url)
    world.delivers()
    assert called(providers) == ["anna"]
    assert reasons(world) == [("Anna", "in time"), ("Anna", "source not asked")]
    assert world.entries("voice gate")[-1].detail["problem"]


def test_e11_pagerduty_is_down_so_people_are_told_another_way(staffed_of, providers):
    world = staffed_of(BOOK)
    everybody_has_a_password()
    browser, well = Browser(world.app), providers.pagerduty.usual
    providers.pagerduty.usual = lambda _asked: reply(503)
    world.alert()
    world.delivers()
    go(world, seconds=30)
    assert world.deliveries(channel="sms") == []
    go(world, seconds=31)
    assert [(one.who, one.status) for one in world.deliveries(channel="sms")] == [("anna@example.org", "sent")]
    browser.sign_in("irina@example.org")
    assert "Pages do not get through PagerDuty since" in browser.get("/incidents").text
    for _ in range(8):
        go(world, minutes=1)
    assert not providers.pagerduty.incidents
    providers.pagerduty.usual = well
    tried = len(providers.pagerduty.requests)
    go(world, minutes=2)
    events = providers.pagerduty.events[tried:]
    assert set(providers.pagerduty.incidents.values()) == {"triggered"}
    keys = [one["routing_key"] for one in events]
    assert len(keys) == len(set(keys)) == len(providers.pagerduty.incidents)  # each key hears of it once
    assert "Pages do not get through" not in browser.get("/incidents").text


def test_e11_what_was_answered_meanwhile_calls_nobody_when_pagerduty_is_back(staffed_of, providers):
    world = staffed_of(BOOK)
    well, providers.pagerduty.usual = providers.pagerduty.usual, lambda _asked: reply(503)
    (number,) = world.alert()
    go(world, minutes=2)
    world.acknowledges(number)
    providers.pagerduty.usual = well
    go(world, minutes=5)
    assert [one["event_action"] for one in providers.pagerduty.events if one["event_action"] == "trigger"][3:] == []
    assert not providers.pagerduty.incidents
