"""Silences and maintenance windows: M13 and promise P18, through the API, with the clock in the hand."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from gateway.actions import Actor
from gateway.acts import amend, merging
from gateway.flows import silences, suppress
from gateway.store.db import reading, transaction
from gateway.store.senders import sources as source_store
from gateway.store.tables import AlertRow, Incident, SilenceRow
from gateway.store.upkeep import vitals
from rules.words import Urgency
from tests.integration.test_others_hold_it import somebody_else
from tests.samples import BOOK, alert, group

PAGES = ("opened", "escalated")
# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Operator:
    """A program that may do everything, and the clock's work for silences."""

    def __init__(self, world):
        self.world = world
        with transaction() as session:
            made = source_store.create_api_token(session, "robot", ["read", "act"], world.clock.now())
        self.headers = {"Authorization": f"Bearer {made}"}

    def ask(self, method, path, body=None):
        return self.world.client.open(f"/api/v1/{path}", method=method, json=body, headers=self.headers)

    def silence(self, *matchers, **more):
        body = {"matchers": list(matchers), "reason": "kernel update", "for": "2h", "page_emergencies": False} | more
        answer = self.ask("POST", "silences", body)
        assert answer.status_code == 200, answer.text
        silences.turn_due(self.world.clock.now())
        return answer.json["id"]

    def window(self, *matchers, **more):
        body = {"matchers": list(matchers), "reason": "patches", "timezone": "Europe/Berlin"} | more
        answer = self.ask("POST", "maintenance", body)
        assert answer.status_code == 200, answer.text
        return answer.json["id"]

    def shown(self, what, number):
        return self.ask("GET", f"{what}/{number}").json

    def passes(self, **time):
        """Time goes by as a worker sees it."""
        self.world.clock.advance(**time)
        silences.turn_due(self.world.clock.now())
        silences.release_stragglers(self.world.clock.now())
        self.world.passes()

    def at(self, moment):
        self.passes(seconds=(moment - self.world.clock.now()).total_seconds())


@pytest.fixture
def operator(world):
    return Operator(world)


def pages(world):
    return [one for one in world.deliveries() if one.kind in PAGES]


def test_what_is_silenced_is_stored_counted_and_told_once_at_the_end(world, operator):
    number = operator.silence('alertname="DiskFull"')
    world.alert(name="DiskFull", severity="critical")
    world.alert(name="DiskFull", severity="critical")  # a repeat
    incident = world.incident()
    assert (incident.status, incident.level, incident.alert_count) == ("triggered", 0, 1)
    assert incident.suppressed_by == f"silence:{number}"
    assert world.seen(incident.id) == 2
    assert world.deliveries() == []
    (line,) = world.entries("suppressed")
    assert (line.detail["by"], line.detail["id"], line.detail["why"]) == ("silence", number, "kernel update")

    operator.passes(hours=1, minutes=59)
    assert world.deliveries() == []
    operator.passes(minutes=1)
    first = pages(world)
    assert {one.who for one in first} == {"anna@example.org"}
    assert {one.kind for one in first} == {"opened"}
    assert world.timeline() == ["suppressed", "suppression over"]
    operator.passes(seconds=30)
    assert len(pages(world)) == len(first)
    operator.passes(minutes=5)
    assert {one.who for one in pages(world)} == {"anna@example.org", "oleg@example.org"}  # the ladder goes on


@sqlite
def test_resolves_always_pass(world, operator):
    number = operator.silence("alertname=DiskFull")
    world.alert(name="DiskFull")
    world.clock.advance(minutes=10)
    world.alert("resolved", name="DiskFull")
    assert world.incident().status == "resolved"
    operator.passes(hours=3)
    assert world.deliveries() == []
    hidden = operator.shown("silences", number)
    assert (hidden["state"], hidden["hidden_alerts"], hidden["hidden_incidents"]) == ("expired", 1, 1)
    (one,) = hidden["hidden"]
    assert (one["title"], one["status"]) == ("DiskFull on db01", "resolved")


def test_a_silence_that_is_ended_early_is_over_at_once(world, operator):
    number = operator.silence("alertname=DiskFull")
    world.alert(name="DiskFull")
    answer = operator.ask("DELETE", f"silences/{number}")
    assert (answer.json["state"], answer.json["ended_by"]) == ("expired", "robot")
    assert operator.ask("DELETE", f"silences/{number}").status_code == 200  # asked twice, done once
    world.passes(seconds=1)
    assert len({one.who for one in pages(world)}) == 1
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")
    assert world.incident().alert_count == 2


def test_an_alert_that_knew_nothing_of_the_end_is_released_by_the_next_look(world, operator):
    number = operator.silence("alertname=DiskFull")
    world.alert(name="DiskFull")
    operator.ask("DELETE", f"silences/{number}")
    with transaction() as session:  # as intake writes it that had read the silence before
        session.connection().exec_driver_sql(
            f"UPDATE incident SET next_at = next_at + 7200000000, suppressed_by = 'silence:{number}'"
        )
    operator.passes(seconds=4)
    assert pages(world)


def as_if_it_came_while_its_silence_was_being_ended(world, operator, number):
    """An alert that was taken in before, and stored right after: it did not know of the end, nor the end of it."""
    (before,) = [one.next_at for one in world.incidents()]
    operator.ask("DELETE", f"silences/{number}")
    with transaction() as session:
        session.execute(update(Incident).values(next_at=before))


def test_an_alert_that_knew_nothing_of_the_end_waits_for_no_silence_of_others_of_its_incident(world, operator):
    operator.silence('instance="db1"', **{"for": "12h"})
    world.alert(name="DiskFull", instance="db1")
    number = operator.silence('instance="db2"', **{"for": "13h"})
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")
    as_if_it_came_while_its_silence_was_being_ended(world, operator, number)
    operator.passes(seconds=4)
    assert {one.level for one in pages(world)} == {1}
    assert world.incident().suppressed_by is None


def test_nor_does_one_that_came_at_the_very_end_of_a_window_that_comes_again(world, operator):
    operator.silence('instance="db1"', **{"for": "12h"})
    world.alert(name="DiskFull", instance="db1")
    operator.window('instance="db2"', start="2026-12-05T01:00", length="1h", rule="RRULE:FREQ=DAILY")
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")
    (before,) = [one.next_at for one in world.incidents()]
    world.clock.advance(minutes=48)
    silences.turn_due(world.clock.now())
    with transaction() as session:
        session.execute(update(Incident).values(next_at=before))
    operator.passes(seconds=4)
    assert {one.level for one in pages(world)} == {1}


def test_what_is_hidden_all_the_same_stays_so_when_one_of_its_silences_was_ended(world, operator):
    operator.silence('instance="db1"', **{"for": "4h"})
    number = operator.silence("alertname=DiskFull", **{"for": "3h"})
    world.alert(name="DiskFull", instance="db1")
    as_if_it_came_while_its_silence_was_being_ended(world, operator, number)
    for _ in range(3):
        operator.passes(seconds=4)
    assert pages(world) == []
    assert world.timeline() == ["suppressed"]


def test_it_stops_the_ladder_of_what_was_told_before(world, operator):
    number = world.alert(name="DiskFull")[0]
    other = world.alert(name="Heat", fingerprint="b", instance="r1")[0]
    waiting = {one.incident_id for one in world.deliveries(status="queued")}
    assert waiting == {number, other}
    operator.silence("alertname=DiskFull")
    assert {one.incident_id for one in world.deliveries(status="queued")} == {other}
    assert {one.error for one in world.deliveries(status="cancelled")} == {"snoozed"}
    operator.passes(minutes=30)
    assert {one.level for one in pages(world) if one.incident_id == number} == {1}
    assert max(one.level for one in pages(world) if one.incident_id == other) > 1
    operator.passes(hours=2)
    assert max(one.level for one in pages(world) if one.incident_id == number) == 2


def test_an_incident_is_quiet_only_while_all_that_fires_of_it_is_hidden(world, operator):
    operator.silence('instance="db1"', **{"for": "1h"})
    world.alert(name="DiskFull", instance="db1")
    assert pages(world) == []
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")  # the same incident, not silenced: told now
    assert world.timeline()[-2:] == ["suppression over", "joined"]
    assert len({one.level for one in pages(world)}) == 1
    world.alert("resolved", name="DiskFull", fingerprint="a2", instance="db2")
    operator.passes(minutes=5)
    assert world.incident().suppressed_by  # what is left is silenced: the next step is not told


def test_an_alert_whose_own_silence_is_over_is_told_though_its_incident_has_another(world, operator):
    operator.silence('instance="db1"', **{"for": "4h"})
    operator.silence('instance="db2"', **{"for": "1h"})
    world.alert(name="DiskFull", instance="db1")
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")
    operator.passes(minutes=59)
    assert pages(world) == []
    operator.passes(minutes=1)
    assert {one.level for one in pages(world)} == {1}


def test_what_another_silence_hid_is_told_when_that_is_ended_early(world, operator):
    longer = operator.silence('instance="db1"', **{"for": "4h"})
    operator.silence('instance="db2"', **{"for": "3h"})
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")
    world.alert(name="DiskFull", instance="db1")
    operator.passes(hours=1)
    assert pages(world) == []
    assert operator.ask("DELETE", f"silences/{longer}").status_code == 200
    operator.passes(seconds=3)
    assert {one.level for one in pages(world)} == {1}


def test_what_else_hides_an_alert_goes_on_when_one_of_its_silences_ends(world, operator):
    longer = operator.silence('instance="db1"', **{"for": "4h"})
    operator.silence("alertname=DiskFull", **{"for": "3h"})
    world.alert(name="DiskFull", instance="db1")
    operator.ask("DELETE", f"silences/{longer}")
    operator.passes(hours=2, minutes=59)
    assert pages(world) == []
    operator.passes(minutes=1)
    assert {one.level for one in pages(world)} == {1}


@sqlite
def test_two_silences_of_one_alert_count_as_one(world, operator):
    operator.silence("alertname=DiskFull", **{"for": "1h"})
    operator.silence('severity="critical"', **{"for": "3h"})
    world.alert(name="DiskFull")
    operator.passes(hours=2)
    assert pages(world) == []
    operator.passes(hours=1)
    assert len({one.level for one in pages(world)}) == 1


@sqlite
def test_a_person_may_answer_what_is_silenced(world, operator):
    operator.silence("alertname=DiskFull")
    number = world.alert(name="DiskFull")[0]
    world.acknowledges(number)
    operator.passes(hours=3)
    assert world.deliveries() == []
    assert world.incident().suppressed_by is None


REFUSED = (
    ({"matchers": []}, "leave nothing out"),
    ({"matchers": ['alertname=~".*"']}, "leave nothing out"),
    ({"matchers": ['alertname=~".+"']}, "leave nothing out"),
    ({"matchers": ['severity!="info"', 'kind="alert"']}, "leave nothing out"),
    ({"matchers": [], "confirm": "yes"}, "leave nothing out"),
    ({"reason": " "}, "reason"),
    ({"reason": None}, "reason"),
    ({"for": None}, "for"),
    ({"for": "2h", "ends_at": "2026-12-06T00:00:00Z"}, "ends"),
    ({"for": "100d"}, "90 days"),
    ({"for": "5s"}, "a minute"),
    ({"starts_at": "2026-12-07T00:00:00Z", "ends_at": "2026-12-06T00:00:00Z"}, "before it begins"),
    ({"ends_at": "2026-12-01T00:00:00Z"}, "before it begins"),
    ({"ends_at": "soon"}, "ends_at"),
    ({"matchers": ["alertname"]}, "matcher"),
    ({"matchers": [f"a=~{'x' * 2000}"]}, "1000"),
    ({"matchers": ["a=b"] * 51}, "50"),
    ({"matchers": [7]}, "matchers"),
    ({"matchers": "a=b"}, "matchers"),
    ({"matchers": [{"name": "a", "value": "b", "isRegex": []}]}, "matchers"),
)


@sqlite
def test_p18_what_nobody_can_have_meant_is_refused(operator):
    for body, said in REFUSED:
        plain = {"matchers": ["alertname=DiskFull"], "reason": "kernel"}
        plain |= {} if "ends_at" in body or "for" in body else {"for": "2h"}
        answer = operator.ask("POST", "silences", plain | body)
        assert answer.status_code == 400, body
        assert said in answer.json["detail"]
    assert operator.ask("GET", "silences?state=active,pending,expired").json["silences"] == []


@sqlite
def test_p18_everything_can_be_silenced_by_whoever_types_so_but_our_own_alarms(world, operator):
    operator.silence(confirm="silence everything")
    world.alert(name="DiskFull")
    assert world.incident().suppressed_by


def test_an_emergency_pages_through_a_silence_unless_it_was_meant(world, operator):
    operator.silence("alertname=DiskFull", page_emergencies=True)
    world.alert(name="DiskFull", severity="warning")
    first = world.incident()
    assert (first.suppressed_by, pages(world)) == ("silence:1", [])
    (second,) = world.alert(name="DiskFull", fingerprint="b2")
    assert {one.incident_id for one in pages(world)} == {second}
    told = len(pages(world))
    amend.set_urgency(first.id, Urgency.EMERGENCY, "it is worse", Actor("Anna", "dashboard"), world.clock.now())
    operator.passes(seconds=1)
    assert len(pages(world)) > told
    assert world.incidents()[0].suppressed_by is None


def test_what_is_no_emergency_any_more_is_silenced_like_any_other(world, operator):
    operator.silence("alertname=DiskFull", page_emergencies=True)
    (number,) = world.alert(name="DiskFull")
    assert {one.status for one in pages(world)} == {"queued"}
    amend.set_urgency(number, Urgency.URGENT, "it is not so bad", Actor("Anna", "dashboard"), world.clock.now())
    assert world.incident().suppressed_by == "silence:1"
    assert {one.status for one in pages(world)} == {"cancelled"}


@sqlite
def test_more_than_a_day_is_for_administrators(world, operator):
    asked = {"matchers": ["alertname=DiskFull"], "reason": "kernel update", "for": "25h"}
    assert operator.ask("POST", "silences", asked).status_code == 403
    assert operator.ask("POST", "silences", asked | {"page_emergencies": "no"}).status_code == 400
    with transaction() as session:
        made = source_store.create_api_token(session, "root", ["read", "act", "admin"], world.clock.now())
    operator.headers = {"Authorization": f"Bearer {made}"}
    answer = operator.ask("POST", "silences", asked)
    assert (answer.status_code, answer.json["page_emergencies"]) == (200, True)
    assert operator.ask("POST", "silences/1/extend", {"for": "soon"}).status_code == 400
    assert operator.ask("POST", "silences/9/extend", {}).status_code == 404
    longer = operator.ask("POST", "silences/1/extend", {"for": "2h"}).json
    ends = [datetime.fromisoformat(one["ends_at"]) for one in (answer.json, longer)]
    assert ends[1] - ends[0] == timedelta(hours=2)


@sqlite
def test_matchers_may_come_as_alertmanager_has_them(world, operator):
    operator.silence(
        {"name": "alert name", "value": 'say "x"', "isRegex": False, "isEqual": True}, {"name": "a", "value": "b"}
    )
    (one,) = operator.ask("GET", "silences").json["silences"]
    assert one["matchers"] == ['"alert name"="say \\"x\\""', '"a"="b"']


def test_the_author_is_reminded_before_the_end_and_hears_of_the_end(world, operator):
    number = operator.silence("alertname=DiskFull", author="anna@example.org")
    world.alert(name="DiskFull")
    operator.passes(hours=1, minutes=49)
    assert world.deliveries() == []
    operator.passes(minutes=1)
    operator.passes(minutes=1)
    (told,) = world.deliveries()
    assert (told.who, told.way, told.kind, told.level) == ("anna@example.org", "push", "silence_ends", number)
    assert operator.ask("GET", f"silences/{number}").json["author"] == "Anna"
    operator.passes(minutes=9)
    assert [one.kind for one in world.deliveries() if not one.incident_id] == ["silence_ends", "silence_over"]
    assert pages(world)  # and what it hid is told
    assert len(world.incidents()) == 1


@sqlite
@pytest.mark.parametrize("more", [{}, {"for": "20m", "author": "anna@example.org"}])
def test_nobody_is_reminded_who_is_not_here_or_has_only_just_asked(world, operator, more):
    operator.silence("alertname=DiskFull", **more)
    operator.passes(hours=1, minutes=50)
    assert world.deliveries() == []


@sqlite
def test_a_silence_may_begin_later(world, operator):
    start = world.clock.now() + timedelta(hours=1)
    operator.silence("alertname=DiskFull", starts_at=start.isoformat())
    assert operator.ask("GET", "silences").json["silences"][0]["state"] == "pending"
    world.alert(name="DiskFull")
    assert pages(world)
    world.acknowledges(world.incident().id)
    operator.passes(hours=1)
    world.alert(name="DiskFull", fingerprint="x", severity="warning")
    assert world.incidents()[-1].suppressed_by


WINDOW = {"start": "2026-12-08T02:00", "length": "2h", "rule": "RRULE:FREQ=WEEKLY;BYDAY=TU"}


def berlin(day, hour, minute=0):
    return datetime(2026, 12, day, hour - 1, minute, tzinfo=UTC)


def mail(status="firing", starts=None):
    return group(alert(status, name="MailDown", service="mail", starts=starts or "2026-12-08T01:30:00Z"), status=status)


def test_m13_what_fires_and_resolves_inside_a_window_pages_nobody_and_stands_in_its_report(world, operator):
    number = operator.window('service="mail"', **WINDOW)
    operator.at(berlin(8, 2, 30))
    world.post(mail())
    operator.at(berlin(8, 3, 10))
    resolved = mail("resolved")
    resolved["alerts"][0]["endsAt"] = "2026-12-08T02:10:00Z"
    world.post(resolved)
    operator.at(berlin(8, 4))
    operator.passes(minutes=10)
    assert world.deliveries() == []
    assert world.incident().status == "resolved"
    report = operator.shown("maintenance", number)
    assert [(one["title"], one["status"]) for one in report["hidden"]] == [("MailDown on db01", "resolved")]
    assert report["state"] == "pending"  # until Tuesday in a week
    assert report["coming"][0]["starts_at"] == "2026-12-15T01:00:00Z"


def test_m13_what_still_fires_at_its_end_is_exactly_one_page(world, operator):
    operator.window('service="mail"', **WINDOW)
    operator.at(berlin(8, 2, 30))
    world.post(group(alert(severity="warning", name="MailDown", service="mail")))
    operator.at(berlin(8, 3, 59))
    assert world.deliveries() == []
    for _ in range(5):
        operator.passes(seconds=13)
    (page,) = world.deliveries()
    assert abs(page.created_at - berlin(8, 4)) <= timedelta(seconds=5)
    # A week later it is hidden again, without anybody doing anything.
    world.post(group(alert("resolved", severity="warning", name="MailDown", service="mail"), status="resolved"))
    operator.at(berlin(15, 3))
    world.post(group(alert(severity="warning", name="MailDown", service="mail", starts="2026-12-15T01:59:00Z")))
    assert world.incidents()[-1].suppressed_by


def test_a_window_that_begins_stops_the_ladder_and_one_that_is_removed_is_over(world, operator):
    number = operator.window("service=mail", **WINDOW)
    operator.at(berlin(8, 1, 58))
    world.post(mail())
    assert pages(world)
    operator.at(berlin(8, 2))
    assert world.incident().suppressed_by == f"maintenance:{number}"
    operator.ask("DELETE", f"maintenance/{number}")
    world.passes(seconds=1)
    assert world.incident().level == 2
    assert operator.shown("maintenance", number)["coming"] == []


def test_a_window_whose_rule_cannot_be_read_keeps_no_other_as_it_is(world, operator):
    broken = operator.window("service=mail", **WINDOW)
    operator.at(berlin(8, 2, 30))
    with transaction() as session:
        session.execute(update(SilenceRow).where(SilenceRow.id == broken).values(rule="FREQ=NEVER"))
    number = operator.silence("alertname=DiskFull", **{"for": "91m"})
    operator.at(berlin(8, 4, 2))
    with reading() as session:
        found = {one.id: (one.ended_at, one.next_at) for one in session.scalars(select(SilenceRow))}
    assert found[number] == (berlin(8, 4, 2), None)
    assert found[broken] == (None, berlin(8, 4, 3))  # it is tried again, not every second


NO_WINDOWS = (
    ({"rule": "FREQ=HOURLY"}, "FREQ"),
    ({"rule": "every tuesday"}, "rule"),
    ({"rule": "FREQ=DAILY;COUNT=3"}, "COUNT"),
    ({"rule": "FREQ=DAILY;INTERVAL=0"}, "INTERVAL"),
    ({"start": "yesterday"}, "not a time"),
    ({"start": "2026-12-08T02:00Z"}, "wall clock"),
    ({"start": "2020-01-01T02:00", "rule": ""}, "over already"),
    ({"length": "30d"}, "14 days"),
    ({"timezone": "Mars/Olympus"}, "time zone"),
    ({"matchers": []}, "leave nothing out"),
)


@sqlite
def test_a_window_that_cannot_be_is_refused(operator):
    for more, said in NO_WINDOWS:
        answer = operator.ask("POST", "maintenance", {"matchers": ["a=b"], "reason": "x", **WINDOW, **more})
        assert answer.status_code == 400, more
        assert said in answer.json["detail"]


@sqlite
def test_an_emergency_that_waited_for_its_silence_is_not_called_unheard_the_moment_it_is_told(world, operator):
    operator.silence("alertname=DiskFull")
    world.alert(name="DiskFull")
    operator.passes(hours=2)
    assert pages(world)
    with reading() as session:
        assert vitals.undelivered(session, world.clock.now(), configured=True) == []
        assert vitals.undelivered(session, world.clock.now() + timedelta(minutes=5), configured=True)


@sqlite
def test_what_is_flapping_in_a_silence_is_told_to_nobody(world_of):
    book = BOOK + "flapping: {changes: 4, within: 30m, quiet: 15m}\nreopen_within: 30m\n"
    world = world_of(book=book)
    operator = Operator(world)
    operator.silence("alertname=DiskFull")
    for turn in range(4):
        starts = (world.clock.now() - timedelta(seconds=30)).isoformat()
        world.post(group(alert(name="DiskFull", starts=starts)))
        world.clock.advance(minutes=1)
        over = alert("resolved", name="DiskFull", starts=starts)
        over["endsAt"] = world.clock.now().isoformat()
        world.post(group(over, status="resolved"))
        operator.passes(minutes=1)
        assert world.deliveries() == [], turn
    operator.passes(minutes=20)
    assert world.deliveries() == []


def test_what_is_not_silenced_is_told_though_what_is_flaps_beside_it(world_of):
    world = world_of(book=BOOK + "flapping: {changes: 4, within: 30m, quiet: 15m}\n")
    operator = Operator(world)
    for turn in range(4):
        starts = world.clock.now().isoformat()
        world.post(group(alert(name="DiskFull", instance="db1", starts=starts)))
        if turn == 2:
            operator.silence("instance=db1", **{"for": "6h"})
        operator.passes(minutes=1)
        over = alert("resolved", name="DiskFull", instance="db1", starts=starts)
        over["endsAt"] = world.clock.now().isoformat()
        world.post(group(over, status="resolved"))
        operator.passes(minutes=1)
    world.post(group(alert(name="DiskFull", instance="db1", starts=world.clock.now().isoformat())))
    assert (world.incident().phase, bool(world.incident().suppressed_by)) == ("flapping", True)
    level = world.incident().level
    world.alert(name="DiskFull", fingerprint="a2", instance="db2")
    assert (world.incident().level, world.incident().suppressed_by) == (level + 1, None)


@sqlite
def test_what_the_rules_hold_back_stays_quiet_in_a_silence(world_of):
    book = BOOK.replace("urgency: emergency, policy: infra", "urgency: emergency, policy: infra, hold_for: 1m")
    world = world_of(book=book)
    operator = Operator(world)
    world.alert(name="DiskFull")
    operator.silence("alertname=DiskFull", **{"for": "30m"})
    for _ in range(5):
        operator.passes(minutes=5)
    assert world.deliveries() == []
    operator.passes(minutes=5)
    assert pages(world)


def test_what_is_merged_into_something_silenced_and_is_not_silenced_itself_goes_on_calling(world, operator):
    operator.silence("alertname=Quiet")
    (hidden,) = world.alert(name="Quiet", fingerprint="q1")
    (loud,) = world.alert(name="Loud", fingerprint="l1")
    found = {one.id: one.level for one in world.incidents()}
    assert (found[hidden], found[loud]) == (0, 1)
    assert merging.merge(loud, hidden, Actor("Anna", "dashboard"), world.clock.now())
    operator.passes(minutes=5)
    assert {one.id: (one.status, one.level) for one in world.incidents()}[hidden] == ("triggered", 1)
    assert {one.suppressed_by for one in world.incidents()} == {None}


def test_what_is_silenced_too_stays_quiet_when_it_is_merged(world, operator):
    operator.silence("alertname=~Quiet.*")
    (hidden,) = world.alert(name="Quiet", fingerprint="q1")
    (other,) = world.alert(name="QuietToo", fingerprint="q2")
    merging.merge(other, hidden, Actor("Anna", "dashboard"), world.clock.now())
    operator.passes(minutes=5)
    assert {one.id: one.level for one in world.incidents()}[hidden] == 0
    assert world.deliveries(kind="opened") == []


def test_an_incident_that_cannot_be_read_keeps_no_other_ringing_when_a_silence_begins(world, operator):
    (broken,) = world.alert(name="DiskFull", fingerprint="a1")
    (other,) = world.alert(name="DiskSlow", fingerprint="a2")
    with transaction() as session:
        session.execute(update(Incident).where(Incident.id == broken).values(route="{}"))
    operator.silence('alertname=~"Disk.*"')
    assert {one.status for one in world.deliveries(incident_id=other, kind="opened")} == {"cancelled"}
    assert {one.status for one in world.deliveries(incident_id=broken, kind="opened")} == {"queued"}


def test_a_silence_that_could_not_begin_for_all_it_hides_begins_for_the_rest_a_second_later(
    world, operator, monkeypatch
):
    for mark in ("a1", "a2"):
        world.alert(name=f"Disk{mark}", fingerprint=mark)
    done, hush_on = [], suppress.hush_on

    def locked_once(session, numbers, *rest):
        done.extend(numbers)
        if len(done) == 2:
            raise OperationalError("UPDATE incident", {}, sqlite3.OperationalError("database is locked"))
        return hush_on(session, numbers, *rest)

    monkeypatch.setattr(suppress, "PORTION", 1)
    monkeypatch.setattr(suppress, "hush_on", locked_once)
    with pytest.raises(OperationalError):
        operator.silence('alertname=~"Disk.*"')
    assert {one.suppressed_by for one in world.incidents()} == {None, "silence:1"}
    operator.passes(seconds=1)
    assert {one.suppressed_by for one in world.incidents()} == {"silence:1"}
    assert {one.status for one in pages(world)} == {"cancelled"}


def test_a_silence_of_very_much_begins_turn_by_turn(world, operator, monkeypatch):
    """What waits to be sent, and other jobs, have their time in between."""
    monkeypatch.setattr(suppress, "PORTION", 2)
    monkeypatch.setattr(suppress, "AT_ONCE", 3)
    for mark in ("a1", "a2", "a3", "a4", "a5"):
        world.alert(name=f"Disk{mark}", fingerprint=mark)
    operator.silence('alertname=~"Disk.*"')
    found = []
    for _ in range(3):
        with reading() as session:
            begun = session.scalars(select(SilenceRow.begun_at)).one() is not None
        found.append((sum(one.suppressed_by is not None for one in world.incidents()), begun))
        operator.passes(seconds=1)
    assert found == [(3, False), (5, True), (5, True)]
    assert {one.status for one in pages(world)} == {"cancelled"}


def test_what_a_silence_hides_in_part_keeps_it_from_nothing(world, operator, monkeypatch):
    monkeypatch.setattr(suppress, "AT_ONCE", 1)
    world.post(group(alert("firing", "DiskA", fingerprint="a1"), alert("firing", "DiskA", fingerprint="a2", disk="b")))
    world.alert(name="DiskB", fingerprint="b1", disk="a")
    operator.silence('disk!="b"', 'alertname=~"Disk.*"')
    assert [one.suppressed_by for one in world.incidents()] == [None, "silence:1"]
    with reading() as session:
        assert session.scalars(select(SilenceRow.begun_at)).one() is not None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_incident_that_somebody_holds_keeps_no_other_ringing_when_a_silence_begins(world, operator):
    first, second = (world.alert(name=f"Disk{mark}", fingerprint=mark)[0] for mark in ("a1", "a2"))
    with somebody_else() as link:
        link.execute("SELECT 1 FROM incident WHERE id = %s FOR UPDATE", [first])
        operator.silence('alertname=~"Disk.*"')
        assert [one.id for one in world.incidents() if one.suppressed_by] == [second]
        link.rollback()
    operator.passes(seconds=1)
    assert [one.id for one in world.incidents() if one.suppressed_by] == [first, second]


@pytest.mark.parametrize("going", ["what is hidden", "the rest"])
def test_what_is_split_in_two_calls_for_what_is_not_silenced_only(world, operator, going):
    operator.silence("instance=db1")
    world.alert(name="DiskFull", fingerprint="b1", instance="db2")
    world.alert(name="DiskFull", fingerprint="a1", instance="db1")
    assert len(world.incidents()) == 1
    with reading() as session:
        found = dict(session.execute(select(AlertRow.fingerprint, AlertRow.id)).all())
    number = world.incident().id
    chosen = found["a1" if going == "what is hidden" else "b1"]
    other = merging.split(number, [chosen], Actor("Anna", "dashboard"), world.clock.now())
    hidden, loud = (other, number) if going == "what is hidden" else (number, other)
    by_id = {one.id: one for one in world.incidents()}
    assert (by_id[hidden].suppressed_by, by_id[loud].suppressed_by) == ("silence:1", None)
    assert {one.status for one in world.deliveries(incident_id=hidden)} <= {"cancelled"}
    assert {one.status for one in world.deliveries(incident_id=loud)} == {"queued"}
    operator.passes(hours=2)
    assert "queued" in {one.status for one in world.deliveries(incident_id=hidden)}
