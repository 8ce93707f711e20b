"""Inhibition: what is part of something bigger is told of with it, and by itself when that is over."""

import pytest
from sqlalchemy import text, update

from gateway.flows import attached, housekeeping, inhibiting, intake, own_alerts
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Post
from gateway.store.quiet import inhibitors
from gateway.store.tables import AlertRow
from gateway.store.upkeep import ledger
from rules.reports.selfwatch import Finding, What
from tests.integration.test_silences import Operator
from tests.samples import BOOK, PEOPLE, alert, group
from tests.world import World

# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RULES = """
inhibitions:
  - {source: ['alertname="SiteDown"'], target: ['severity=~"warning|info"'], equal: [site]}
"""
LATER = PEOPLE.replace("role: admin,", "role: admin, notify: {ordinary: [email, voice after 2m]},")


@pytest.fixture
def site(world_of):
    return world_of(book=BOOK + RULES)


def down(status="firing", site="kazan", **more):
    return alert(status, name="SiteDown", fingerprint=f"site-{site}", site=site, **more)


def slow(name="Slow", site="kazan", status="firing", **more):
    return alert(status, name=name, fingerprint=f"{name}-{site}", severity="warning", site=site, **more)


def looks(world: World, **time):
    world.clock.advance(**time)
    found = attached.release(world.clock.now())
    world.passes()
    return found


def ends(world, *alerts):
    """They resolve now."""
    at = world.clock.now().isoformat().replace("+00:00", "Z")
    for one in alerts:
        one["endsAt"] = at
    world.post(group(*alerts, status="resolved"))


def test_a_target_is_attached_silently_to_the_incident_of_its_source(site):
    (number,) = site.post(group(down())).json["incidents"]
    told = len(site.deliveries())
    site.clock.advance(minutes=1)
    assert site.post(group(slow(), slow("Lag"), slow(site="moscow"))).json["incidents"][0] == number
    assert len(site.incidents()) == 2  # Moscow's has nothing to do with it
    assert [one.title for one in site.incidents()] == ["SiteDown on db01", "Slow on db01"]
    (line,) = site.entries("attached")
    assert (line.incident_id, line.detail) == (number, {"count": 2, "titles": ["Slow on db01", "Lag on db01"]})
    assert len([one for one in site.deliveries() if one.incident_id == number]) == told
    assert site.incidents()[0].alert_count == 3


def test_a_source_whose_targets_cannot_be_let_go_keeps_no_other_s_attached(site):
    site.post(group(down()))
    site.post(group(slow()))
    site.post(group(slow("Lag")), name="second")
    assert len(site.incidents()) == 1
    site.clock.advance(minutes=10)
    ends(site, down("resolved"))
    with transaction() as session:
        session.execute(update(AlertRow).where(AlertRow.title == "Slow on db01").values(severity="odd"))
    looks(site, seconds=2)
    assert [one.title for one in site.incidents()] == ["SiteDown on db01", "Lag on db01"]


@sqlite
def test_in_one_message_the_source_may_stand_behind_its_targets(site):
    (number,) = site.post(group(slow(), down())).json["incidents"]
    assert site.incident().id == number
    assert site.timeline() == ["opened", "attached"]


def test_when_the_source_resolves_what_still_fires_is_told_as_its_own(site):
    site.post(group(down()))
    site.post(group(slow(), slow("Lag")))
    site.clock.advance(minutes=10)
    ends(site, slow("Lag", status="resolved"))
    assert site.incident().status == "triggered"
    ends(site, down("resolved"))
    assert [one.status for one in site.incidents()] == ["resolved"]
    assert looks(site, seconds=2) == 1
    first, second = site.incidents()
    assert (first.status, second.status, second.title) == ("resolved", "triggered", "Slow on db01")
    assert {one.who for one in site.deliveries() if one.incident_id == second.id} == {"irina@example.org"}
    assert looks(site, seconds=2) == 0
    with reading() as session:
        assert ledger.read(session).balanced  # though some were told by us, not by their sender
    ends(site, slow(status="resolved"))
    assert {one.status for one in site.incidents()} == {"resolved"}


@sqlite
def test_more_than_one_look_can_let_go_are_let_go_though_it_is_tidied_meanwhile(site, monkeypatch):
    monkeypatch.setattr(inhibitors, "PORTION", 1)
    site.post(group(down()))
    site.post(group(slow(), slow("Lag"), slow("Late")))
    site.clock.advance(minutes=10)
    ends(site, down("resolved"))
    found = 0
    for _ in range(4):
        with transaction() as session:
            inhibitors.tidy(session)
        found += looks(site, seconds=2)
    assert found == 3
    assert sorted(one.title for one in site.incidents())[:3] == ["Lag on db01", "Late on db01", "SiteDown on db01"]


def test_the_sources_incident_may_go_on_without_the_source(site):
    site.post(group(down(), alert(name="SiteDown", fingerprint="other", site="moscow")))
    site.post(group(slow()))
    site.clock.advance(minutes=10)
    ends(site, down("resolved"))
    assert site.incident().status == "triggered"
    assert looks(site, seconds=2) == 1
    assert [one.title for one in site.incidents()] == ["SiteDown on db01", "Slow on db01"]


@sqlite
def test_an_attached_alert_that_repeats_stays_where_it_is(site):
    site.post(group(down()))
    for _ in range(3):
        site.clock.advance(minutes=5)
        assert len(site.post(group(slow(), down())).json["incidents"]) == 1
        looks(site)
    assert len(site.incidents()) == 1
    ends(site, slow(status="resolved"))
    assert site.incident().status == "triggered"  # the source fires on


def test_what_was_told_before_is_told_no_further_while_something_bigger_fires(site):
    (number,) = site.post(group(slow())).json["incidents"]
    site.clock.advance(minutes=30)
    site.post(group(down()))
    looks(site, minutes=30)  # the next step of the first one would be due
    small = site.incidents()[0]
    assert (small.id, small.level, small.suppressed_by) == (number, 1, f"inhibition:{site.incidents()[1].id}")
    ends(site, down("resolved"))
    looks(site, seconds=2)
    assert site.incidents()[0].level == 2


def test_a_page_that_waits_for_its_time_does_not_leave_once_something_bigger_fires(staffed_of, providers):
    world = staffed_of(BOOK + RULES, LATER)
    watch = inhibiting.Watch()
    (number,) = world.post(group(slow())).json["incidents"]
    world.post(group(slow("Lag", site="moscow")))
    world.delivers()
    watch.turn(world.clock.now())
    world.clock.advance(seconds=30)
    bigger = world.post(group(down())).json["incidents"][0]
    watch.turn(world.clock.now())
    small, other, _ = world.incidents()
    assert (small.suppressed_by, other.suppressed_by) == (f"inhibition:{bigger}", None)
    assert [one.status for one in world.deliveries(incident_id=number)][:2] == ["sent", "cancelled"]
    world.passes(minutes=2)
    world.delivers()
    assert [one["dedup_key"] for one in providers.pagerduty.events if "irina" in one["routing_key"]] == [
        f"nabat-{other.uuid}"
    ]
    looks(world, minutes=10)
    ends(world, down("resolved"))
    looks(world, seconds=2)
    assert world.timeline(number)[-2:] == ["suppressed", "suppression over"]
    assert {one.level for one in world.deliveries(incident_id=number, status="queued")} == {2}


def test_what_was_stored_beside_the_bigger_one_is_seen_by_the_next_look(staffed_of):
    """Neither of two that are taken in at the same moment knows of the other."""
    world = staffed_of(BOOK + RULES, LATER)
    watch = inhibiting.Watch()
    world.post(group(down()))
    watch.turn(world.clock.now())
    (number,) = world.post(group(slow(site="moscow"))).json["incidents"]
    with transaction() as session:  # as if Moscow were Kazan
        labels = '{"alertname":"Slow","severity":"warning","site":"kazan"}'
        session.execute(update(AlertRow).where(AlertRow.incident_id == number).values(labels=text(f"'{labels}'")))
    world.clock.advance(seconds=2)
    watch.turn(world.clock.now())
    assert {one.status for one in world.deliveries(incident_id=number)} == {"cancelled"}


def test_a_rule_book_that_begins_to_inhibit_knows_what_fires_already(world_of, tmp_path):
    world = world_of()
    world.post(group(down()))
    (tmp_path / "book" / "book.yaml").write_text(BOOK + RULES)
    world.app.extensions["gateway"].shelf.refresh()
    attached.release(world.clock.now())
    world.post(group(slow()))
    assert len(world.incidents()) == 1


@sqlite
def test_an_alert_on_both_sides_inhibits_and_is_not_inhibited(world_of):
    world = world_of(book=BOOK + "inhibitions: [{source: [a=b], target: ['alertname=~\".+\"']}]\n")
    world.post(group(alert(fingerprint="1", a="b", name="One")))
    world.post(group(alert(fingerprint="2", a="b", name="Two"), alert(fingerprint="3", name="Three")))
    assert [one.title for one in world.incidents()] == ["One on db01", "Two on db01"]


def of_two_sites(site):
    """One incident of both sites, told, and then what is bigger at one of them."""
    (number,) = site.post(group(slow(instance="x1"), slow(site="moscow", instance="x2"))).json["incidents"]
    site.post(group(down()))
    return number


def pages_of(site, number):
    return len([one for one in site.deliveries() if one.incident_id == number])


def test_what_is_silenced_beside_it_does_not_keep_an_alert_quiet_when_the_bigger_one_is_over(site):
    operator = Operator(site)
    number = of_two_sites(site)
    operator.silence("site=moscow", **{"for": "6h"})
    operator.passes(hours=1)
    told = pages_of(site, number)
    looks(site, seconds=2)
    assert site.incidents()[0].suppressed_by
    ends(site, down("resolved"))
    looks(site, seconds=2)
    assert (site.incidents()[0].suppressed_by, pages_of(site, number) > told) == (None, True)


def test_an_incident_of_two_bigger_ones_is_told_when_either_is_over(site):
    number = of_two_sites(site)
    site.post(group(down(site="moscow")))
    looks(site, hours=1)
    told = pages_of(site, number)
    looks(site, hours=1)
    assert (bool(site.incidents()[0].suppressed_by), pages_of(site, number)) == (True, told)
    ends(site, down("resolved", site="moscow"))
    looks(site, seconds=2)
    assert (site.incidents()[0].suppressed_by, pages_of(site, number) > told) == (None, True)


def test_what_is_attached_does_not_wake_what_is_silenced(site):
    operator = Operator(site)
    operator.silence("alertname=SiteDown", **{"for": "1h"})
    site.post(group(down()))
    site.clock.advance(minutes=1)
    site.post(group(slow()))
    assert (bool(site.incident().suppressed_by), site.deliveries()) == (True, [])
    assert site.timeline() == ["suppressed", "attached"]


def test_what_a_bigger_one_kept_quiet_is_told_though_it_is_tidied_before_the_next_look(site):
    site.post(group(slow()))
    site.post(group(down()))
    looks(site, hours=1)
    assert site.incidents()[0].suppressed_by
    ends(site, down("resolved"))
    housekeeping.tidy(site.clock.now())
    looks(site, seconds=2)
    assert (site.incidents()[0].suppressed_by, site.incidents()[0].level) == (None, 2)


@pytest.mark.parametrize("first", ["it", "the bigger one"])
def test_that_nabat_fails_is_part_of_nothing_bigger(world_of, first):
    rules = "inhibitions: [{source: [alertname=SiteDown], target: ['severity=~\".+\"'], equal: [cluster]}]\n"
    world = world_of(book=BOOK + rules)
    own = own_alerts.selfwatch_alert(Finding(What.WORKER, since=world.clock.now()), world.clock.now())

    def fails():
        with transaction() as session:
            app = world.app.extensions["gateway"]
            post = Post(own_alerts.OWN_SOURCE, own_alerts.OWN_NAME, b"{}", world.clock.now(), [own])
            intake.receive(session, [post], app.shelf.book, app.roll, world.clock.now())

    for turn in (fails, lambda: world.post(group(down())))[:: 1 if first == "it" else -1]:
        turn()
    looks(world, hours=3)
    (ours,) = [one for one in world.incidents() if "Nabat" in one.title]
    assert ours.suppressed_by is None
    assert {one.level for one in world.deliveries(incident_id=ours.id)} != {1}
