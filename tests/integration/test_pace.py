"""PagerDuty is sent no more events for one key within a minute than it takes, and nothing is lost."""

from collections import Counter

import pytest

from gateway.settings import BadSettings, load
from tests.samples import BOOK, PEOPLE

EACH = """routes:
  - {name: warned, match: ['severity="warning"'], group_by: [instance], urgency: urgent, policy: infra}
"""
ONE_EACH = BOOK.replace("routes:\n", EACH).replace(
    "urgency: emergency, policy: infra}", "urgency: emergency, group_by: [instance], policy: infra}"
)
CALLED = PEOPLE.replace('/anna"}]}', '/anna"}], notify: {urgent: [voice], emergency: [voice]}}')


def called(providers):
    """How many events each key got."""
    return Counter(event["routing_key"].split("-")[0] for event in providers.pagerduty.events)


@pytest.fixture
def paced(staffed_of):
    return lambda most: staffed_of(ONE_EACH, CALLED, NABAT_PAGERDUTY_PACE=most, NABAT_CAPS="off")


def test_what_is_more_than_the_pace_waits_for_its_minute(paced, providers):
    world = paced("20")
    for number in range(25):
        world.alert(fingerprint=f"a{number}", instance=f"db{number:02}")
    world.delivers()
    assert called(providers) == {"anna": 20}
    assert {one.attempts for one in world.deliveries(status="queued", channel="pagerduty")} == {0}

    world.passes(seconds=59)
    world.delivers()
    assert called(providers) == {"anna": 20}
    world.passes(seconds=1)
    world.delivers()
    assert called(providers) == {"anna": 25, "oleg": 5}  # who was not called in time goes to the next person as well
    assert len({event["dedup_key"] for event in providers.pagerduty.events}) == 25
    assert not world.deliveries(status="failed")


def test_a_tenth_is_kept_for_emergencies_and_another_key_has_room_of_its_own(paced, providers):
    world = paced("20")
    for number in range(20):
        world.alert(fingerprint=f"w{number}", instance=f"web{number:02}", severity="warning")
    world.delivers()
    assert called(providers) == {"anna": 18}
    for number in range(3):
        world.alert(fingerprint=f"a{number}", instance=f"db{number:02}")
    world.delivers()
    assert called(providers) == {"anna": 20}
    summaries = [event["payload"]["summary"] for event in providers.pagerduty.events]
    assert [text.startswith("EMERGENCY") for text in summaries] == [False] * 18 + [True] * 2

    world.passes(minutes=5)  # nobody answers: Oleg's key is free
    world.delivers()
    assert called(providers) == {"anna": 23, "oleg": 3}


def test_without_a_pace_all_go_at_once(paced, providers):
    world = paced("0")
    for number in range(25):
        world.alert(fingerprint=f"a{number}", instance=f"db{number:02}")
    world.delivers()
    assert called(providers) == {"anna": 25}


@pytest.mark.parametrize("wrong", ["-1", "many", "1.5", "1000000"])
def test_a_pace_is_a_whole_number(wrong):
    with pytest.raises(BadSettings, match="NABAT_PAGERDUTY_PACE"):
        load({"NABAT_PAGERDUTY_PACE": wrong})
