"""People's own notification rules, quiet hours and the floor: a table of cases, and histories of any people at all."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.duty.audience import audience
from rules.duty.personal import FLOOR_WITHIN, Why, plan, quiet_until, read_quiet, read_wishes, write_quiet, write_wishes
from rules.ways import Quiet, Way, Wish
from rules.words import CHANNELS_OF_WAY, Contact, Directory, Person, Role, Route, Step, Urgency

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 12, 5, 0, 12, tzinfo=UTC)  # 03:12 in Moscow
NIGHT = Quiet(time(22), time(7))
WAYS = {"voice": "pagerduty", "push": "ntfy", "sms": "sms", "email": "email"}


def person(
    name, ways="voice push sms email", *, wishes=(), urgency=Urgency.EMERGENCY, quiet=None, zone="Europe/Moscow"
):
    contacts = tuple(Contact(WAYS[way], f"{name}-{way}", f"{name}-{way}") for way in ways.split())
    own = ((urgency, read_wishes(wishes)),) if wishes else ()
    return Person(f"{name}@example.org", name, Role.RESPONDER, "en", zone, contacts, 0, own, quiet)


def route(urgency=Urgency.EMERGENCY, channels=(Way.VOICE, Way.PUSH), fallback=(Way.SMS, Way.EMAIL), floor=(Way.VOICE,)):
    return Route("r", urgency, "p", (), (), 0, channels, fallback, 5 * MINUTE, floor=floor)


def told(people, where=None, at=NOW):
    """ "anna push, anna voice +1m" """
    where = where or route()
    step = Step(tuple(f"person:{one.email}" for one in people), 5 * MINUTE)
    found = audience(step, where, Directory({one.email: one for one in people}), at)
    said = [
        f"{one.name} {one.way}" + (f" +{int(one.after / MINUTE)}m" if one.after else "")
        for one in (*found.notices, *found.later)
    ]
    return ", ".join(said), found


URGENT = route(Urgency.URGENT, (Way.SMS, Way.PUSH), (Way.EMAIL,), ())
CASES = [  # people, route, told, the ladder waits for the step
    ([person("anna")], None, "anna voice, anna push", True),
    ([person("anna", wishes=["push", "voice after 1m", "sms after 3m"])], None,
     "anna push, anna voice +1m, anna sms +3m", True),
    ([person("anna", wishes=["push", "voice after 30m"])], None, "anna push, anna voice +3m", True),  # the floor
    ([person("anna", wishes=["push"])], None, "anna push, anna voice", True),
    ([person("anna", "voice sms", wishes=["push", "sms after 2m"])], None,
     "anna voice, anna sms +2m", True),
    ([person("anna", "email", wishes=["push"])], None, "anna email", False),  # nothing of hers fits: as the class
    ([person("anna", wishes=["email"], urgency=Urgency.URGENT)], URGENT, "anna email", True),
    ([person("anna", wishes=["email"], urgency=Urgency.URGENT)], None, "anna voice, anna push", True),
    ([person("anna", quiet=NIGHT)], None, "anna voice, anna push", True),  # nobody else is told
    ([person("anna", quiet=NIGHT), person("oleg")], None,
     "oleg voice, oleg push, anna email, anna voice +228m, anna push +228m", True),
    ([person("anna", quiet=NIGHT), person("oleg", quiet=NIGHT)], None,
     "anna voice, anna push, oleg email, oleg voice +228m, oleg push +228m", True),
    ([person("anna", quiet=NIGHT), person("oleg", "email")], None, "anna voice, anna push, oleg email", True),
    ([person("anna", quiet=NIGHT, wishes=["email", "voice after 1m"]), person("oleg", wishes=["email", "push after 1h"],
      ways="push email")], None, "anna email, oleg email, anna voice +1m, oleg push +60m", True),
    ([person("anna", quiet=NIGHT)], URGENT, "anna email, anna sms +228m, anna push +228m", True),
    ([person("anna", "sms push", quiet=NIGHT)], URGENT, "anna sms +228m, anna push +228m", False),
    ([person("anna", quiet=NIGHT, zone="Asia/Vladivostok")], URGENT, "anna sms, anna push", True),
]  # fmt: skip


def test_a_shared_address_is_told_for_whoever_has_no_rules():
    """Anna wants no call, and the key of their team is hers and Oleg's: he is called by it."""
    oleg = person("oleg", "voice")
    anna = replace(person("anna", "push", wishes=["push"], urgency=Urgency.URGENT), contacts=(
        *person("anna", "push").contacts, *oleg.contacts))  # fmt: skip
    words, _ = told([anna, oleg], route(Urgency.URGENT, (Way.VOICE,), (), ()))
    assert words == "anna push, oleg voice"


@pytest.mark.parametrize(("people", "where", "said", "waits"), CASES)
def test_who_is_told_when(people, where, said, waits):
    words, found = told(people, where)
    assert words == said
    assert found.fell_back is not waits


def test_each_exception_has_its_reason():
    _, lonely = told([person("anna", quiet=NIGHT)])
    assert [one.reason for one in lonely.not_told] == [
        "quiet hours do not hold: it is an emergency and nobody else is told"
    ]
    _, held = told([person("anna", quiet=NIGHT), person("oleg")])
    assert [one.reason for one in held.not_told] == [
        "quiet hours: voice, push only when they end, unless it is answered"
    ]
    assert [one.why for one in plan(read_wishes(["push", "voice after 9m"]), (Way.VOICE, Way.SMS))] == [
        Why.OWN, Why.MISSING, Why.LATE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        (["push", "push after 1m"], "twice"), (["push after 1m"], "at once"), (["fax"], "no way"),
        (["push", "sms after 5m", "voice after 1m"], "order"), (["push", "sms after 2h"], "later than 1h"),
        (["push", "sms after 5"], "not a duration"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_in_words(texts, wrong):
    with pytest.raises(ValueError, match=wrong):
        read_wishes(texts)


@pytest.mark.parametrize("text", ["22:00-22:00", "22-7", "25:00-07:00", "22:00"])
def test_what_are_no_quiet_hours_is_refused(text):
    with pytest.raises(ValueError, match="quiet hours"):
        read_quiet(text)


def test_quiet_hours_are_those_of_the_wall_through_a_change_of_the_clock():
    one = person("anna", quiet=NIGHT, zone="Europe/Berlin")
    before = datetime(2026, 10, 24, 21, tzinfo=UTC)  # 23:00 in summer; the clock goes back at three
    assert quiet_until(one, before) == datetime(2026, 10, 25, 6, tzinfo=UTC)
    assert quiet_until(one, datetime(2026, 10, 25, 6, tzinfo=UTC)) is None
    noon = person("oleg", quiet=Quiet(time(12), time(13)), zone="Europe/Berlin")
    assert quiet_until(noon, datetime(2026, 10, 25, 11, 30, tzinfo=UTC)) == datetime(2026, 10, 25, 12, tzinfo=UTC)


wishes_of = st.lists(st.tuples(st.sampled_from(Way), st.integers(0, 60)), max_size=4, unique_by=lambda one: one[0]).map(
    lambda pairs: [Wish(way, minutes * MINUTE if number else timedelta()) for number, (way, minutes) in
                   enumerate(sorted(pairs, key=lambda one: one[1]))]
)  # fmt: skip


@st.composite
def anybody(draw, name):
    ways = draw(st.lists(st.sampled_from(sorted(WAYS)), unique=True))
    wishes = tuple((urgency, tuple(draw(wishes_of))) for urgency in Urgency)
    quiet = draw(st.sampled_from([None, NIGHT, Quiet(time(3), time(4)), Quiet(time(0), time(23, 59))]))
    contacts = tuple(Contact(WAYS[way], f"{name}-{way}", f"{name}-{way}") for way in ways)
    return Person(f"{name}@example.org", name, Role.RESPONDER, "en", "Europe/Moscow", contacts, 0, wishes, quiet)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from("ab"), unique=True, min_size=1), st.data(), st.sampled_from(Urgency))
def test_a_person_with_rules_is_reached_by_every_class_s_floor(names, data, urgency):
    """Whoever has an address for it is told by each way of the floor, soon; and nobody drops out of a step."""
    people = [data.draw(anybody(name)) for name in names]
    floor = data.draw(st.lists(st.sampled_from(Way), unique=True, max_size=2))
    where = route(urgency, tuple(Way), (), tuple(floor))
    _, found = told(people, where)
    everything = (*found.notices, *found.later)
    quiet = {one.email: quiet_until(one, NOW) for one in people}
    for one in people:
        mine = [notice for notice in everything if notice.who == one.email]
        assert bool(mine) is bool(one.contacts)
        for way in floor:
            if any(contact.channel in CHANNELS_OF_WAY[way] for contact in one.contacts):
                (notice,) = [notice for notice in mine if notice.way is way]
                assert notice.after <= FLOOR_WITHIN or (quiet[one.email] and notice.held)
        assert all(not notice.held or NOW + notice.after >= quiet[one.email] for notice in mine)
    if urgency is Urgency.EMERGENCY and any(one.contacts for one in people):
        woken = any(notice.way is not Way.EMAIL for notice in everything if not notice.held)
        could = any(contact.channel != "email" for one in people for contact in one.contacts)
        wanted = any(
            way is not Way.EMAIL and any(c.channel in CHANNELS_OF_WAY[way] for c in one.contacts)
            for one in people
            for way in ({wish.way for wish in one.wishes_for(urgency)} | set(floor) or set(Way))
        )
        assert woken or not (could and wanted)
        assert found.notices


@given(wishes_of, st.sampled_from([None, NIGHT]))
def test_what_is_written_reads_back_the_same(wishes, quiet):
    assert read_wishes(write_wishes(wishes)) == tuple(wishes)
    assert read_quiet(write_quiet(quiet)) == quiet
