"""What stands around every page: who is on call now, the account menu, and errors in the reader's own language."""

import html
import json
import re

from sqlalchemy import select, update

from gateway.access import shortcuts
from gateway.store.db import db, transaction
from gateway.store.tables import Audit, PersonRow
from gateway.store.upkeep import audit
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import PEOPLE

TEAMS = (
    PEOPLE.replace("NTFY", "https://ntfy.example").replace(
        "schedules:\n", "  - {name: empty, members: []}\nschedules:\n"
    )
    + """
  - {name: desk, team: support, timezone: Europe/Moscow,
     layers: [{start: "2026-11-02T09:00", every: 1d, members: [irina@example.org, oleg@example.org],
               hours: ["09:00-17:00"]}]}
"""
)


def bar(page):
    found = re.search(r'<a class="oncall.*?</a>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0])).strip() if found else ""


def row(email):
    db.session.rollback()
    return db.session.scalar(select(PersonRow).where(PersonRow.email == email))


def test_every_page_says_who_is_on_call_now_in_the_readers_own_team_first(world_of, clock):
    world = world_of(people=TEAMS)
    everybody_has_a_password()
    anna, irina = Browser(world.app), Browser(world.app)
    assert bar(anna.get("/login").text) == ""
    anna.sign_in()
    irina.sign_in("irina@example.org")
    clock.set(clock.now().replace(month=12, day=1, hour=8, minute=0, second=0))  # 11:00 in Moscow, a Tuesday
    anna.sign_in()
    irina.sign_in("irina@example.org")
    assert bar(anna.get("/incidents").text) == "A On call: Anna"  # she always is: there is no end to it
    assert bar(irina.get("/me").text) == "O On call: Oleg until 17:00"  # hours as she reads them
    clock.advance(hours=6)
    page = irina.get("/incidents").text
    assert bar(page) == "! Nobody is on call until 09:00"
    assert 'class="oncall gap" href="/oncall" title="desk"' in page
    clock.advance(hours=16)  # the next turn, without a change of the directory
    assert bar(irina.get("/incidents").text) == "I On call: Irina until 17:00"
    world.people(
        TEAMS.replace(
            'members: [irina@example.org, oleg@example.org],\n               hours: ["09:00-17:00"]',
            "members: [oleg@example.org]",
        )
    )
    assert bar(irina.get("/incidents").text) == "O On call: Oleg"  # a change is seen at once


def test_the_bar_names_a_schedule_of_theirs_that_has_nobody_beside_one_that_has(world_of, clock):
    night = """
  - {name: night <b>, team: support, timezone: Europe/Moscow,
     layers: [{start: "2026-11-02T22:00", every: 1d, members: [irina@example.org], hours: ["22:00-06:00"]}]}
"""
    world = world_of(people=TEAMS + night.lstrip("\n"))
    everybody_has_a_password()
    clock.set(clock.now().replace(month=12, day=1, hour=20, minute=0, second=0))  # 23:00 in Moscow
    irina = Browser(world.app)
    irina.sign_in("irina@example.org")
    page = irina.get("/incidents").text
    assert bar(page) == "I On call: Irina until 06:00 ! nobody: desk"
    assert 'class="oncall part" href="/oncall"' in page
    assert 'until 06:00 · nobody: desk"' in page  # for who only listens
    clock.advance(hours=12)
    irina.sign_in("irina@example.org")
    assert html.unescape(bar(irina.get("/incidents").text)).endswith("! nobody: night <b>")


def test_exact_times_are_switched_in_the_menu_and_one_is_back_where_one_was(world):
    everybody_has_a_password()
    world.alert()
    world.clock.advance(minutes=7)
    anna = Browser(world.app)
    anna.sign_in()
    assert re.search(r"<time data-since[^>]*>7 min<", anna.get("/incidents").text)
    here = {"Referer": "http://localhost/incidents?status=open"}
    answer = anna.press("/me/times", here, exact="1")
    assert answer.headers["Location"] == "/incidents?status=open"
    page = anna.get("/incidents").text
    assert row("anna@example.org").exact_times
    assert not re.search(r"<time data-since[^>]*>7 min<", page)
    assert 'name="exact" value="" aria-pressed="true"' in page
    assert anna.press("/me/times", {"Referer": "https://elsewhere.example/x"}).headers["Location"].startswith("/me/")
    assert not row("anna@example.org").exact_times
    refused = {"Referer": "http://localhost/me/keys"}  # where a form was refused; nothing can be read there
    assert anna.press("/me/times", refused, exact="1").headers["Location"].startswith("/me/appearance")


def test_an_error_is_told_in_the_language_of_whoever_is_signed_in(world_of):
    world = world_of(people=TEAMS.partition("schedules:")[0])
    everybody_has_a_password()
    anna, german = Browser(world.app), {"Accept-Language": "en"}
    assert "There is nothing here" in anna.get("/nothing", **german).text
    anna.sign_in()
    anna.press("/me", language="ru", theme="")
    anna.client.delete_cookie("language")
    assert bar(anna.get("/incidents").text) == ""  # nobody is on call, and nobody has to be
    for path, code in (("/nothing", 404), ("/settings", 403), ("/incidents/99", 404)):
        answer = anna.get(path, **german)
        assert (answer.status_code, '<html lang="ru"' in answer.text) == (code, True), path
    assert "Здесь ничего нет" in anna.get("/nothing", **german, HX_Request="true").text
    assert "There is nothing here" in Browser(world.app).get("/nothing", **german).text


def test_everybody_may_have_keys_of_their_own_but_none_that_does_two_things(world):
    everybody_has_a_password()
    (number,) = world.alert()
    anna, oleg = Browser(world.app), Browser(world.app)
    anna.sign_in()
    oleg.sign_in("oleg@example.org")
    usual = {f"key-{name}": key for name, key in shortcuts.KEYS.items()}
    for wrong, words in (
        ({"key-next": "a"}, "Two actions cannot have the same key: a"),
        ({"key-next": "ф"}, "A key is one small letter"),
        ({"key-next": "*"}, "A key is one small letter"),
        ({"key-next": "<script>"}, "A key is one small letter"),
    ):
        answer = anna.press("/me/keys", **{**usual, **wrong})
        assert (answer.status_code, words in answer.text) == (422, True), wrong
        assert '<script>"' not in answer.text
    own = {"key-acknowledge": "q", "key-next": "k", "key-previous": "j", "key-search": ""}
    assert anna.press("/me/keys", **{**usual, **own}).status_code == 302
    assert row("anna@example.org").own_keys == "jk kj aq"
    page = anna.get(f"/incidents/{number}").text
    assert re.search(r"Acknowledging…</span> <kbd[^>]*>q</kbd>", page)
    assert "<dt><kbd>k</kbd> <kbd>j</kbd></dt>" in page
    assert json.loads(html.unescape(re.search(r'data-keys="([^"]*)"', page)[1])) == {
        "a": "",
        "q": "a",
        "k": "j",
        "j": "k",
    }
    assert "data-keys" not in oleg.get("/incidents").text
    assert "usually a" in anna.get("/me/appearance").text
    anna.press("/me/keys", **{**usual, **own}, usual="1")
    assert row("anna@example.org").own_keys == ""
    assert "data-keys" not in anna.get("/incidents").text


def test_the_rows_that_one_request_wrote_are_found_by_its_name(world):
    everybody_has_a_password()
    first, second = world.alert() + world.alert(name="Second", fingerprint="s")
    irina, anna = Browser(world.app), Browser(world.app)
    irina.sign_in("irina@example.org")
    anna.sign_in()
    with transaction() as session:  # as the clock and commands write: of no request
        audit.note(session, world.clock.now(), "x@example.org", "note", "incident 0", "command")
    anna.press("/incidents/bulk", n=[str(first), str(second)], do="acknowledge", query="")
    rows = db.session.scalars(select(Audit).where(Audit.action == "acknowledge")).all()
    names = {one.request for one in rows}
    (name,) = names
    assert len(rows) == 2
    assert re.fullmatch(r"[0-9a-f]{12}", name)
    assert {one.detail["request"] for one in rows} == names
    anna.press("/me/times", exact="1")
    page = irina.get(f"/audit?request={name}").text
    assert page.count('<tr id="r') == 2
    assert f'href="/audit?request={name}"' in page
    assert irina.get("/audit?request=nothing").text.count('<tr id="r') == 0
    assert "request" in irina.get("/audit.csv").text.splitlines()[0]
    assert irina.get("/audit").text.count(name) >= 4
    found = audit.follow(db.session(), audit.Chain())
    assert (found.broken, found.whole) == (0, True)
    assert re.search(r"request [0-9a-f]{12}<", irina.get("/nothing").text)
    with transaction() as session:
        session.execute(
            update(Audit).where(Audit.id == rows[0].id).values(detail={**rows[0].detail, "request": "0" * 12})
        )
    assert audit.follow(db.session(), audit.Chain()).broken == rows[0].id


def test_whoever_signs_in_first_is_asked_once_for_the_zone_of_their_browser(world):
    everybody_has_a_password()
    with transaction() as session:
        session.execute(update(PersonRow).values(zone_asked=False))
    world.alert()
    anna, oleg = Browser(world.app), Browser(world.app)
    anna.sign_in()
    oleg.sign_in("oleg@example.org")
    for browser, use, zone in ((anna, "1", "Asia/Tokyo"), (oleg, "", "Europe/Moscow")):
        assert 'id="zone-ask"' in browser.get("/incidents").text
        answer = browser.press("/me/zone", {"Referer": "http://localhost/incidents"}, zone="Asia/Tokyo", use=use)
        assert answer.headers["Location"] == "/incidents"
        page = browser.get("/incidents").text
        assert 'id="zone-ask"' not in page
        assert f"Times in {zone}" in page
    wrong = anna.press("/me/zone", zone="Not/AZone", use="1")
    assert (wrong.status_code, "This is not a time zone" in wrong.text) == (422, True)
    assert row("anna@example.org").timezone == "Asia/Tokyo"
