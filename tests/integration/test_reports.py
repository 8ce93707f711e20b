"""The numbers of reports, added up by hand: SPEC 9 check 30, through exact counting and through the sums alike."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from gateway.flows import rollups as keeping
from gateway.store import reports, rollups
from gateway.store.db import reading, transaction
from gateway.store.stat_tables import StatCore, StatHist
from gateway.store.stats import Scope
from gateway.store.tables import Incident, PersonRow
from rules.report import flat
from tests.numbers import BUCKETED, BY_HAND, LOADS, MOSCOW, at, seed


@pytest.fixture
def seeded(world):
    world.clock.set(datetime(2026, 12, 5, 0, 12, tzinfo=UTC))
    seed()
    return world


def week(**more):
    return Scope(date(2026, 11, 23), date(2026, 11, 30), MOSCOW, **more)


def agree(found, exact):
    for name, value in BY_HAND.items():
        close = 0.02 if not exact and name.endswith(BUCKETED) else 1e-9
        # a bucket of durations under a second is as wide as its value
        assert found[name] == pytest.approx(value, rel=close, abs=0.05 if close > 0.01 else 1e-9), name


def test_page_figures_are_those_added_up_by_hand(seeded):
    now = seeded.clock.now()
    keeping.turn(now, MOSCOW)
    names = {}
    for exact in (True, False):
        with reading() as session:
            answer = reports.response(session, week(), now, exact=exact)
            names = {row.id: row.name for row in session.scalars(select(PersonRow))}
        agree(flat(answer.figures), exact)
        found = {names[one.person_id]: (one.pages, one.work, one.off, one.sleep, one.nights)
                 for one in answer.figures.loads}  # fmt: skip
        assert found == LOADS
        assert (answer.figures.heat[10], answer.figures.heat[24 + 3], sum(answer.figures.heat)) == (1, 3, 6)
        assert [(one.name, one.sent, one.reached, one.failed) for one in answer.figures.channels] == [
            ("pagerduty", 3, 3, 0), ("sms", 3, 2, 1), ("ntfy", 2, 2, 0), ("email", 1, 1, 0)
        ]  # fmt: skip
        assert {rank: (sums.in_time, sums.eligible) for rank, sums in answer.figures.by_urgency.items()} == {
            0: (2, 3), 1: (1, 2), 2: (1, 1), 3: (1, 2)
        }  # fmt: skip
        with reading() as session:
            narrow = reports.response(session, week(team="infra", urgency=0), now, exact=exact).figures
            rows = reports.alert_rows(session, week(), now, exact=exact)
        assert (narrow.total.incidents, narrow.total.pages, narrow.total.failed) == (3, 3, 1)
        noise = {one.name: one for one in reports.noise(rows)}
        assert [noise["DbDown"].incidents, noise["DbDown"].alerts, noise["DbDown"].pages] == [3, 8, 3]
        assert [noise["Flaps"].acted, noise["Flaps"].cleared[3], noise["Flaps"].spared[3]] == [0, 1, 1]
        assert [one.name for one in reports.services(rows)] == ["billing", "web", "files"]


def test_counting_again_changes_nothing_and_late_answers_reach_their_day(seeded):
    now = seeded.clock.now()

    def sums():
        with reading() as session:
            rows = [[getattr(one, c.name) for c in table.__table__.columns] for table in (StatCore, StatHist)
                    for one in session.scalars(select(table))]  # fmt: skip
        return sorted(map(repr, rows))

    keeping.turn(now, MOSCOW)
    first = sums()
    keeping.turn(now + timedelta(minutes=5), MOSCOW)
    assert sums() == first
    with reading() as session:
        assert rollups.state(session).complete
    with transaction() as session:  # as if it had been open until now
        session.execute(update(Incident).where(Incident.id == 7).values(status="triggered", resolved_at=None))
        session.execute(update(Incident).where(Incident.id == 8).values(status="resolved", resolved_at=at(27, "10:00")))
    later = now + timedelta(minutes=10)
    seeded.clock.set(later)
    seeded.acknowledges(7)
    keeping.turn(later, MOSCOW)
    with reading() as session:
        thursday = session.scalars(select(StatCore).where(StatCore.day == 20783, StatCore.urgency == 3)).one()
    assert (thursday.incidents, thursday.acked, thursday.resolved) == (2, 1, 1)


def test_a_day_is_a_day_of_the_zone_when_the_clock_changes():
    """Sunday 25 October 2026 has 25 hours in Berlin."""
    scope = Scope(date(2026, 10, 25), date(2026, 10, 26), ZoneInfo("Europe/Berlin"))
    assert scope.ends - scope.begins == 25 * 3600 * 1_000_000
