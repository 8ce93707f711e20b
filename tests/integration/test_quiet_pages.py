"""Silences and maintenance windows as people make them: the pages, their forms, and who may do what."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from gateway.flows import silences
from gateway.store.db import db, transaction
from gateway.store.directory.people import bump
from gateway.store.tables import Audit, PersonRow, SilenceRow
from tests.browsing import Browser, everybody_has_a_password

DISK = 'alertname="DiskFull"'


@pytest.fixture
def page(world):
    """Anna's browser: a responder."""
    everybody_has_a_password()
    return signed_in(world)


def signed_in(world, email="anna@example.org", role=None):
    if role:
        with transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.email == email).values(role=role))
    browser = Browser(world.app)
    assert browser.sign_in(email).status_code == 302
    return browser


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_in_russian_the_button_says_what_it_does_and_the_title_what_it_is(page):
    with transaction() as session:
        session.execute(update(PersonRow).values(language="ru"))
    text = page.get("/silences/new").text
    button = re.search(r'<button class="btn pri">(?:<svg.*?</svg>)?([^<]*)</button>', text)[1]
    assert button == "Заглушить"
    assert "<h1>Новый режим тишины</h1>" in text


def rows():
    db.session.rollback()
    return list(db.session.scalars(select(SilenceRow).order_by(SilenceRow.id)))


def silence(browser, **said):
    asked = {"matcher": DISK, "reason": "kernel update", "for": "1h", "emergencies": "hide"}
    return browser.press("/silences", **asked | said)


def test_a_silence_from_the_incident_to_its_end(world, page):
    (number,) = world.alert(name="DiskFull", severity="critical", service="mail", fingerprint="one")
    world.alert(name="Other", fingerprint="two")
    form = page.get(f"/silences/new?incident={number}").text
    for text in ("alertname=&#34;DiskFull&#34;", "service=&#34;mail&#34;"):
        assert f'value="{text}"' in form
    assert "severity=" not in form
    assert "<b>0 firing alerts</b>, <b>0 incidents</b>" in form
    assert "Paged all the same: <b>1 emergency</b>" in form
    counted = page.client.get("/silences/preview", query_string={"matcher": DISK, "emergencies": "hide"}).text
    assert "<b>1 firing alert</b>, <b>1 incident</b>" in counted
    assert '<b>1 alert</b>, of them <b class="bad">1 emergency</b>' in counted
    assert "leaves nothing out" not in form
    for empty in ("/silences/new", "/silences/preview?matcher="):  # no warning before a word is written
        untouched = page.get(empty).text
        assert "Write which alerts" in untouched
        assert "leaves nothing out" not in untouched

    seen = page.client.get("/silences/preview", query_string={"matcher": [DISK, 'instance="elsewhere"']}).text
    assert "Matches nothing that fires now" in seen
    answer = silence(page)
    assert answer.headers["Location"] == "/silences/1?undo=silence"
    (row,) = rows()
    assert (row.author, row.author_email, row.reason) == ("Anna", "anna@example.org", "kernel update")
    assert row.ends_at - row.starts_at == row.starts_at.resolution * 3600 * 10**6
    silences.turn_due(world.clock.now())
    assert world.incidents()[0].suppressed_by == "silence:1"

    listed = page.get("/silences").text
    assert "1 alert, 1 incident" in listed
    assert 'Active <span class="c">1</span>' in listed
    assert "kernel update" not in page.get("/silences?tab=nothing").text
    assert 'Matching nothing <span class="c">0</span>' in page.get("/silences").text
    assert page.press("/silences/1/extend").headers["Location"] == "/silences/1?undo=silence"
    assert (rows()[0].ends_at - row.starts_at).total_seconds() == 7200
    world.passes(minutes=70)
    silences.turn_due(world.clock.now())
    assert world.incidents()[0].suppressed_by == "silence:1"  # its first end has gone by

    assert page.press("/silences/1/end").headers["Location"] == "/silences/1?undo=silence"
    world.passes(seconds=1)
    assert world.incidents()[0].suppressed_by is None
    shown = page.get("/silences/1").text
    assert "ended by Anna" in shown
    assert "DiskFull on db01" in shown
    assert "kernel update" in page.get("/silences?tab=ended").text
    actions = list(db.session.scalars(select(Audit.action).where(Audit.target == "silence 1").order_by(Audit.id)))
    assert actions == ["silence add", "silence extend", "silence end"]


def test_the_author_is_reminded_again_when_it_was_made_longer(world, page):
    silence(page)
    silences.turn_due(world.clock.now())
    world.passes(minutes=46)
    silences.turn_due(world.clock.now())
    assert world.deliveries() == []  # not before ten minutes are left
    world.passes(minutes=4)
    silences.turn_due(world.clock.now())
    assert [one.kind for one in world.deliveries()] == ["silence_ends"]
    page.press("/silences/1/extend")
    silences.turn_due(world.clock.now())
    world.passes(hours=1)
    silences.turn_due(world.clock.now())
    silences.turn_due(world.clock.now())
    assert [one.kind for one in world.deliveries()] == ["silence_ends"] * 2


def test_one_tap_makes_it_an_hour_longer(staffed, providers):
    """The word that it ends soon has the link; looking at it changes nothing, pressing twice is one hour."""
    everybody_has_a_password()
    page = signed_in(staffed)
    starts = staffed.clock.now() + timedelta(hours=6)
    silence(page, start=starts.astimezone(ZoneInfo("Europe/Moscow")).strftime("%Y-%m-%dT%H:%M"))
    for hours in (6, 0.9):
        staffed.passes(hours=hours)
        silences.turn_due(staffed.clock.now())
        staffed.delivers()
    begins, soon = providers.ntfy.messages
    assert begins["title"] == "🔕 Silence begins: kernel update"
    assert soon["title"] == "🔕 Silence ends soon: kernel update"
    assert [one["label"] for one in soon["actions"]] == ["+1 h", "Open"]
    place = soon["click"].removeprefix("https://nabat.example.org")
    assert soon["actions"][0]["url"] == soon["click"]
    tapped, ends = Browser(staffed.app), rows()[0].ends_at
    assert f'<form method="post" action="{place}"><button class="btn pri big">An hour longer' in tapped.get(place).text
    assert rows()[0].ends_at == ends
    for _ in range(2):
        assert "It lasts longer now" in tapped.post(place).text
        assert rows()[0].ends_at == ends + timedelta(hours=1)
    assert tapped.post(place[:-1] + "x").status_code == 404
    for role in ("viewer", "responder"):
        with transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.email == "anna@example.org").values(role=role))
            bump(session, staffed.clock.now())
        assert tapped.get(place).status_code == tapped.post(place).status_code == (404 if role == "viewer" else 200)
    assert "Silence ends soon" in page.get(f"/deliveries/{staffed.deliveries()[-1].id}").text
    staffed.passes(hours=1.2)
    silences.turn_due(staffed.clock.now())
    staffed.delivers()
    assert providers.ntfy.messages[-1]["title"] == "🔕 Silence is over: kernel update"
    assert tapped.post(place).status_code == 410


def test_what_was_done_is_taken_back_while_it_stands_so(world, page):
    (number,) = world.alert(name="DiskFull")
    place = silence(page).headers["Location"]
    assert "From now on nobody is told of it." in page.get(place).text
    assert "nobody is told of it." not in page.get("/silences/1").text
    assert signed_in(world, "oleg@example.org").press("/silences/1/undo").status_code == 404
    turn(world)
    assert world.incident().suppressed_by == "silence:1"
    first = rows()[0].ends_at
    assert "It lasts an hour longer." in page.get(page.press("/silences/1/extend").headers["Location"]).text
    page.press("/silences/1/undo")
    assert rows()[0].ends_at == first
    page.press("/silences/1/end")
    turn(world)
    assert world.incident().suppressed_by is None
    assert "What still fires is told." in page.get("/silences/1?undo=silence").text
    page.press("/silences/1/undo")
    turn(world)
    assert world.incident().suppressed_by == "silence:1"
    assert page.press("/silences/1/undo").status_code == 404  # once
    page.press("/silences/1/end")
    world.clock.advance(minutes=11)
    assert page.press("/silences/1/undo").status_code == 404  # too late
    silence(page)
    page.press("/silences/2/undo")
    assert (rows()[1].ended_by, number) == ("Anna", 1)


def turn(world):
    world.passes(seconds=1)
    silences.turn_due(world.clock.now())
    silences.release_stragglers(world.clock.now())
    world.passes(seconds=1)


WRONG = [
    ({"reason": " "}, "a reason is needed"),
    ({"reason": "x" * 501}, "at most 500 characters"),
    ({"matcher": ""}, "leave nothing out"),
    ({"matcher": 'kind=~".*"', "confirm": "yes"}, "leave nothing out"),
    ({"matcher": "no matcher at all"}, "cannot read the matcher"),
    ({"matcher": '<script>alert(1)</script>="'}, "&lt;script&gt;"),
    ({"for": "custom"}, "say until when"),
    ({"for": "1h", "end": "2026-12-06T00:00"}, "take one of them away"),
    ({"for": "custom", "end": "2026-12-04T00:00"}, "it would end before it begins"),
    ({"for": "custom", "end": "9999-99-99"}, "a time is written like"),
    ({"for": "custom", "end": "0001-01-01T00:00"}, "a time is written like"),
    ({"for": "custom", "end": "2026-12-07T09:00"}, "longer than a day is for administrators"),
    ({"for": "3d"}, "longer than a day is for administrators"),
    ({"for": "nonsense"}, "is not a time"),
]


WRONG_WINDOWS = [
    {"zone": "Mars/Olympus"},
    {"hours": "soon"},
    {"repeat": "custom"},
    {"start": "x"},
    {"reason": ""},
    {"repeat": "custom", "rule": "FREQ=HOURLY"},
    {"start": "2020-01-01T00:00", "repeat": ""},
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_nobody_can_have_meant_is_refused_and_kept_in_the_form(page):
    csrf = page.csrf()
    for said, why in WRONG:
        form = {"matcher": DISK, "reason": "kernel update", "for": "1h", "emergencies": "hide", **said}
        answer = page.post("/silences", {"csrf_token": csrf, **form})
        assert answer.status_code == 422, said
        assert why in answer.text, said
        assert "<script>alert" not in answer.text
        assert "reason" in said or 'value="kernel update"' in answer.text
    assert rows() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_silence_what(world, page):
    silence(page)
    other = signed_in(world, "oleg@example.org")
    assert "End now" not in other.get("/silences").text
    assert other.press("/silences/1/end").status_code == 403
    assert other.press("/silences/1/extend").status_code == 403
    for _hour in range(23):
        assert page.press("/silences/1/extend").status_code == 302
    assert page.press("/silences/1/extend").status_code == 400  # more than a day from now
    assert page.get("/maintenance/new").status_code == 403
    assert "Plan maintenance" not in page.get("/maintenance").text

    planner = signed_in(world, "oleg@example.org", "dispatcher")
    assert silence(planner, **{"for": "3d"}).status_code == 422
    assert silence(planner).status_code == 302
    assert silence(planner, matcher="", confirm="silence everything").status_code == 302
    assert planner.press("/silences/1/end").status_code == 302
    assert "End now" not in page.get("/silences/2").text
    viewer = signed_in(world, "oleg@example.org", "viewer")
    listed = viewer.get("/silences").text
    assert "everything" in listed
    assert "End now" not in listed
    assert "New silence" not in listed


def test_a_window_is_planned_seen_and_ended(world, page):
    planner = signed_in(world, role="dispatcher")
    said = {
        "matcher": 'service="mail"', "start": "2026-12-08T02:00", "hours": "2h", "zone": "Europe/Berlin",
        "repeat": "FREQ=WEEKLY", "reason": "patches",
    }  # fmt: skip
    seen = planner.client.get("/maintenance/preview", query_string=said).text
    assert "Tue 8 Dec, 04:00" in seen  # Berlin's two o'clock, read in Moscow
    assert "Tue 15 Dec, 04:00" in seen
    form = planner.press("/maintenance", **said, do="preview")
    assert (form.status_code, rows()) == (200, [])
    for wrong in WRONG_WINDOWS:
        assert planner.press("/maintenance", **said | wrong).status_code == 422, wrong
    assert planner.press("/maintenance", **said).headers["Location"] == "/maintenance/1?undo=silence"
    (row,) = rows()
    assert (row.kind, row.rule, row.timezone, row.seconds) == ("maintenance", "FREQ=WEEKLY", "Europe/Berlin", 7200)
    assert row.starts_at == datetime.fromisoformat("2026-12-08T01:00+00:00")
    assert "patches" in planner.get("/maintenance?tab=coming").text
    assert "FREQ=WEEKLY" in planner.get("/maintenance/1").text
    assert planner.get("/silences/1").status_code == 404  # a window is no silence
    world.passes(seconds=(row.starts_at - world.clock.now()).total_seconds())
    silences.turn_due(world.clock.now())
    world.alert(name="X", service="mail", severity="critical")
    assert world.deliveries() == []
    assert "1 alert, 1 incident" in signed_in(world).get("/maintenance").text
    planner = signed_in(world)
    form = planner.get("/silences/new").text
    assert "until “patches” ends, Tue 8 Dec, 06:00" in form or "until “patches” ends, 06:00" in form
    silence(planner, **{"for": re.search(r'value="(at [^"]+)"', form)[1]})
    assert rows()[-1].ends_at == row.ends_at
    assert signed_in(world).press("/maintenance/1/end").status_code == 302
    world.passes(seconds=1)
    assert world.deliveries() != []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_labels_in_the_address_fill_the_form(page):
    form = page.get("/silences/new?label=team%3Dinfra&label=a-b%3D%22%3E%3Cscript%3E&label=nothing&incident=999").text
    assert 'value="team=&#34;infra&#34;"' in form
    assert "<script>" not in form.partition("<main")[2]
    assert page.get("/silences/new?incident=99999999999999999999999").status_code == 200
