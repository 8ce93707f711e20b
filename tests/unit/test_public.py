"""What the status page makes of notices: states, days, and what may be published."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.reports.months import month_of, month_span
from rules.reports.public import (
    About,
    Component,
    NotFit,
    Notice,
    Phase,
    Said,
    Span,
    Stage,
    Standing,
    State,
    Update,
    check_first,
    check_later,
    days,
    ends,
    in_language,
    overall,
    phase,
    spans,
    state_at,
)

NOW = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = {"en": "x"}


def notice(*updates, about=About.TROUBLE, starts=NOW):
    """Each update: hours after the start, stage, states, hours until the end of planned work."""
    made = [
        Update(n, starts + hours * HOUR, stage, WORDS, states, starts + until * HOUR if until else None)
        for n, (hours, stage, states, until) in enumerate(updates)
    ]
    return Notice(1, "u", about, WORDS, starts, tuple(made))


def test_trouble_is_as_bad_as_its_last_word_says_from_its_beginning_on():
    found = notice(
        (1, Stage.INVESTIGATING, {7: State.DOWN}, 0), (2, Stage.MONITORING, {7: State.SLOW}, 0),
        (3, Stage.RESOLVED, {}, 0),
    )  # fmt: skip
    assert spans(found, 7) == [Span(NOW, NOW + 2 * HOUR, State.DOWN), Span(NOW + 2 * HOUR, NOW + 3 * HOUR, State.SLOW)]
    assert spans(found, 8) == []
    assert [phase(found, NOW + hours * HOUR) for hours in (2.9, 3)] == [Phase.OPEN, Phase.OVER]
    again = notice((0, Stage.RESOLVED, {7: State.DOWN}, 0), (1, Stage.INVESTIGATING, {7: State.SLOW}, 0))
    assert spans(again, 7) == [Span(NOW + HOUR, None, State.SLOW)]
    assert ends(again) is None
    late = notice((2, Stage.RESOLVED, {7: State.DOWN}, 0))  # told only when it was over
    assert spans(late, 7) == [Span(NOW, NOW + 2 * HOUR, State.DOWN)]


def test_a_word_that_is_added_to_what_is_over_changes_nothing_of_when_that_was():
    found = notice(
        (0, Stage.INVESTIGATING, {7: State.DOWN}, 0), (1, Stage.RESOLVED, {}, 0), (26, Stage.RESOLVED, {}, 0)
    )
    assert (ends(found), spans(found, 7)) == (NOW + HOUR, [Span(NOW, NOW + HOUR, State.DOWN)])
    late = notice((2, Stage.RESOLVED, {7: State.DOWN}, 0), (26, Stage.RESOLVED, {}, 0))
    assert (ends(late), spans(late, 7)) == (NOW + 2 * HOUR, [Span(NOW, NOW + 2 * HOUR, State.DOWN)])
    work = {7: State.MAINTENANCE}
    done = notice((-5, Stage.PLANNED, work, 2), (5, Stage.DONE, {}, 0), about=About.MAINTENANCE)
    assert spans(done, 7) == [Span(NOW, NOW + 2 * HOUR, State.MAINTENANCE)], "it was over by the clock"


@pytest.mark.parametrize(
    ("updates", "span"),
    [
        ([(-5, Stage.PLANNED, 2)], (0, 2)),
        ([(-5, Stage.PLANNED, 2), (-1, Stage.UNDER_WAY, 0)], (-1, 2)),
        ([(-5, Stage.PLANNED, 2), (1, Stage.UNDER_WAY, 4)], (0, 4)),
        ([(-5, Stage.PLANNED, 2), (1, Stage.DONE, 0)], (0, 1)),
        ([(-5, Stage.PLANNED, 2), (-4, Stage.DONE, 0)], None),  # called off
    ],
)
def test_work_takes_the_time_that_was_planned_unless_somebody_says_otherwise(updates, span):
    made = [(hours, stage, {7: State.MAINTENANCE}, until) for hours, stage, until in updates]
    found = notice(*made, about=About.MAINTENANCE)
    wanted = [Span(NOW + span[0] * HOUR, NOW + span[1] * HOUR, State.MAINTENANCE)] if span else []
    assert spans(found, 7) == wanted
    assert phase(found, NOW - 4.5 * HOUR) is Phase.COMING


def test_the_worst_of_what_is_shown_stands_for_all():
    bad = notice((0, Stage.INVESTIGATING, {1: State.SLOW, 2: State.DOWN}, 0))
    parts = [Component(1, WORDS, NOW), Component(2, WORDS, NOW, shown=False), Component(3, WORDS, NOW)]
    assert overall(Standing(True, "", WORDS, tuple(parts), (bad,)), NOW) is State.SLOW
    assert overall(Standing(True, "", WORDS, tuple(parts), (bad,)), NOW - HOUR) is State.WORKING
    some = [Span(NOW, None, State.MAINTENANCE), Span(NOW, None, State.SLOW)]
    assert state_at(some, NOW) is State.SLOW


def test_a_day_is_as_bad_as_its_worst_hour_by_the_wall_clock_of_the_page():
    zone = ZoneInfo("Europe/Moscow")
    night = datetime(2026, 12, 3, 20, 30, tzinfo=UTC)  # half past eleven in the evening
    found = [Span(night, night + 2 * HOUR, State.DOWN), Span(night + HOUR, night + 3 * HOUR, State.DOWN),
             Span(NOW - HOUR, None, State.SLOW)]  # fmt: skip
    seen = days(found, NOW - timedelta(days=3), NOW, zone)
    assert len(seen) == 90
    told = [(one.day, one.state, one.lasted) for one in seen[-4:]]
    assert told == [
        (date(2026, 12, 2), State.WORKING, timedelta()),
        (date(2026, 12, 3), State.DOWN, timedelta(minutes=30)),
        (date(2026, 12, 4), State.DOWN, timedelta(hours=2, minutes=30)),  # what two notices say at once counts once
        (date(2026, 12, 5), State.SLOW, HOUR),
    ]
    assert {one.state for one in seen[:-4]} == {None}
    whole = [Span(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC), State.DOWN)]
    berlin = days(whole, NOW - timedelta(days=80), NOW, ZoneInfo("Europe/Berlin"))
    assert [one.lasted for one in berlin if one.day == date(2026, 10, 25)] == [timedelta(hours=25)]


FIT = {"titles": WORDS, "starts": NOW, "stage": Stage.INVESTIGATING, "texts": WORDS, "states": {1: State.DOWN}}
WORK = {**FIT, "about": About.MAINTENANCE, "stage": Stage.PLANNED, "states": {1: State.MAINTENANCE},
        "ends": NOW + HOUR}  # fmt: skip


def first(about=About.TROUBLE, ends=None, **more):
    titles, starts, stage, texts, states = (more[name] for name in FIT)
    check_first(about, titles, starts, Said(stage, texts, states, ends), NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {**FIT, "titles": {"en": ""}}, {**FIT, "titles": {"en": "x" * 121}}, {**FIT, "texts": {}},
        {**FIT, "texts": {"ru": "x" * 3001}}, {**FIT, "states": {}}, {**FIT, "states": {1: State.WORKING}},
        {**FIT, "states": {1: State.MAINTENANCE}}, {**FIT, "starts": NOW + HOUR}, {**FIT, "stage": Stage.PLANNED},
        {**FIT, "starts": NOW - timedelta(days=91)}, {**WORK, "ends": None}, {**WORK, "ends": NOW},
        {**WORK, "ends": NOW + timedelta(days=31)}, {**WORK, "stage": Stage.MONITORING},
        {**WORK, "starts": NOW + timedelta(days=366), "ends": NOW + timedelta(days=367)},
    ],
)  # fmt: skip
def test_what_is_not_fit_to_be_published(wrong):
    first(**FIT)
    first(**WORK)
    with pytest.raises(NotFit):
        first(**wrong)


def test_work_is_put_off_only_to_a_time_that_can_be():
    found = notice((-1, Stage.PLANNED, {1: State.MAINTENANCE}, 2), about=About.MAINTENANCE)
    check_later(found, Said(Stage.PLANNED, WORDS, {}, NOW + 5 * HOUR), NOW)
    with pytest.raises(NotFit):
        check_later(found, Said(Stage.PLANNED, WORDS, {}, NOW - HOUR), NOW)
    check_later(found, Said(Stage.UNDER_WAY, WORDS, {}), NOW)
    late = NOW + 3 * HOUR  # the page says that it is done
    check_later(found, Said(Stage.DONE, WORDS, {}), late)
    check_later(found, Said(Stage.UNDER_WAY, WORDS, {}, late + HOUR), late)
    with pytest.raises(NotFit):
        check_later(found, Said(Stage.UNDER_WAY, WORDS, {}), late)


def test_what_was_over_goes_on_only_with_a_component():
    found = notice((-2, Stage.INVESTIGATING, {1: State.DOWN}, 0), (-1, Stage.RESOLVED, {}, 0))
    check_later(found, Said(Stage.RESOLVED, WORDS, {}), NOW)
    check_later(found, Said(Stage.INVESTIGATING, WORDS, {1: State.SLOW}), NOW)
    with pytest.raises(NotFit):
        check_later(found, Said(Stage.INVESTIGATING, WORDS, {}), NOW)


def test_whoever_reads_another_language_reads_what_there_is():
    assert in_language({"en": "Mail", "ru": "Почта"}, "ru") == ("Почта", "ru")
    assert in_language({"en": "Mail", "ru": ""}, "ru") == ("Mail", "en")
    assert in_language({}, "ru") == ("", "ru")


def test_a_month_is_that_of_the_zone_and_the_last_of_a_year_ends_with_it():
    zone = ZoneInfo("Europe/Moscow")
    start, end = month_span("2026-12", zone)
    assert (start, end) == (datetime(2026, 11, 30, 21, tzinfo=UTC), datetime(2026, 12, 31, 21, tzinfo=UTC))
    assert [month_of(at, zone) for at in (start, end - timedelta(seconds=1), end)] == ["2026-12", "2026-12", "2027-01"]
    assert month_span("2026-11", zone)[1] == start
