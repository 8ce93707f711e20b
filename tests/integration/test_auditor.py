"""The auditor finds what is wrong with us, makes up for it, tells people, and shows it wherever somebody looks."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from gateway.auditor import Auditor
from gateway.flows import housekeeping
from gateway.store.db import db, reading, transaction
from gateway.store.tables import Delivery, Entry, Fact
from gateway.store.types import micros
from gateway.store.upkeep import pulse
from rules.reports.selfwatch import What
from rules.words import Status
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import FakeServer, reply
from tests.integration.test_alarms import alarms_in
from tests.integration.test_health import figures
from tests.samples import BOOK, alert, group

WITH_OWN = BOOK.replace(
    "routes:\n", "routes:\n  - {name: ours, match: ['service=\"nabat\"'], urgency: urgent, policy: support}\n"
)

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing of it is the database's


@pytest.fixture
def auditor(staffed):
    """One that has been running for a while, beside a worker."""
    made = Auditor(staffed.app)
    made.started = staffed.clock.now() - timedelta(hours=1)
    made.sender.clock = lambda _: micros(staffed.clock.now())
    beat(staffed)
    return made


def beat(world):
    with transaction() as session:
        pulse.say_alive(session, "w1", world.clock.now())


def audits(world, auditor, **time):
    """Time passes, the worker lives; what the next audit finds."""
    world.clock.advance(**time)
    beat(world)
    return found(world, auditor)


def found(world, auditor):
    return {one.what: one.count for one in auditor.round(world.clock.now())}


def own(world):
    """Our own incidents: title and status."""
    return [(one.title, one.status) for one in world.incidents() if one.source_id == 0]


def test_a_whole_story_is_well_at_every_moment(staffed, auditor):
    (number,) = staffed.alert()
    assert audits(staffed, auditor) == {}
    staffed.delivers()
    for _ in range(4):  # the ladder goes up
        staffed.clock.advance(minutes=5)
        staffed.passes()
        staffed.delivers()
        assert audits(staffed, auditor) == {}
    staffed.acknowledges(number)
    staffed.delivers()
    assert audits(staffed, auditor, hours=2) == {}
    staffed.alert("resolved")
    staffed.delivers()
    assert audits(staffed, auditor, hours=2) == {}
    assert own(staffed) == []


def test_a_worker_that_is_gone_is_told_once_as_an_emergency_and_the_alarm_ends_by_itself(staffed, auditor):
    staffed.clock.advance(seconds=31)
    assert found(staffed, auditor) == {What.WORKER: 1}
    assert own(staffed) == []  # it may be starting anew this moment
    for seconds in (10, 10, 100):
        staffed.clock.advance(seconds=seconds)
        assert What.WORKER in found(staffed, auditor)
    assert own(staffed) == [("Nabat does not do its work: no worker was seen for 51 s: nothing is sent", "triggered")]
    (incident,) = staffed.incidents()
    assert incident.urgency == 0
    assert incident.alert_count == 1
    staffed.delivers()
    assert audits(staffed, auditor) == {}
    assert [status for _, status in own(staffed)] == [Status.RESOLVED]


def test_that_there_is_no_worker_is_told_without_one_and_only_that(staffed, auditor, providers):
    (number,) = staffed.alert()
    for seconds in (31, 20, 10):
        staffed.clock.advance(seconds=seconds)
        found(staffed, auditor)
    (event,) = providers.pagerduty.events
    assert "no worker was seen for 51 s" in event["payload"]["summary"]
    assert {one.status for one in staffed.deliveries(incident_id=number)} == {"queued"}
    (ours,) = [one for one in staffed.incidents() if one.source_id == 0]
    assert {one.status for one in staffed.deliveries(incident_id=ours.id)} == {"sent"}
    assert staffed.timeline(ours.id)[:2] == ["opened", "sent"]
    beat(staffed)  # it is back, and finds its work; ours is done
    staffed.delivers()
    assert len(providers.pagerduty.events) == 2


def test_a_worker_that_dies_again_is_told_again(staffed, auditor):
    for _ in range(2):
        staffed.clock.advance(seconds=60)
        found(staffed, auditor)
        staffed.clock.advance(seconds=20)
        found(staffed, auditor)
        assert own(staffed)[-1][1] == "triggered"
        assert audits(staffed, auditor) == {}
    assert [status for _, status in own(staffed)] == ["resolved", "resolved"]


def test_messages_that_wait_and_steps_that_do_not_come(staffed, auditor):
    staffed.alert()
    assert audits(staffed, auditor, seconds=60) == {}
    late = audits(staffed, auditor, seconds=1)
    assert late == {What.MESSAGES: 1, What.UNREACHED: 1}
    staffed.delivers()
    assert audits(staffed, auditor, minutes=4) == {}
    assert audits(staffed, auditor, minutes=1) == {What.STEPS: 1}
    staffed.passes()
    staffed.delivers()
    assert audits(staffed, auditor) == {}


def test_what_rightly_waits_is_not_late(staffed, auditor, providers):
    """A resolve waits behind its trigger, which is tried again and again; a page of what is snoozed is not sent."""
    providers.pagerduty.usual = lambda _: reply(503)
    staffed.alert()
    for _ in range(12):
        staffed.delivers()
        assert audits(staffed, auditor, seconds=20).keys() <= {What.STEPS}
        staffed.passes()
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.status == "queued").values(due_at=staffed.clock.now()))
        session.execute(text("UPDATE incident SET status = 'acknowledged', next_at = NULL"))
    staffed.alert("resolved")
    assert What.MESSAGES not in audits(staffed, auditor, seconds=30)


def test_a_lease_that_nobody_ends_is_found(staffed, auditor):
    staffed.alert(severity="warning")
    with transaction() as session:
        long_ago = 1_000_000  # by the database's own clock
        session.execute(update(Delivery).values(status="sending", leased_until=long_ago, lease=1))
    assert audits(staffed, auditor) == {What.MESSAGES: 1}


def remove_pages():
    with transaction() as session:
        session.execute(delete(Delivery))


def test_a_notification_that_is_gone_begins_the_next_step_at_once(staffed, auditor, providers):
    (number,) = staffed.alert()
    remove_pages()
    assert audits(staffed, auditor, seconds=29) == {}
    assert audits(staffed, auditor, seconds=1) == {What.MISSING: 1}
    staffed.delivers()
    assert len(providers.pagerduty.events) == 1
    assert (staffed.incident().level, staffed.incident().id) == (2, number)
    assert staffed.timeline()[:3] == ["opened", "notification missing", "sent"]
    (line,) = staffed.entries("notification missing")
    assert [one["name"] for one in line.detail["told"]] == ["Oleg"] * len(line.detail["told"])
    assert audits(staffed, auditor, seconds=10) == {}
    assert own(staffed) == []  # it was made up for


def test_it_is_made_up_for_once_whoever_finds_it(staffed, auditor):
    staffed.alert()
    remove_pages()
    staffed.clock.advance(seconds=30)
    beat(staffed)
    other = Auditor(staffed.app)
    assert [found(staffed, one) for one in (auditor, other)] == [{What.MISSING: 1}, {}]
    for _ in range(3):  # a trigger in the database that eats them must not make us run up the ladder
        remove_pages()
        found(staffed, auditor)
    assert staffed.incident().level == 2


def test_an_emergency_that_nothing_will_move_any_more_is_moved(staffed, auditor):
    (number,) = staffed.alert()
    staffed.delivers()
    with transaction() as session:
        session.execute(text("UPDATE incident SET next_at = NULL"))
    assert audits(staffed, auditor) == {What.MISSING: 1}
    assert (staffed.incident().level, staffed.incident().next_at is None) == (2, False)
    staffed.acknowledges(number)
    with transaction() as session:
        session.execute(text("UPDATE incident SET next_at = NULL"))
    assert audits(staffed, auditor) == {}


def test_what_nobody_was_to_be_told_of_is_not_missing(world_of, clock):
    world = world_of(people=None)
    world.alert()
    auditor = Auditor(world.app)
    auditor.started = clock.now() - timedelta(hours=1)
    assert What.MISSING not in audits(world, auditor, seconds=40)
    assert world.incident().level >= 1
    assert "notification missing" not in world.timeline()


def test_an_emergency_that_reached_nobody_is_told_once_and_ours_does_not_keep_itself_alive(world_of, providers):
    """All channels are down: our own alarm reaches nobody either, and still ends when the emergency does."""
    providers.pagerduty.usual = lambda _: reply(503)
    people = """
people: [{email: irina@example.org, name: Irina, role: admin,
          contacts: [{channel: pagerduty, address: "irina-key-0123456789abcdef012345"}]}]
"""
    book = BOOK.replace("schedule:infra", "role:admin").replace("person:oleg@example.org", "role:admin")
    book = book.replace("person:irina@example.org", "role:admin").replace("team:support", "role:admin")
    world = world_of(
        people=people, book=book.replace("ordinary", "emergency"), NABAT_PAGERDUTY_EVENTS_URL=providers.pagerduty.url
    )
    auditor = Auditor(world.app)
    auditor.started = world.clock.now() - timedelta(hours=1)
    world.alert()
    for _ in range(12):
        world.delivers()
        world.passes()
        audits(world, auditor, seconds=10)
    assert [status for _, status in own(world)] == ["triggered"]
    world.alert("resolved")
    assert What.UNREACHED not in audits(world, auditor, seconds=10)
    assert [status for _, status in own(world)] == ["resolved"]


def test_right_after_its_start_it_waits_for_the_others(staffed):
    auditor = Auditor(staffed.app)
    assert found(staffed, auditor) == {}
    staffed.clock.advance(seconds=44)
    assert found(staffed, auditor) == {}
    staffed.clock.advance(seconds=1)
    assert found(staffed, auditor) == {What.WORKER: 1}
    staffed.clock.advance(seconds=20)
    found(staffed, auditor)
    assert own(staffed)[0][1] == "triggered"
    again = Auditor(staffed.app)  # it is started anew: what it does not look at yet is not over
    assert found(staffed, again) == {}
    assert own(staffed)[0][1] == "triggered"


@ON_SQLITE
def test_readyz_metrics_and_a_banner_say_what_was_found(staffed, auditor):
    figures_before = figures(staffed.client)
    assert figures_before["nabat_audit_last_seen_seconds",] == float("inf")
    assert figures_before["nabat_audit_ok",] == 0
    everybody_has_a_password()
    anna = Browser(staffed.app)
    anna.sign_in("anna@example.org")
    assert alarms_in(anna.get("/incidents").text) == ""
    staffed.alert(severity="warning")
    audits(staffed, auditor)
    assert figures(staffed.client)["nabat_audit_ok",] == 1
    assert staffed.client.get("/readyz").status_code == 200
    audits(staffed, auditor, seconds=75)
    staffed.clock.advance(seconds=5)
    beat(staffed)
    ready = staffed.client.get("/readyz")
    assert (ready.status_code, ready.json["reasons"]) == (503, ["messages wait: the oldest has been due for 75 s"])
    now = figures(staffed.client)
    assert (now["nabat_audit_ok",], now["nabat_audit_last_seen_seconds",]) == (0, 5)
    assert {key[1]: value for key, value in now.items() if key[0] == "nabat_audit_problems"} == {
        what.value: float(what is What.MESSAGES) for what in What
    }
    assert alarms_in(anna.get("/incidents").text) == "Messages do not go out: the oldest has been due for 1 min."
    anna.press("/me", language="ru", theme="")
    assert alarms_in(anna.get("/me").text).startswith("Сообщения не уходят")
    staffed.clock.advance(seconds=86)  # what was found so long ago says nothing about now
    beat(staffed)
    assert staffed.client.get("/readyz").status_code == 200
    assert "Аудитор не выходит на связь" in alarms_in(anna.get("/me").text)
    assert figures(staffed.client)["nabat_audit_problems", "messages"] == 0


@ON_SQLITE
def test_every_finding_has_its_words_on_the_pages(staffed, auditor):
    everybody_has_a_password()
    anna = Browser(staffed.app)
    anna.sign_in("anna@example.org")
    with transaction() as session:
        rows = [f'["{what.value}",2,61,null]' for what in What] + ['["of a newer program",1,1,null]']
        session.add(Fact(key="audit", value=f"[{','.join(rows)}]", at=staffed.clock.now()))
    page = anna.get("/incidents").text
    shown = set(What) - {What.UNREACHED, What.TRANSACTION}  # that nobody was reached is told beside it anyway
    assert page.count('<div class="banner err"') == len(shown)
    assert page.count('<div class="banner warn"') == 1  # a transaction that is old stops nothing
    assert "<b></b>" not in page
    with transaction() as session:
        session.execute(update(Fact).where(Fact.key == "audit").values(value='[["worker",1,null,null]]'))
    assert alarms_in(anna.get("/incidents").text) == "No worker was ever seen: nothing is sent."


@ON_SQLITE
def test_the_heartbeat_service_hears_from_us_only_while_all_is_well(world_of, caplog):
    with FakeServer() as service:
        world = world_of(NABAT_DEADMAN_URL=f"{service.url}/secret-path?key=1")
        auditor = Auditor(world.app)
        pings = []
        for _ in range(30):  # five minutes
            audits(world, auditor, seconds=10)
            pings.append(len(service.requests))
        assert pings[3] == 0  # it has only just begun to look
        assert pings[-1] == 5
        assert {(one.method, one.path) for one in service.requests} == {("GET", "/secret-path?key=1")}
        world.clock.advance(seconds=31)
        for _ in range(10):
            world.clock.advance(seconds=10)
            found(world, auditor)
        assert len(service.requests) == 5
        world.delivers()
        service.then(reply(500, b"secret-path"), reply(302, headers={"Location": "/elsewhere"}))
        caplog.set_level(logging.WARNING)
        for _ in range(3):
            audits(world, auditor, seconds=10)
        assert len(service.requests) == 8  # what failed is tried in the next round
        assert "deadman_ping_failed" in caplog.text
        assert "secret-path" not in caplog.text


def test_a_part_that_fails_keeps_no_other_from_its_turn(staffed, auditor, caplog):
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE entry RENAME TO entry_away"))
    try:
        staffed.clock.advance(seconds=120)
        assert auditor.round(staffed.clock.now()) is not None
        staffed.clock.advance(seconds=20)
        assert auditor.round(staffed.clock.now()) is not None  # the alarm cannot be written: its timeline is gone
        assert own(staffed) == []
    finally:
        with db.engine.execution_options(writes=True).begin() as connection:
            connection.execute(text("ALTER TABLE entry_away RENAME TO entry"))
    assert "auditor_failed job=tell" in caplog.text
    staffed.clock.advance(seconds=10)
    auditor.round(staffed.clock.now())
    assert len(own(staffed)) == 1


def test_without_a_database_nothing_passes(staffed, auditor):
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE fact RENAME TO fact_away"))
    try:
        assert auditor.round(staffed.clock.now()) is None
    finally:
        with db.engine.execution_options(writes=True).begin() as connection:
            connection.execute(text("ALTER TABLE fact_away RENAME TO fact"))


def test_who_no_longer_runs_an_auditor_is_not_reminded_for_ever(staffed, auditor):
    audits(staffed, auditor)
    housekeeping.tidy(staffed.clock.now() + timedelta(hours=23))
    with reading() as session:
        assert session.get(Fact, "audit") is not None
    housekeeping.tidy(staffed.clock.now() + timedelta(hours=25))
    with reading() as session:
        assert session.get(Fact, "audit") is None


def test_our_alarm_takes_the_way_that_the_rule_book_says(staffed, auditor, tmp_path):
    (tmp_path / "book" / "book.yaml").write_text(WITH_OWN)
    for seconds in (31, 20):
        staffed.clock.advance(seconds=seconds)
        found(staffed, auditor)
    (incident,) = staffed.incidents()
    assert incident.rule == "ours"
    with reading() as session:
        told = session.scalars(select(Entry.detail).where(Entry.kind == "opened")).one()
    assert {one["name"] for one in told["told"]} == {"Irina"}


def test_a_storm_that_is_worked_off_is_no_failure(staffed, auditor):
    staffed.post(group(*[alert(name=f"N{number}", fingerprint=f"f{number}") for number in range(300)]))
    assert audits(staffed, auditor, seconds=40) == {}
