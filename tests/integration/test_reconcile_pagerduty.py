"""PagerDuty and we disagree about an incident: lost callbacks, lost messages, and escalation inside PagerDuty."""

import pytest
from sqlalchemy import select, update

from gateway import actions
from gateway.flows.housekeeping import tidy
from gateway.flows.reconcile import Reconciler
from gateway.flows.reconcile_pagerduty import PagerDuty
from gateway.outward.outbound import PermanentFailure, TemporaryFailure
from gateway.store.db import db, transaction
from gateway.store.outgoing import echoes
from gateway.store.tables import Delivery, Fact
from rules.lifecycle import Given, Signal
from tests.fakes.http import reply
from tests.fakes.pagerduty_rest import KEY, SENDER, FakeRest
from tests.integration.test_when_to_tell import BACK, Sender
from tests.samples import PEOPLE

TEAM_KEY = "team-key-0123456789abcdef0123456"

# What happens before and after the database is the same on both.
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONE_KEY = """
people:
  - {email: anna@example.org, name: Anna, role: responder, contacts: [{channel: sms, address: "+79990000001"}]}
  - {email: oleg@example.org, name: Oleg, role: responder, contacts: [{channel: sms, address: "+79990000002"}]}
  - {email: irina@example.org, name: Irina, role: admin, contacts: [{channel: sms, address: "+79990000003"}]}
teams:
  - {name: infra, members: [anna@example.org, oleg@example.org, irina@example.org],
     contacts: [{channel: pagerduty, address: "team-key-0123456789abcdef0123456"}]}
  - {name: support, members: [irina@example.org]}
schedules:
  - {name: infra, team: infra, timezone: Europe/Moscow,
     layers: [{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}]}
"""


@pytest.fixture
def rest(providers, clock):
    with FakeRest(providers.pagerduty, clock) as fake:
        fake.services = {
            f"PS{who.upper()}": f"{who}-key-0123456789abcdef0123456"[:32] for who in ("anna", "oleg", "irina")
        } | {"PSTEAM": TEAM_KEY}
        yield fake


@pytest.fixture
def world_with(world_of, providers, rest):
    """PagerDuty with its REST API; by default one key a person."""

    def make(people=PEOPLE, **more):
        made = world_of(
            people=people.replace("NTFY", providers.ntfy.url),
            NABAT_PAGERDUTY_EVENTS_URL=providers.pagerduty.url,
            **{
                "NABAT_PAGERDUTY_API_URL": rest.url,
                "NABAT_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
                "NABAT_PAGERDUTY_API_KEY": KEY,
                "NABAT_PAGERDUTY_FROM": SENDER,
                **more,
            },
        )
        made.rest = rest
        return made

    return make


@pytest.fixture
def world(world_with):
    return world_with()


def check(world, **later):
    world.passes(**(later or {"minutes": 3}))
    return dict(PagerDuty(world.app.extensions["gateway"], pace=0).check(world.clock.now()))


def called(world):
    world.alert()
    world.delivers()
    world.rest.incidents()  # it is there from now on
    return world.incident()


def calls(world, **having):
    return [(one.who, one.kind, one.status) for one in world.deliveries(channel="pagerduty", **having)]


# Escalation inside PagerDuty


def test_a_later_step_escalates_inside_pagerduty(world_with, rest, providers):
    world = world_with(ONE_KEY)
    called(world)
    world.passes(minutes=5)
    world.delivers()
    assert rest.level("PSTEAM") == 2
    world.passes(minutes=10)
    world.delivers()
    assert rest.level("PSTEAM") == 3
    world.passes(minutes=15)  # the ladder's end is told again; there are no more levels
    world.delivers()
    assert rest.level("PSTEAM") == 3
    assert [one["event_action"] for one in providers.pagerduty.events] == ["trigger"]
    pages = world.deliveries(channel="pagerduty", status="sent")
    assert [(one.who, one.level) for one in pages] == [
        ("anna@example.org", 1), ("oleg@example.org", 2), ("irina@example.org", 3), ("irina@example.org", 4),
    ]  # fmt: skip
    assert pages[1].provider_ref == "P0INC: escalated to level 2"
    assert all(asked.headers["From"] == SENDER for asked in rest.requests if asked.method == "PUT")


@sqlite
def test_without_an_api_key_the_reason_stands_on_the_timeline(world_with, rest):
    world = world_with(ONE_KEY, NABAT_PAGERDUTY_API_KEY="")
    called(world)
    world.passes(minutes=5)
    (line,) = world.entries("escalated")
    assert "already has this incident" in line.detail["not_told"][0]["reason"]
    assert world.delivers() == 0
    assert rest.requests == []


@sqlite
def test_a_refused_escalation_is_tried_again_and_then_told_another_way(world_with, rest, providers):
    world = world_with(ONE_KEY)
    called(world)
    world.passes(minutes=5)
    rest.then(reply(503), reply(429, headers={"Retry-After": "3"}))
    for seconds in (0, 2, 4):
        world.clock.advance(seconds=seconds)
        world.delivers()
    assert rest.level("PSTEAM") == 2
    world.passes(minutes=10)
    rest.strict, rest.usual = True, lambda _asked: reply(403, {"error": {"message": "forbidden"}})
    world.delivers()
    (failed,) = world.deliveries(channel="pagerduty", status="failed")
    assert (failed.who, failed.error[:8]) == ("irina@example.org", "HTTP 403")
    (instead,) = world.deliveries(part="fallback", who="irina@example.org")
    assert instead.channel == "sms"


@sqlite
def test_what_somebody_took_there_is_not_escalated(world_with, rest):
    world = world_with(ONE_KEY)
    called(world)
    rest.answers("PSTEAM", "acknowledged", by="Anna Ivanova")
    world.passes(minutes=5)
    world.delivers()
    assert rest.puts() == []
    assert world.deliveries(channel="pagerduty")[-1].provider_ref == (
        "P0INC: acknowledged there by Anna Ivanova, so not escalated"
    )
    assert check(world) == {"acknowledged there": 1}


@sqlite
def test_what_never_got_there_is_triggered(world_with, rest, providers):
    world = world_with(ONE_KEY)
    called(world)
    rest.forget()
    world.passes(minutes=5)
    world.delivers()
    assert list(providers.pagerduty.incidents.values()) == ["triggered"]


def test_a_second_round_escalates_on_the_right_service(world_of, world_with, rest, providers):
    """Anna, Oleg, Irina have a key each: told again, Irina's service is found by her key."""
    world = world_with()
    called(world)
    for minutes in (5, 10, 15):
        world.passes(minutes=minutes)
        world.delivers()
    assert rest.level("PSIRINA") == 2
    assert [rest.level(one) for one in ("PSANNA", "PSOLEG")] == [1, 1]


def test_a_snooze_that_ends_wakes_pagerduty_too(world_with, rest):
    world = world_with(ONE_KEY)
    incident = called(world)

    until = world.clock.now().replace(minute=42)
    actions.act(incident.id, Signal.SNOOZE, actions.Actor("Anna", "dashboard"), world.clock.now(), Given(until=until))
    world.delivers()
    assert [one["status"] for one in rest.incidents().values()] == ["acknowledged"]
    assert check(world, minutes=10) == {}
    world.passes(minutes=20)
    world.delivers()
    assert rest.puts() == [{"type": "incident_reference", "status": "triggered", "escalation_level": 2}]
    assert check(world) == {}


@sqlite
def test_e11_while_pagerduty_is_down_no_calls_pile_up(world_with, rest, providers):
    world = world_with(ONE_KEY)
    providers.pagerduty.then(reply(503))
    world.alert()
    world.delivers()
    world.passes(minutes=5)
    world.passes(minutes=10)
    assert [one.kind for one in world.deliveries(channel="pagerduty")] == ["opened"]
    world.delivers()
    assert list(providers.pagerduty.incidents.values()) == ["triggered"]
    world.passes(minutes=15)  # now it has it: the last step is told again
    world.delivers()
    assert rest.level("PSTEAM") == 2


# Reconciliation


def test_a_lost_acknowledgement_is_found(world, rest):
    called(world)
    rest.answers("PSANNA", "acknowledged", by="Анна \x00Иванова")
    assert check(world, minutes=1) == {}  # the callback may still come
    assert check(world, minutes=2) == {"acknowledged there": 1}
    incident = world.incident()
    assert (incident.status, incident.ack_by) == ("acknowledged", "Анна \ufffdИванова")
    (line,) = world.entries("acknowledged")
    assert (line.detail["how"], line.detail["why"]) == ("pagerduty", "found by reconciliation")
    assert calls(world, kind="acknowledged") == []  # never echoed
    assert check(world) == {}
    assert 'nabat_reconciled_total{what="acknowledged there",with="pagerduty"}' in world.client.get("/metrics").text


def test_a_lost_resolve_is_found_and_the_other_key_hears_of_it(world, rest, providers):
    """Oleg, whom PagerDuty calls otherwise, resolves his; Anna's still rings. Only hers is told."""
    called(world)
    world.passes(minutes=5)
    world.delivers()
    rest.answers("PSOLEG", "resolved", by="O. Petrov")
    assert check(world) == {"resolved there": 1}
    incident = world.incident()
    assert (incident.status, incident.resolved_by, incident.resolve_kind) == ("resolved", "O. Petrov", "person")
    assert calls(world, kind="resolved") == [("anna@example.org", "resolved", "queued")]
    world.delivers()
    assert set(providers.pagerduty.incidents.values()) == {"resolved"}
    assert check(world) == {}


@sqlite
def test_programs_acknowledge_nothing_there(world, rest):
    called(world)
    rest.answers("PSANNA", "acknowledged", by=None)
    assert check(world) == {}
    assert world.incident().status == "triggered"


def test_a_lost_message_of_ours_is_repeated(world, rest, providers):
    incident = called(world)
    world.acknowledges(incident.id)
    lose(world, "acknowledged")
    assert check(world) == {"acknowledged here": 1}
    world.delivers()
    assert [one["status"] for one in rest.incidents().values()] == ["acknowledged"]
    assert check(world) == {}
    world.alert("resolved")
    lose(world, "resolved")
    assert check(world) == {"resolved here": 1}
    assert check(world) == {}  # it is on its way
    world.delivers()
    assert [one["status"] for one in rest.incidents().values()] == ["resolved"]
    assert check(world) == {}
    assert "reconciled" in world.timeline(incident.id)


def lose(world, kind):
    """It is taken for sent, and PagerDuty never saw it."""
    with transaction() as session:
        done = {"status": "failed", "finished_at": world.clock.now()}
        session.execute(update(Delivery).where(Delivery.kind == kind, Delivery.channel == "pagerduty").values(**done))


@sqlite
def test_a_repeat_that_may_change_nothing_goes_as_an_event(world_with, rest, providers):
    world = world_with(NABAT_PAGERDUTY_FROM="")
    called(world)
    world.alert("resolved")
    lose(world, "resolved")
    assert check(world) == {"resolved here": 1}
    world.delivers()
    assert providers.pagerduty.events[-1]["event_action"] == "resolve"
    assert check(world) == {}


@sqlite
def test_pagerduty_may_refuse_for_ever(world, rest, providers):
    called(world)
    world.alert("resolved")
    lose(world, "resolved")
    providers.pagerduty.usual = rest.usual = None
    found = []
    for _ in range(5):
        rest.usual = rest._answer
        found.append(check(world))
        rest.usual = providers.pagerduty.usual = lambda _asked: reply(400, {"error": "no"})
        world.delivers()
    assert found == [{"resolved here": 1}] * 3 + [{}] * 2


@sqlite
def test_an_acknowledgement_that_ran_out_there_is_not_renewed(world, rest):
    """Its service calls again after half an hour: that is its own business."""
    incident = called(world)
    world.acknowledges(incident.id)
    world.delivers()
    world.clock.advance(minutes=30)
    rest.answers("PSANNA", "triggered")
    assert check(world) == {}


def test_it_is_paged_through_and_asks_one_by_one_for_the_rest(world, rest):
    rest.foreign = 230
    called(world)
    rest.answers("PSANNA", "resolved")
    assert check(world) == {"resolved there": 1}
    lists = [asked for asked in rest.requests if "statuses" in asked.path]
    assert len(lists) == 3
    assert sum("incident_key" in asked.path for asked in rest.requests) == 1


@sqlite
def test_an_answer_that_is_none_changes_nothing(world, rest):
    called(world)
    rest.answers("PSANNA", "resolved")
    for answer in (reply(200, b"{}"), reply(200, b'{"incidents": 7}'), reply(503), reply(401)):
        rest.then(answer)
        with pytest.raises((TemporaryFailure, PermanentFailure)):
            check(world)
    assert world.incident().status == "triggered"


@sqlite
def test_trouble_in_the_middle_costs_only_the_rest(world, rest):
    """PagerDuty answers for two of three incidents: they are put right, the third has its turn next."""
    for number in range(3):
        world.alert(fingerprint=f"f{number}", name=f"N{number}")
        world.delivers()
        world.clock.advance(minutes=2)  # more at once would be bundled
    rest.incidents()
    rest.answers("PSANNA", "resolved")
    comparison = PagerDuty(world.app.extensions["gateway"], pace=0)
    world.clock.advance(minutes=3)
    listed = rest.usual
    rest.usual = lambda asked: listed(asked) if len(rest.requests) != 4 else reply(503)
    with pytest.raises(TemporaryFailure):
        comparison.check(world.clock.now())
    assert [one.status for one in world.incidents()] == ["resolved", "resolved", "triggered"]
    assert comparison.check(world.clock.now()) == {"resolved there": 1}


@sqlite
def test_without_an_api_key_nobody_is_asked(world_with):
    app = world_with(NABAT_PAGERDUTY_API_KEY="").app
    assert Reconciler(app, app.extensions["gateway"]).pagerduty is None


# What callbacks teach


def test_a_pair_is_kept_while_its_incident_is_open(world):
    incident = called(world)
    with transaction() as session:
        echoes.remember(session, "PGR0VU2", incident.uuid, world.clock.now())
        echoes.first_time(session, "an event", world.clock.now())
    tidy(world.clock.now().replace(year=2027))
    assert echoes.uuid_of(db.session(), "PGR0VU2") == incident.uuid
    world.alert("resolved")
    tidy(world.clock.now().replace(year=2027))
    assert echoes.uuid_of(db.session(), "PGR0VU2") == ""


def test_services_are_told_apart_by_elimination(world):
    incident = called(world)
    now = world.clock.now()
    with transaction() as session:
        anna = echoes.origin(session, "PSANNA", incident.id, now)
    assert anna == world.deliveries(who="anna@example.org", channel="pagerduty")[0].address_id
    world.passes(minutes=5)
    world.delivers()
    with transaction() as session:
        oleg = echoes.origin(session, "PSOLEG", incident.id, now)
        assert echoes.origin(session, "PSANNA", incident.id, now) == anna
        assert echoes.origin(session, "PSOTHER", incident.id, now) == ""
        assert echoes.origin(session, "", incident.id, now) == ""
    assert oleg == world.deliveries(who="oleg@example.org", channel="pagerduty")[0].address_id
    known = dict(db.session.execute(select(Fact.key, Fact.value).where(Fact.key.like("pagerduty:service:%"))).all())
    assert known == {"pagerduty:service:PSANNA": anna, "pagerduty:service:PSOLEG": oleg}


def test_where_it_is_shown_there_is_kept_once_it_is_compared(world_with, rest):
    api = rest.url.replace("127.0.0.1", "localhost")
    world = world_with(NABAT_PAGERDUTY_API_URL=api, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1,localhost")
    (number,) = world.alert()
    world.delivers()
    for _ in range(2):
        check(world)
        with transaction() as session:
            assert echoes.pages(session, [number]) == {number: "https://acme.localhost/incidents/P0INC"}


@pytest.mark.parametrize("answered", [True, False])
def test_what_ended_there_before_it_came_back_here_is_not_over(world_of, providers, rest, answered):
    """Whoever has it in hand is not called again, so there it stays as it ended."""
    world = world_of(
        BACK,
        people=PEOPLE.replace("NTFY", providers.ntfy.url),
        NABAT_PAGERDUTY_EVENTS_URL=providers.pagerduty.url,
        NABAT_PAGERDUTY_API_URL=rest.url,
        NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1",
        NABAT_PAGERDUTY_API_KEY=KEY,
        NABAT_PAGERDUTY_FROM=SENDER,
    )
    sender = Sender(world)
    (number,) = sender.fires()
    world.delivers()
    if answered:
        world.acknowledges(number)
        world.delivers()
    world.clock.advance(minutes=10)
    sender.clears()
    world.delivers()
    rest.incidents()  # it ended there at this moment
    world.clock.advance(minutes=5)
    assert sender.fires() == [number]
    assert check(world, minutes=3) == {}
    assert world.incident().status == ("acknowledged" if answered else "triggered")
