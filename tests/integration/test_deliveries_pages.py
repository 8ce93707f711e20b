"""The pages of deliveries: found by person, channel and result, told attempt by attempt, and sent again."""

import pytest
from sqlalchemy import select, update

from gateway.store.db import db, transaction
from gateway.store.sql import bulk
from gateway.store.tables import Audit, Delivery, PersonRow
from gateway.store.upkeep import vitals
from tests.browsing import Browser, everybody_has_a_password
from tests.fakes.http import reply


@pytest.fixture
def world(staffed, providers):
    everybody_has_a_password()
    return staffed


def signed_in(world, name, role=""):
    if role:
        with transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.email == f"{name}@example.org").values(role=role))
    browser = Browser(world.app)
    assert browser.sign_in(f"{name}@example.org").status_code == 302
    return browser


def failed_call(world, providers):
    """An emergency whose call PagerDuty refuses; its SMS gets out."""
    well, providers.pagerduty.usual = (
        providers.pagerduty.usual,
        lambda _: reply(400, {"status": "invalid event", "message": "no <such> key", "errors": []}),
    )
    (number,) = world.alert()
    world.delivers()
    providers.pagerduty.usual = well
    found = world.deliveries(incident_id=number)
    return number, next(one for one in found if one.status == "failed"), found


def test_a_message_shows_every_attempt_and_how_it_reads_but_not_to_everybody(world, providers):
    number, call, found = failed_call(world, providers)
    irina, anna = signed_in(world, "irina"), signed_in(world, "anna")
    page = anna.get(f"/deliveries/{call.id}").text
    assert "failed for good" in page
    assert "no &lt;such&gt; key" in page
    assert "HighErrorRate" in page or world.incident().title in page
    assert "/p/" not in page  # the link that answers in her name
    fallback = next(one for one in found if one.part == "fallback")
    assert "in place of: call" in irina.get("/deliveries").text
    text = irina.get(f"/deliveries/{fallback.id}").text
    assert fallback.provider_ref in text
    viewer = signed_in(world, "oleg", "viewer")
    page = viewer.get(f"/deliveries/{fallback.id}").text
    assert "Texts of messages are not shown to viewers." in page
    assert fallback.address not in page
    assert irina.get("/deliveries/999999").status_code == 404
    with transaction() as session:  # somebody who is in no team sees only what was sent to them
        session.execute(update(PersonRow).where(PersonRow.email == "irina@example.org").values(role="responder"))
    irina = signed_in(world, "irina")
    assert irina.get(f"/deliveries/{call.id}").status_code == 404
    assert f"#{number}<" not in irina.get("/deliveries").text


def test_the_list_is_narrowed_by_result_way_person_channel_and_time(world, providers):
    number, call, _ = failed_call(world, providers)
    irina = signed_in(world, "irina")

    def listed(query):
        return irina.get(f"/deliveries?{query}").text.count(f"#{number}<")

    everything = listed("")
    assert everything >= 2
    assert listed("status=failed") == 1
    assert listed("way=voice") == listed("channel=pagerduty") == 1
    assert listed("who=ANNA") == everything
    assert listed("who=nobody%25") == listed("channel=pigeon") == 0
    assert listed("time=1h") == everything
    assert listed("status=what&time=x") == everything
    assert "% of" in irina.get("/deliveries").text
    world.clock.advance(hours=2)
    irina = signed_in(world, "irina")
    assert irina.get("/deliveries?time=1h").text.count(f"#{number}<") == 0
    assert call.id


def test_what_failed_is_sent_again_as_long_as_somebody_is_called(world, providers):
    number, call, _ = failed_call(world, providers)
    irina, anna = signed_in(world, "irina"), signed_in(world, "anna")
    assert anna.press(f"/deliveries/{call.id}/resend").status_code == 403
    tried = call.attempts
    assert irina.press(f"/deliveries/{call.id}/resend").status_code == 302
    assert "It waits to be sent again." in irina.get(f"/deliveries/{call.id}?done=1").text
    assert irina.press(f"/deliveries/{call.id}/resend").status_code == 409  # it waits
    world.delivers()
    (again,) = world.deliveries(id=call.id)
    assert (again.status, again.attempts) == ("sent", tried + 1)
    page = irina.get(f"/deliveries/{call.id}").text
    assert "sent again by a person" in page
    assert "is sent again: Irina wants it" in irina.get(f"/incidents/{number}").text
    row = db.session.scalars(select(Audit).where(Audit.action == "delivery resend")).one()
    assert (row.actor, row.target, row.detail["ids"]) == ("irina@example.org", f"delivery {call.id}", [call.id])


def test_several_are_sent_again_and_what_is_answered_is_left_alone(world, providers):
    number, call, _ = failed_call(world, providers)
    irina = signed_in(world, "irina")
    page = irina.get("/deliveries?status=failed").text
    assert f'name="id" value="{call.id}"' in page
    world.acknowledges(number)
    done = irina.press("/deliveries/resend", id=[call.id, "x", 10**30])
    assert done.headers["Location"] == "/deliveries?status=failed&done=0&left=1"
    assert irina.press("/deliveries/resend").headers["Location"].endswith("done=0&left=0")
    refused = irina.press(f"/deliveries/{call.id}/resend")
    assert refused.status_code == 409
    assert "nobody is called about this incident now" in refused.text


def losing(now):
    (rows,) = bulk.several(db.session(), [vitals.losing_asked(now)])
    return vitals.losing_of(db.session(), rows, now)


def test_a_failing_channel_stands_above_every_page(world, providers):
    number, call, _ = failed_call(world, providers)
    now = world.clock.now()
    irina = signed_in(world, "irina")
    assert losing(now) == []  # once is no rule
    values = {column.name: getattr(call, column.name) for column in Delivery.__table__.columns if column.name != "id"}
    with transaction() as session:
        session.add_all(Delivery(**{**values, "once": f"x{one}"}) for one in range(3))
    (found,) = losing(now)
    assert (found.channel, found.failed, found.all) == ("pagerduty", 4, 4)
    assert "pagerduty is failing: 4 of 4 messages in 15 minutes." in irina.get("/me").text
    assert "pagerduty is failing" in irina.get(f"/incidents/{number}").text
    world.clock.advance(minutes=16)
    assert losing(world.clock.now()) == []


def test_what_was_not_sent_says_why_in_words_and_times_can_be_chosen(world, providers):
    number, call, _ = failed_call(world, providers)
    irina = signed_in(world, "irina")
    said = {
        ("cancelled", "primary", "acknowledged"): "somebody had acknowledged",
        ("cancelled", "primary", "voice gate: over budget"): "over budget: the next person is called",
        ("cancelled", "primary", "voice gate: what is new"): "the voice gate did not let the call through",
        ("cancelled", "primary", "<b>odd</b>"): "somebody had answered, or nobody need be told any more",
        ("bundled", "primary", ""): "a roll-up says it",
        ("queued", "held", ""): "quiet hours: waits until",
        ("queued", "later", ""): "their own rules say so: waits until",
    }
    for (status, part, error), words in said.items():
        with transaction() as session:
            values = {"status": status, "part": part, "error": error, "bundle_id": 1 if status == "bundled" else None}
            session.execute(update(Delivery).where(Delivery.id == call.id).values(**values))
        tab = "waiting" if status == "queued" else "skipped"
        for place in (f"/deliveries?status={tab}", f"/deliveries/{call.id}"):
            page = irina.get(place).text
            assert words in page, (place, words)
            assert "<b>odd" not in page
        assert ("the roll-up</a>" in irina.get("/deliveries?status=skipped").text) == (status == "bundled")
    page = irina.get("/deliveries").text
    assert '<option value="pagerduty">Voice (PagerDuty)</option>' in page
    assert '<option value="Anna"></option>' in page
    past, later = "2026-12-04T00:00", "2026-12-06T00:00"
    spans = {
        f"from={past}": True,
        f"from={later}": False,
        f"to={past}": False,
        f"to={later}": True,
        "from=x&to=y": True,
    }
    for span, there in spans.items():
        assert (f"#{number}<" in irina.get(f"/deliveries?{span}").text) is there, span
    page = irina.get(f"/deliveries?time=1h&from={later}").text  # what is given exactly counts, and the choice says so
    assert f"#{number}<" not in page
    assert '<option value="" selected>as From and To say</option>' in page
    assert '<option value="1h" selected>' not in page
    assert '<option value="1h" selected>' in irina.get("/deliveries?time=1h&from=x").text


def test_what_only_the_log_was_told_is_none_of_what_got_out(world, providers):
    _, _, found = failed_call(world, providers)
    others = [one.id for one in found if one.status in ("sent", "delivered")]
    irina = signed_in(world, "irina")
    share = f"{len(others) * 1000 // (len(others) + 1) / 10:g}"
    assert f"{share} % of {len(others) + 1} got out in 24 h" in irina.get("/deliveries").text
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.id.in_(others)).values(status="logged"))
    assert f"0 % of {len(others) + 1} got out in 24 h" in irina.get("/deliveries").text
