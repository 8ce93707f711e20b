"""The door of the dashboard: passwords, sign-ins, own forms, the first administrator."""

from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from gateway.access import auth, passwords
from gateway.access.proxies import visitor
from gateway.spells import Spell
from gateway.store.db import db, transaction
from gateway.store.directory import signins
from gateway.store.tables import Audit, Fact, PersonRow, SignIn
from tests.browsing import KEPT, PASSWORD, Browser, everybody_has_a_password, token_in


@pytest.fixture
def app(world):
    everybody_has_a_password()
    return world.app


@pytest.fixture
def anna(app):
    browser = Browser(app)
    assert browser.sign_in().status_code == 302
    return browser


def test_it_lets_the_right_password_in_and_shows_the_incidents(anna):
    page = anna.get("/incidents")
    assert page.status_code == 200
    assert "Anna" in page.text


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("anna@example.org", "wrong wrong"),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("\x00", "\x00"),
        ("anna@example.org", "x" * 999),
    ],
)
def test_it_gives_the_same_answer_to_a_wrong_password_and_an_unknown_name(app, username, password):
    answer = Browser(app).sign_in(username, password)
    assert answer.status_code == 401
    assert "do not belong together" in answer.text


class Counted(PasswordHasher):
    """Reckons as always, and keeps against what it was asked to compare."""

    def __init__(self):
        super().__init__(time_cost=2, memory_cost=19_456, parallelism=1)
        self.against = []

    def verify(self, kept, password):
        self.against.append(kept)
        return super().verify(kept, password)


@pytest.fixture
def reckoned(monkeypatch):
    hasher = Counted()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return hasher.against


def test_an_unknown_name_costs_as_much_work_as_a_known_one(app, reckoned):
    everybody_has_a_password(passwords.hash_password(PASSWORD))
    for username in ("anna@example.org", "nobody@example.org", ""):
        assert Browser(app).sign_in(username, "not the password").status_code == 401
    with transaction() as session:
        session.scalars(select(PersonRow).filter_by(email="anna@example.org")).one().active = False
    assert Browser(app).sign_in().status_code == 401
    assert len(reckoned) == 4
    costs = {kept.rpartition("$")[0].rpartition("$")[0] for kept in reckoned}
    assert costs == {"$argon2id$v=19$m=19456,t=2,p=1"}


def test_it_never_hashes_more_than_a_kilobyte(app, reckoned):
    assert passwords.matches(KEPT, "я" * 1_000_000) is False
    assert Browser(app).sign_in(password="x" * 2000).status_code == 401
    assert reckoned == []


def test_after_five_wrong_tries_that_address_waits_longer_and_longer_and_another_gets_in(app, clock):
    bad = Browser(app)
    assert [bad.sign_in(password=f"wrong {n}").status_code for n in range(5)] == [401] * 5
    for wait in (60, 120, 240):
        answer = bad.sign_in()
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= wait
        assert bad.sign_in("Anna@Example.org ").status_code == 429
        assert Browser(app, "192.0.2.99").sign_in().status_code == 302
        clock.advance(seconds=wait)
        assert bad.sign_in(password="wrong again").status_code == 401
    clock.advance(hours=2)
    assert bad.sign_in().status_code == 302
    tries = [Browser(app).sign_in(password="wrong").status_code for _ in range(5)]
    assert tries == [401] * 5  # all is forgotten


def test_a_wrong_try_now_and_then_never_locks(app, clock):
    browser = Browser(app)
    for _ in range(12):
        assert browser.sign_in(password="wrong").status_code == 401
        clock.advance(seconds=61)


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/incidents?q=a", "/incidents?q=a"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_it_goes_on_only_to_pages_of_our_own(app, wanted, place):
    assert Browser(app).sign_in(next=wanted).headers["Location"] == place


def test_it_asks_for_a_sign_in_and_comes_back(app):
    answer = Browser(app).get("/incidents/17?x=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?next=/incidents/17?x%3D1"


def test_a_part_of_a_page_that_a_stranger_asks_for_leads_to_the_sign_in(world, app):
    (number,) = world.alert()
    for answer in (Browser(app).get("/incidents", **{"HX-Request": "true"}),
                   Browser(app).post(f"/incidents/{number}/acknowledge", headers={"HX-Request": "true"})):  # fmt: skip
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"].startswith("/login")
    assert world.incident().status == "triggered"


def test_who_acts_after_the_session_ended_is_told_that_nothing_was_changed(world, app):
    (number,) = world.alert()
    here = f"http://localhost/incidents/{number}?tl=people"
    asked = {"HX-Request": "true", "HX-Current-URL": here}
    place = Browser(app).post(f"/incidents/{number}/acknowledge", headers=asked).headers["HX-Redirect"]
    assert place == f"/login?next=/incidents/{number}?tl%3Dpeople&ended=1"
    assert "nothing was changed" in Browser(app).get(place).text
    elsewhere = Browser(app).post("/incidents/1/acknowledge", headers={"Referer": "https://evil.example/x"})
    assert elsewhere.headers["Location"] == "/login?ended=1"


def test_an_error_page_leads_back_to_the_page_with_its_filter(app):
    came = {"Referer": "http://localhost/incidents?q=billing"}
    assert 'href="/incidents?q=billing"' in Browser(app).get("/no-such-page", **came).text
    slashes = ("http://localhost//evil.example", "http://localhost/\\evil.example")
    for elsewhere in ("https://evil.example/x", *slashes, "http://localhost/no-such-page", "http://["):
        answer = Browser(app).get("/no-such-page", Referer=elsewhere)
        assert (answer.status_code, "Back to where" in answer.text) == (404, False)


def test_the_cookie_is_out_of_reach_and_over_https_bound_to_the_host(app):
    plain = Browser(app).sign_in().headers.getlist("Set-Cookie")
    (cookie,) = [one for one in plain if one.startswith("nabat=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    safe = Browser(app, scheme="https").sign_in().headers.getlist("Set-Cookie")
    (cookie,) = [one for one in safe if one.startswith("__Host-nabat=")]
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_only_a_hash_of_the_key_is_kept_and_every_sign_in_has_a_new_one(anna):
    first = anna.cookie("nabat").value
    anna.press("/logout")
    anna.sign_in()
    second = anna.cookie("nabat").value
    assert first != second
    assert len(second) >= 43
    kept = db.session.scalars(select(SignIn.hash)).all()
    assert first not in kept
    assert second not in kept


def test_signing_out_ends_it_on_the_server_too(app, anna):
    key = anna.cookie("nabat").value
    assert anna.press("/logout").status_code == 302
    thief = Browser(app)
    thief.client.set_cookie("nabat", key)
    assert thief.get("/incidents").status_code == 302


def test_it_ends_after_twelve_idle_hours_and_after_fourteen_days(anna, clock):
    clock.advance(hours=11, minutes=59)
    assert anna.get("/incidents").status_code == 200
    clock.advance(hours=12, minutes=1)
    assert anna.get("/incidents").status_code == 302
    anna.sign_in()
    for _ in range(14 * 24 // 6):
        assert anna.get("/incidents").status_code == 200
        clock.advance(hours=6)
    assert anna.get("/incidents").status_code == 302


def test_a_live_page_alone_does_not_keep_it_alive(anna, clock):
    for _ in range(13):
        clock.advance(hours=1)
        status = anna.get("/live?page=incidents&q=&since=0-0").status_code
    assert status == 286


def test_changing_the_password_ends_all_other_sign_ins(app, anna):
    other = Browser(app, "192.0.2.2")
    other.sign_in()
    before = anna.cookie("nabat").value
    assert anna.press("/me/password", old="not it", new="another good one").status_code == 422
    assert anna.press("/me/password", old=PASSWORD, new="password123").status_code == 422
    assert anna.press("/me/password", old=PASSWORD, new="another good one").status_code == 302
    assert anna.get("/incidents").status_code == 200
    assert anna.cookie("nabat").value != before
    assert other.get("/incidents").status_code == 302
    assert other.sign_in().status_code == 401
    assert other.sign_in(password="another good one").status_code == 302


def test_whoever_is_deactivated_is_out_at_once(anna):
    with transaction() as session:
        session.scalars(select(PersonRow).filter_by(email="anna@example.org")).one().active = False
    assert anna.get("/incidents").status_code == 302
    assert anna.sign_in().status_code == 401


@pytest.mark.parametrize("password", ["short", "x" * 129, "password", "Password123", "aaaaaaaa", "йцукенгш", ""])
def test_it_refuses_passwords_that_are_no_good(password):
    assert passwords.complaint(password)


@pytest.mark.parametrize("password", ["a horse that is correct", "пароль из слов", "🐎🔋📎🧷 and more", "xyz1" * 32])
def test_it_takes_good_ones_whole(password):
    assert passwords.complaint(password) == ""
    kept = passwords.hash_password(password)
    assert passwords.matches(kept, password)
    assert not passwords.matches(kept, password[:-1])


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_it_refuses_what_another_site_sends_even_with_the_token(anna, headers):
    assert anna.press("/me", headers, language="en", theme="dark").status_code == 403


def test_it_refuses_forms_without_or_with_a_wrong_token(app, anna):
    assert anna.post("/me", language="en", theme="dark").status_code == 403
    assert anna.post("/me", language="en", theme="dark", csrf_token="x").status_code == 403
    other = Browser(app)
    other.sign_in("irina@example.org")
    assert anna.post("/me", language="en", theme="dark", csrf_token=other.csrf()).status_code == 403
    good = {"X-CSRF-Token": anna.csrf(), "Sec-Fetch-Site": "same-origin"}
    assert anna.post("/me", {"language": "en", "theme": "dark"}, good).status_code == 302


def test_whoever_sends_forms_that_are_not_ours_fills_no_log(anna, caplog, monkeypatch):
    monkeypatch.setattr(auth, "_refused", Spell())
    for _ in range(30):
        assert anna.post("/me", language="en", theme="dark", csrf_token="x").status_code == 403
    said = [one for one in caplog.messages if "form_refused" in one]
    assert 1 <= len(said) <= 2  # the next is due ten seconds later
    assert "times=1" in said[0]


def test_the_sign_in_form_itself_needs_its_token_and_cookie(app):
    browser = Browser(app)
    good = {"username": "anna@example.org", "password": PASSWORD}
    assert browser.post("/login", good).status_code == 403
    token = token_in(Browser(app).get("/login").text)
    assert browser.post("/login", {**good, "csrf_token": token}).status_code == 403


def test_it_reads_no_endless_form(anna):
    assert anna.press("/me", language="en", theme="x" * 70_000).status_code == 413


# The first administrator


@pytest.fixture
def fresh(app_of):
    return app_of()


def link_of(clock):
    with transaction() as session:
        return auth.new_setup_link(session, clock.now())


def set_up(browser, token, **changes):
    form = browser.get(f"/setup?token={token}").text
    data = {"email": "Irina@Example.org", "name": "Irina", "password": PASSWORD, "token": token, **changes}
    return browser.post("/setup", {**data, "csrf_token": token_in(form)})


def test_the_set_up_link_makes_one_administrator_and_is_dead_afterwards(fresh, clock):
    token, browser, late = link_of(clock), Browser(fresh), Browser(fresh)
    form = token_in(late.get(f"/setup?token={token}").text)
    assert set_up(browser, token).headers["Location"] == "/setup/steps"
    assert "Irina" in browser.get("/incidents").text
    person = db.session.scalars(select(PersonRow)).one()
    assert (person.email, person.role) == ("irina@example.org", "admin")
    eve = {"email": "eve@example.org", "name": "Eve", "password": PASSWORD, "token": token, "csrf_token": form}
    assert late.post("/setup", eve).status_code == 410
    assert len(db.session.scalars(select(PersonRow)).all()) == 1
    assert Browser(fresh).get(f"/setup?token={token}").status_code == 410
    assert link_of(clock) is None


def test_a_new_start_replaces_the_link_and_only_its_hash_is_kept(fresh, clock):
    old, new = link_of(clock), link_of(clock)
    assert Browser(fresh).get(f"/setup?token={old}").status_code == 410
    assert Browser(fresh).get("/setup").status_code == 410
    assert new not in db.session.scalars(select(Fact.value)).all()
    assert Browser(fresh).get(f"/setup?token={new}").status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "nobody"}, "not an e-mail"),
        ({"name": " "}, "name is needed"),
        ({"password": "password"}, "anybody would try"),
    ],
)
def test_set_up_says_what_is_wrong_and_keeps_the_link(fresh, clock, changes, words):
    token, browser = link_of(clock), Browser(fresh)
    answer = set_up(browser, token, **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert set_up(browser, token).status_code == 302


def test_an_imported_administrator_without_a_password_is_set_up_the_same_way(world, clock):
    app, token = world.app, link_of(clock)
    assert token
    assert set_up(Browser(app), token).status_code == 302
    known = db.session.scalars(select(PersonRow).filter_by(email="irina@example.org")).all()
    assert [person.role for person in known] == ["admin"]


def test_the_first_administrator_is_reached_by_e_mail(fresh, clock):
    set_up(Browser(fresh), link_of(clock))
    directory = fresh.extensions["gateway"].roll.current(db.session())
    (contact,) = directory.people["irina@example.org"].contacts
    assert audited() == ["first administrator"]
    assert (contact.channel, contact.address, contact.verified) == ("email", "irina@example.org", True)


def test_expired_sign_ins_are_swept_at_the_next_one(anna, clock):
    clock.advance(days=15)
    anna.sign_in()
    assert len(db.session.scalars(select(SignIn)).all()) == 1
    assert signins.find(db.session(), "x" * 64, clock.now(), timedelta(hours=1)) is None


def test_it_is_written_down_who_came_in_and_who_was_refused_but_no_password_and_no_mistyped_name(app, caplog):
    caplog.set_level("INFO", "nabat")
    browser = Browser(app)
    browser.sign_in("hunter2 my password", "hunter2 my password")
    browser.sign_in(password="wrong wrong")
    browser.sign_in()
    said = caplog.text
    assert "event=sign_in_refused person=unknown address=192.0.2.1" in said
    assert "event=signed_in" in said
    assert "hunter2" not in said
    assert PASSWORD not in said


def audited():
    db.session.rollback()
    return [one.action for one in db.session.scalars(select(Audit).order_by(Audit.id))]


def test_who_came_what_they_changed_and_that_they_left_is_in_the_audit_log(app):
    browser = Browser(app)
    browser.sign_in(password="wrong wrong")
    browser.sign_in()
    browser.get("/incidents")
    browser.press("/me/password", old="not mine", new="another good one")
    browser.press("/me/password", old=PASSWORD, new="another good one")
    browser.press("/me", language="ru", theme="")
    browser.press("/logout")
    assert audited() == ["sign in", "password changed", "taste", "sign out"]
    rows = list(db.session.scalars(select(Audit)))
    assert {(row.actor, row.target) for row in rows} == {("anna@example.org", "anna@example.org")}
    assert rows[0].detail == {"how": "dashboard", "address": "192.0.2.1", "request": rows[0].request}
    assert "another" not in repr([row.detail for row in rows])


def test_one_address_tries_many_names_only_so_often(app, clock):
    flood = Browser(app)
    codes = [flood.sign_in(f"nobody{n}@example.org", "wrong").status_code for n in range(auth.OF_ADDRESS + 3)]
    assert codes == [401] * auth.OF_ADDRESS + [429] * 3
    assert Browser(app, "192.0.2.99").sign_in().status_code == 302
    clock.advance(seconds=2)
    assert [flood.sign_in("x@example.org", "wrong").status_code for _ in range(2)] == [401, 429]
    clock.advance(hours=-1)
    assert flood.sign_in("y@example.org", "wrong").status_code == 429  # a clock set back locks nobody out for long
    clock.advance(seconds=3)
    assert flood.sign_in("y@example.org", "wrong").status_code == 401


@contextmanager
def all_seats_taken():
    with ExitStack() as taken:
        for _ in range(passwords.SEATS):
            taken.enter_context(passwords.seat())
        yield


def is_busy(answer):
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0 and "Try again" in answer.text


def test_when_all_seats_are_taken_who_comes_hears_so_at_once(app, anna):
    with all_seats_taken():
        assert is_busy(Browser(app).sign_in())
    assert Browser(app).sign_in().status_code == 302


def test_a_busy_password_change_costs_no_try_and_ends_no_sign_in(app, anna):
    with all_seats_taken():
        for _ in range(auth.ATTEMPTS + 1):
            assert is_busy(anna.press("/me/password", old=PASSWORD, new="another good one"))
    assert anna.press("/me/password", old=PASSWORD, new="another good one").status_code == 302


def test_a_busy_set_up_keeps_the_link_and_what_was_typed(fresh, clock):
    token, browser = link_of(clock), Browser(fresh)
    with all_seats_taken():
        answer = set_up(browser, token)
        assert is_busy(answer)
        assert 'value="irina@example.org"' in answer.text
    assert set_up(browser, token).status_code == 302


def test_who_has_a_whole_ipv6_network_is_one_visitor(app):
    tries = [Browser(app, f"2001:db8:0:7::{n:x}").sign_in(password="wrong").status_code for n in range(1, 8)]
    assert tries == [401] * auth.ATTEMPTS + [429] * 2
    assert Browser(app, "2001:db8:0:8::1").sign_in().status_code == 302


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:7:1:2:3:4", "2001:db8:0:7::/64"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_what_is_counted_of_an_address(address, counted):
    assert visitor(address) == counted
