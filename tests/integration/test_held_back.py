"""Nobody is told yet: until a calendar opens (E9), or until enough alerts are there."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.actions import Actor
from gateway.acts import handover, merging
from gateway.store.db import reading
from rules.lifecycle import Signal
from tests.browsing import Browser, everybody_has_a_password
from tests.integration.test_silences import Operator
from tests.integration.test_when_to_tell import Sender, acts, calls, go
from tests.samples import BOOK, PEOPLE, alert, group

CALENDAR = 'calendars: {work: {days: mon-fri, hours: "09:00-18:00"}}\n'
MORNING = (
    BOOK.replace(
        "  - {name: everything else",
        "  - {name: warnings wait, match: ['severity=\"warning\"'], when: not work, hold_until: work, "
        "urgency: ordinary, policy: support, group_by: [alertname]}\n  - {name: everything else",
    )
    + CALENDAR
)
MANY = BOOK.replace("policy: infra}", "policy: infra, at_least: {alerts: 3, within: 10m}}", 1)
FLAPS = "flapping: {changes: 4, within: 30m, quiet: 15m}\n"
ANNA = Actor("Anna", "dashboard")
MONDAY_NINE = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)  # in Moscow


def warns(world, name, status="firing", **more):
    starts = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ") if status == "firing" else "2026-12-05T00:11:30Z"
    one = alert(status, name=name, fingerprint=name, severity="warning", starts=starts, **more)
    one["endsAt"] = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ") if status == "resolved" else one["endsAt"]
    return world.post(group(one, status=status)).json["incidents"]


def until(world, moment):
    go(world, seconds=(moment - world.clock.now()).total_seconds())


def test_e9_outside_business_hours_a_warning_waits_for_one_digest(staffed_of, providers):
    world = staffed_of(MORNING)
    for name in ("DiskWarning", "SlowQueries", "CertSoon", "Healed"):
        warns(world, name)
    assert [one.phase for one in world.incidents()] == ["deferred"] * 4
    assert world.entries("held")[0].detail == {"level": 0, "until": "2026-12-07T06:00:00Z", "why": "hold_until",
                                               "what": "work"}  # fmt: skip
    until(world, MONDAY_NINE - timedelta(hours=20))
    warns(world, "Healed", "resolved")
    assert world.incidents()[3].resolve_kind == "healed"
    until(world, MONDAY_NINE - timedelta(seconds=1))
    assert world.deliveries() == []
    until(world, MONDAY_NINE)
    (digest,) = world.deliveries(kind="digest")
    assert (digest.status, digest.channel, digest.who) == ("sent", "email", "irina@example.org")
    assert {one.status for one in world.deliveries(kind="opened")} == {"bundled"}
    (mail,) = providers.mail.mails
    text = mail["Subject"] + mail.get_body(("plain",)).get_content()
    assert all(name in text for name in ("DiskWarning", "SlowQueries", "CertSoon", "Held back until now: 3"))
    assert "Healed" not in text
    world.clock.advance(hours=1)  # one that nobody answered, and answered ones, go on as ever
    warns(world, "AtDay")
    world.delivers()
    assert world.deliveries(kind="opened")[-1].status == "sent"


def test_a_held_warning_that_becomes_more_urgent_is_told_at_once(staffed_of):
    world = staffed_of(MORNING)
    (number,) = warns(world, "Disk")
    assert world.alert(name="Disk", fingerprint="Disk", severity="critical", starts="2026-12-05T00:13:00Z") == [number]
    go(world, seconds=1)
    assert (world.incident().phase, world.incident().level) == ("", 1)
    assert [one.status for one in world.deliveries(kind="opened")] == ["sent"]
    assert world.deliveries(kind="digest") == []


def test_a_held_warning_is_answered_or_snoozed_like_any_other(staffed_of):
    world = staffed_of(MORNING)
    (first,), (second,) = warns(world, "Disk"), warns(world, "Queue")
    acts(world, first, Signal.ACKNOWLEDGE)
    acts(world, second, Signal.RESOLVE)
    until(world, MONDAY_NINE)
    assert [one for one in world.deliveries() if one.kind in ("opened", "digest")] == []


def test_a_digest_that_has_nothing_left_to_say_is_not_sent(staffed_of, providers):
    world = staffed_of(MORNING)
    (number,) = warns(world, "Disk")
    world.clock.set(MONDAY_NINE)
    world.passes(seconds=0)
    acts(world, number, Signal.RESOLVE)
    world.delivers()
    assert (world.deliveries(kind="digest")[0].status, providers.mail.mails) == ("cancelled", [])


def test_a_few_alerts_tell_nobody_and_enough_of_them_do(staffed_of):
    world = staffed_of(MANY)

    def fires(number, **time):
        world.clock.advance(**time)
        starts = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return world.alert(fingerprint=f"f{number}", instance=f"h{number}", starts=starts)

    fires(1)
    fires(1, minutes=1)  # the same alert is no second one
    fires(2, minutes=1)
    fires(3, minutes=20)
    go(world, hours=2)
    assert (world.incident().phase, world.incident().level, world.deliveries()) == ("gathering", 0, [])
    assert (world.entries("held")[0].detail["why"], world.entries("held")[0].detail["what"]) == (
        "at_least",
        "3 within 10m",
    )
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in("irina@example.org")
    for page in ("/incidents", f"/incidents/{world.incident().id}"):
        assert "waits for more alerts" in browser.get(page).text
    assert "Held back: nobody has been told yet." in browser.get(f"/incidents/{world.incident().id}").text
    fires(4)
    fires(5, minutes=5)
    assert world.deliveries() == []
    fires(6, minutes=5)
    go(world, seconds=0)
    assert calls(world) == ["anna"]
    assert "enough alerts" in world.timeline()
    go(world, minutes=5)
    assert calls(world) == ["anna", "oleg"]


def begins(world, number, status="firing"):
    at = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    one = alert(status, fingerprint=f"f{number}", instance=f"h{number}", starts=at)
    one["endsAt"] = at if status == "resolved" else one["endsAt"]
    return world.post(group(one, status=status)).json["incidents"]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_what_is_silenced_is_not_one_of_enough_before_its_silence_ends(staffed_of, order):
    world = staffed_of(MANY)
    operator = Operator(world)
    number = operator.silence('instance=~"h[12]"')
    for one in order:
        begins(world, one)
    begins(world, 3)  # once more: another word about it
    assert (world.incident().phase, world.deliveries()) == ("gathering", [])
    operator.passes(minutes=2)
    assert (world.incident().phase, world.deliveries()) == ("gathering", [])
    assert operator.ask("DELETE", f"silences/{number}").status_code == 200
    operator.passes(seconds=3)
    assert {one.level for one in world.deliveries()} == {1}
    assert world.timeline()[-1] == "enough alerts"


def test_what_came_and_went_in_a_silence_never_counts(staffed_of):
    world = staffed_of(MANY)
    operator = Operator(world)
    number = operator.silence('instance=~"h[12]"')
    for one in (3, 1, 2):
        begins(world, one)
    world.clock.advance(minutes=1)
    for one in (1, 2):
        begins(world, one, "resolved")
    operator.ask("DELETE", f"silences/{number}")
    operator.passes(seconds=3)
    begins(world, 4)
    assert (world.incident().phase, world.deliveries()) == ("gathering", [])
    begins(world, 5)
    assert {one.level for one in world.deliveries()} == {1}


def test_what_a_maintenance_hid_goes_on_waiting_when_it_is_over(staffed_of):
    world = staffed_of(MORNING)
    operator = Operator(world)
    operator.silence('alertname="Disk"')
    warns(world, "Disk")
    assert world.incident().suppressed_by
    operator.passes(hours=2)
    assert (world.incident().phase, world.deliveries(kind="opened")) == ("deferred", [])
    until(world, MONDAY_NINE)
    assert [one.status for one in world.deliveries(kind="digest")] == ["sent"]


def comes_and_goes(world):
    for _ in range(4):
        warns(world, "Disk")
        go(world, minutes=1)
        warns(world, "Disk", "resolved")
        go(world, minutes=1)


def test_what_is_held_until_morning_is_so_however_often_it_comes_and_goes(staffed_of):
    world = staffed_of(MORNING.replace("urgency: ordinary", "urgency: urgent") + FLAPS)
    comes_and_goes(world)
    warns(world, "Disk")
    go(world, hours=2)
    assert (len(world.incidents()), world.incidents()[-1].phase) == (1, "deferred")
    assert world.deliveries() == []
    with reading() as session:
        assert [one.title for one in handover.held(session)] == [world.incident().title]
    until(world, MONDAY_NINE)
    assert {one.kind for one in world.deliveries()} == {"opened", "digest"}


def test_what_came_and_went_before_morning_is_over(staffed_of):
    world = staffed_of(MORNING.replace("urgency: ordinary", "urgency: urgent") + FLAPS)
    comes_and_goes(world)
    until(world, MONDAY_NINE)
    assert world.incident().status == "resolved"
    assert world.deliveries() == []


def test_one_alert_that_comes_and_goes_is_not_enough_of_them(staffed_of):
    world = staffed_of(MANY + FLAPS)
    sender = Sender(world)
    for _ in range(4):
        sender.fires(fingerprint="f1")
        go(world, minutes=1)
        sender.clears(fingerprint="f1")
        go(world, minutes=1)
    sender.fires(fingerprint="f1")
    go(world, minutes=20)
    assert (len(world.incidents()), world.incident().phase, world.deliveries()) == (1, "gathering", [])
    for mark in ("f2", "f3"):
        sender.fires(fingerprint=mark)
    assert world.incident().level == 0  # the first of the three began too long ago
    sender.fires(fingerprint="f4")
    assert world.incident().level == 1


def held_for_anna(staffed_of, providers, more):
    """Something of a fast class, told at nine to Anna, who has rules of her own."""
    book = MORNING.replace("urgency: ordinary, policy: support, group_by", "urgency: fast, policy: infra, group_by")
    anna = '/anna"}]'
    return staffed_of(book, PEOPLE.replace(anna + "}", anna + more + "}"))


def test_a_digest_does_not_wake_whoever_sleeps_when_the_calendar_opens(staffed_of, providers):
    world = held_for_anna(staffed_of, providers, ', quiet_hours: "22:00-10:00"')
    warns(world, "DiskWarning")
    warns(world, "SlowQueries")
    until(world, MONDAY_NINE)
    go(world, minutes=1)
    assert providers.ntfy.requests == []
    until(world, MONDAY_NINE + timedelta(hours=1))
    assert len(providers.ntfy.requests) == 2


def test_a_digest_does_not_swallow_what_a_person_is_to_be_told_by_later(staffed_of, providers):
    world = held_for_anna(staffed_of, providers, ", notify: {fast: [push, sms after 2m]}")
    warns(world, "DiskWarning")
    until(world, MONDAY_NINE)
    go(world, seconds=1)
    assert (len(providers.ntfy.requests), len(providers.twilio.requests)) == (1, 0)
    go(world, minutes=2)
    assert (len(providers.ntfy.requests), len(providers.twilio.requests)) == (1, 1)


def test_what_is_back_before_the_calendar_opens_is_in_the_digest_too(staffed_of, providers):
    world = staffed_of(MORNING.replace("when: not work, ", "") + "reopen_within: 1d\n")
    world.clock.set(MONDAY_NINE + timedelta(hours=8))
    numbers = [*warns(world, "DiskWarning"), *warns(world, "SlowQueries")]
    go(world, minutes=50)
    for name in ("DiskWarning", "SlowQueries"):
        one = alert("resolved", name=name, fingerprint=name, severity="warning", starts="2026-12-07T14:00:00Z")
        world.post(group({**one, "endsAt": world.clock.now().isoformat()}, status="resolved"))
    go(world, hours=3)
    assert [*warns(world, "DiskWarning"), *warns(world, "SlowQueries")] == numbers
    assert [(one.phase, one.level) for one in world.incidents()] == [("deferred", 1)] * 2
    before = len(providers.mail.mails)
    until(world, MONDAY_NINE + timedelta(days=1))
    assert [one.status for one in world.deliveries(kind="escalated")] == ["bundled"] * 2
    assert len(providers.mail.mails) == before + 1


def test_what_becomes_enough_by_a_merge_is_told(world_of):
    world = world_of(book=MANY.replace("at_least", "group_by: [alertname, instance], at_least"))
    numbers = [world.alert(fingerprint=f"f{n}", instance=f"h{n}")[0] for n in range(3)]
    merging.merge(numbers[1], numbers[0], ANNA, world.clock.now())
    assert world.incidents()[0].phase == "gathering"
    merging.merge(numbers[2], numbers[0], ANNA, world.clock.now())
    assert (world.incidents()[0].phase, world.incidents()[0].level) == ("", 1)
    assert {one.incident_id for one in world.deliveries()} == {numbers[0]}


def test_what_becomes_enough_by_a_merge_is_held_on_where_that_is_its_rule(world_of):
    world = world_of(book=MANY.replace("at_least", "hold_for: 60s, group_by: [alertname, instance], at_least"))
    numbers = [world.alert(fingerprint=f"f{n}", instance=f"h{n}")[0] for n in range(3)]
    for number in numbers[1:]:
        merging.merge(number, numbers[0], ANNA, world.clock.now())
    assert (world.incidents()[0].phase, world.incidents()[0].level) == ("held", 0)
    world.passes(seconds=60)
    assert world.incidents()[0].level == 1


def test_what_was_told_of_is_held_back_by_no_merge(world_of):
    world = world_of(book=MANY)
    (held,) = world.alert()
    (told,) = world.alert(name="Other", fingerprint="b1", severity="warning")
    assert [one.level for one in world.incidents()] == [0, 1]
    merging.merge(told, held, ANNA, world.clock.now())
    world.passes(seconds=1)
    assert {one.id: one.level for one in world.incidents()}[held] == 1
