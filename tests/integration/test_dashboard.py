"""The pages: what they show, what their buttons do, what they refuse, what they never let in."""

import gzip
import re
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dashboard import glance
from dashboard.assets import asset
from dashboard.overview import queries as overview_queries
from dashboard.status.badge import SHAPES
from gateway.store.db import db, transaction
from gateway.store.tables import Delivery, Entry, PersonRow, Source
from tests.browsing import Browser, everybody_has_a_password
from tests.samples import alert, group

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202e"
HX = {"HX-Request": "true"}
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def app(world):
    everybody_has_a_password()
    return world.app


@pytest.fixture
def anna(app):
    """A responder."""
    browser = Browser(app)
    browser.sign_in("anna@example.org")
    return browser


@pytest.fixture
def irina(app):
    """An administrator."""
    browser = Browser(app, "192.0.2.3")
    browser.sign_in("irina@example.org")
    return browser


@pytest.fixture
def viewer(app):
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "oleg@example.org").values(role="viewer"))
    browser = Browser(app, "192.0.2.4")
    browser.sign_in("oleg@example.org")
    return browser


def numbers(page):
    return [int(one) for one in re.findall(r'<tr id="row-(\d+)"', page)]


def storm(world, count, **more):
    """So many incidents, each of its own name."""
    alerts = [alert(name=f"Problem{n:03}", fingerprint=f"f{n}", **more) for n in range(count)]
    return world.post(group(*alerts)).json["incidents"]


def test_the_first_page_explains_how_to_connect_a_source(world, anna):
    page = anna.get("/incidents").text
    assert "nabat token create alertmanager" in page
    assert "<table" not in page


def test_the_list_answers_who_was_told_and_what_comes_next(world, anna):
    (number,) = world.alert(service="billing")
    page = anna.get("/incidents").text
    assert numbers(page) == [number]
    for words in ("Emergency", "InstanceDown on db01", "billing", "×1", "waiting", "Oleg", "5:00"):
        assert words in page


def test_everybody_begins_where_their_role_works(world, anna):
    def begins(role):
        with transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.email == "anna@example.org").values(role=role))
        return anna.get("/").headers["Location"]

    roles = ("viewer", "responder", "dispatcher", "admin")
    assert [begins(role) for role in roles] == ["/incidents"] * 4  # nothing ever came in: how to connect a source
    world.alert()
    assert [begins(role) for role in roles] == ["/overview", "/incidents", "/tickets", "/overview"]


def test_open_ones_come_first_then_by_urgency_then_the_newest(world, anna):
    (ordinary,) = world.alert(name="A", fingerprint="a", severity="info")
    (first,) = world.alert(name="B", fingerprint="b")
    (second,) = world.alert(name="C", fingerprint="c")
    (taken,) = world.alert(name="D", fingerprint="d")
    anna.press(f"/incidents/{taken}/acknowledge")
    assert numbers(anna.get("/incidents").text) == [second, first, ordinary, taken]
    assert numbers(anna.get("/incidents?status=open").text) == [second, first, ordinary]
    assert numbers(anna.get("/incidents?status=ack").text) == [taken]
    assert numbers(anna.get("/incidents?urgency=ordinary").text) == [ordinary]
    assert numbers(anna.get("/incidents?status=all").text) == [taken, second, first, ordinary]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("mail", 1),
        ("ПОЧТА", 1),
        ("почта", 1),
        ("100%", 1),
        ("100_", 0),
        ("nothing like it", 0),
        ("'; DROP TABLE incident; --", 0),
    ],
)
def test_the_filter_finds_text_in_title_and_service(world, anna, asked, found):
    world.post(
        group({**alert(fingerprint="x", service="mail"), "annotations": {"summary": "почта лежит, диск 100% занят"}})
    )
    for status in ("unresolved", "all"):
        page = anna.client.get("/incidents", query_string={"q": asked, "status": status})
        assert len(numbers(page.text)) == found


def test_the_filter_finds_a_number(world, anna):
    first, second = storm(world, 2)
    assert numbers(anna.get(f"/incidents?q=%23{first}").text) == [first]
    assert numbers(anna.get(f"/incidents?status=all&q={second}").text) == [second]
    assert "No incident matches" in anna.get("/incidents?q=999999999999999999999999").text


@pytest.mark.parametrize("status", ["unresolved", "all"])
def test_pages_follow_each_other_without_holes_or_repeats(world, anna, status):
    kinds = ("critical", "info")
    alerts = [alert(name=f"P{n}{kind}", fingerprint=f"{kind}{n}", severity=kind) for kind in kinds for n in range(130)]
    made = world.post(group(*alerts)).json["incidents"]
    place, seen, pages = f"/incidents?status={status}&fold=no&rows=200", [], 0
    while place:
        page = anna.get(place).text
        seen, pages = seen + numbers(page), pages + 1
        found = re.search(r'id="more" href="([^"]*)">', page)
        place = found[1].replace("&amp;", "&") + "&rows=200" if found else ""
        world.alert(name=f"New{pages}", fingerprint=f"new{pages}")  # comes in above, and moves nothing below
    assert len(made) == 260
    assert (sorted(seen), pages) == (sorted(made), 2)


@pytest.mark.parametrize(
    "query", ["after=x", "after=9.9", "after=99.9999999999999999", "status=x&urgency=%00", "q=%00%ff"]
)
def test_nonsense_in_the_address_breaks_nothing(world, anna, query):
    world.alert()
    assert anna.get(f"/incidents?{query}").status_code == 200


def test_the_incident_page_shows_what_happens_and_who_was_told(world, anna):
    body = alert(service="billing", cluster="a", instance="db01", rack="r1", row="x", team="t")
    body["annotations"] = {
        "summary": "No connection", "description": "For two minutes", "runbook_url": "https://wiki.example/x",
        "dashboard_url": "javascript:alert(1)",
    }  # fmt: skip
    (number,) = world.post(group(body)).json["incidents"]
    world.passes(minutes=6)
    page = anna.get(f"/incidents/{number}").text
    for words in (
        "No connection", "For two minutes", "https://wiki.example/x", "cluster=<b>a</b>", "more label", "Opened",
        "Nobody answered: step 2", "Anna", "Oleg", "Irina", "severity=&#34;critical&#34;", "overdue by 1 min",
    ):  # fmt: skip
        assert words in page
    assert "javascript:" not in page


def test_every_kind_of_line_has_words_and_an_unknown_one_is_shown_too(world, anna):
    (number,) = world.alert()
    kinds = [
        "told again", "fallback", "nobody reached", "policy exhausted", "joined", "cleared", "ticket commented", "sent",
        "logged", "attempt failed", "delivery failed", "delivery cancelled", "brand new kind",
    ]  # fmt: skip
    with transaction() as session:
        for kind in kinds:
            session.add(
                Entry(incident_id=number, at=world.clock.now(), kind=kind, actor="x", detail={"count": 3, "odd": "q7"})
            )
    page = anna.get(f"/incidents/{number}").text
    for words in ("Told again", "Another way", "Nobody could be reached", "Nobody is told any more", "3 more alerts",
                  "3 alerts", "new comment", "handed over", "only written to the log", "did not get through", "failed",
                  "called off", "Brand new kind", "odd: q7"):  # fmt: skip
        assert words in page


def test_acknowledging_from_a_form_goes_back_to_where_the_button_was(world, anna):
    (number,) = world.alert()
    answer = anna.press(f"/incidents/{number}/acknowledge", back="/incidents?status=open")
    assert answer.headers["Location"].startswith("/incidents?status=open&undo=")
    assert (world.incident().status, world.incident().ack_by) == ("acknowledged", "Anna")
    answer = anna.press(f"/incidents/{number}/resolve", back="https://evil.example/")
    assert answer.headers["Location"].partition("?")[0] == f"/incidents/{number}"
    assert (world.incident().status, world.incident().resolved_by) == ("resolved", "Anna")


def test_with_htmx_the_changed_row_comes_back_and_a_word_about_it(world, anna):
    (number,) = world.alert()
    answer = anna.press(f"/incidents/{number}/acknowledge", {**HX, "HX-Target": f"row-{number}"})
    assert answer.text.count("<tr") == 1
    assert "Acknowledged" in answer.text
    assert "Nobody else is called" in answer.headers["HX-Trigger"]
    second = anna.press(f"/incidents/{number}/acknowledge", {**HX, "HX-Target": f"row-{number}"})
    assert "already acknowledged by Anna 03:12" in second.headers["HX-Trigger"]


def test_a_second_acknowledgement_writes_no_second_line(world, anna):
    (number,) = world.alert()
    for _ in range(2):
        anna.press(f"/incidents/{number}/acknowledge")
    assert world.timeline().count("acknowledged") == 1


def test_a_note_is_kept_with_its_author_as_plain_text(world, anna):
    (number,) = world.alert()
    anna.press(f"/incidents/{number}/notes", text=f"  {HOSTILE}\nsecond line \x00 ")
    page = anna.get(f"/incidents/{number}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "second line" in page
    assert "<script>alert" not in page
    (entry,) = world.entries("note")
    assert entry.actor == "Anna"
    assert "\x00" not in entry.detail["text"]
    anna.press(f"/incidents/{number}/notes", text="   ")
    assert world.timeline().count("note") == 1


@pytest.mark.parametrize("path", ["/incidents/999/acknowledge", "/incidents/999/resolve"])
def test_there_is_no_such_incident(anna, path):
    assert anna.press(path).status_code == 404
    assert anna.get("/incidents/999").status_code == 404
    assert anna.press("/incidents/999/notes", text="x").status_code == 404
    for number in (0, 2**63 - 1, 2**63, 10**30):
        assert anna.get(f"/incidents/{number}").status_code == 404
        assert live(anna, "", "incident", f"n={number}").status_code == 286


def test_a_viewer_sees_everything_may_comment_and_no_more(world, viewer):
    (number,) = world.alert()
    for path in ("/incidents", f"/incidents/{number}", "/deliveries", "/sources", "/me"):
        page = viewer.get(path)
        assert page.status_code == 200
        for what in ("acknowledge", "resolve", "snooze", "assign"):
            assert f"/{what}" not in page.text
    assert "Your role reads only" in viewer.get(f"/incidents/{number}").text
    for what in ("acknowledge", "resolve", "snooze", "assign"):
        assert viewer.press(f"/incidents/{number}/{what}", text="x").status_code == 403
    assert viewer.press(f"/incidents/{number}/notes", text="How is it going?").status_code == 302
    assert world.timeline() == ["opened", "note"]


def test_looking_changes_nothing(world, anna):
    (number,) = world.alert()
    before = world.timeline()
    for path in (
        f"/incidents/{number}/acknowledge",
        f"/incidents/{number}/resolve",
        f"/incidents/{number}/notes",
        "/logout",
    ):
        assert anna.get(path).status_code == 405
    assert world.timeline() == before
    assert anna.get("/incidents").status_code == 200


def test_hostile_texts_are_text_on_every_page(world, anna, irina):
    labels = {"alertname": HOSTILE, "severity": "critical", "service": HOSTILE, HOSTILE: HOSTILE}
    body = {
        **alert(fingerprint="h"),
        "labels": labels,
        "annotations": {"summary": HOSTILE, "runbook_url": f"https://x/{HOSTILE}"},
    }
    (number,) = world.post(group(body, {"labels": HOSTILE})).json["incidents"]
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "anna@example.org").values(name=HOSTILE))
        session.execute(update(Delivery).values(name=HOSTILE, error=HOSTILE))
        session.execute(update(Source).values(name=Source.name + HOSTILE))
    for path in ("/incidents", f"/incidents/{number}", "/deliveries", "/sources", f"/incidents?q={HOSTILE}", "/me"):
        page = irina.get(path).text + anna.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page


def test_what_turns_a_text_around_is_shown_and_sent_to_nobody(staffed, providers):
    turned = "invoice_\u202egpj.exe \u2067"
    told = {**alert(severity="warning"), "annotations": {"summary": turned}}
    told["labels"] |= {"file": turned}
    (number,) = staffed.post(group(told)).json["incidents"]
    staffed.delivers()
    everybody_has_a_password()
    page = Browser(staffed.app)
    page.sign_in()
    shown = [page.get(path).text for path in ("/incidents", f"/incidents/{number}", "/incidents.csv", "/deliveries")]
    mails = [f"{one['Subject']} {one.get_body(('plain',)).get_content()}" for one in providers.mail.mails]
    sent = [*mails, *(asked.body.decode() for asked in providers.ntfy.requests)]
    assert all("invoice_gpj.exe" in text for text in shown[:3])
    assert any("invoice_gpj.exe" in text for text in sent)
    assert not [text for text in (*shown, *sent) if re.search("[\u202a-\u202e\u2066-\u2069]", text)]
    assert not [text for text in sent if "\\u202e" in text]
    received = page.get(f"/incidents/{number}/payloads").text
    assert "invoice_\\u202egpj.exe \\u2067" in received


# Live


def live(browser, mark, page="incidents", q="", **more):
    return browser.client.get("/live", query_string={"page": page, "q": q, "since": mark, **more})


def mark_in(page):
    return re.search(r'data-mark="([^"]*)"', page)[1]


def test_live_says_nothing_while_nothing_changes_and_sends_the_list_when_it_does(world, anna):
    world.alert()
    mark = mark_in(anna.get("/incidents").text)
    quiet = live(anna, mark)
    assert (quiet.status_code, quiet.data) == (204, b"")
    assert int(quiet.headers["X-Now"]) == int(world.clock.now().timestamp() * 1000)
    (number,) = world.alert(name="Another", fingerprint="z")
    news = live(anna, mark)
    assert news.status_code == 200
    assert '<table id="list"' in news.text
    assert number in numbers(news.text)
    assert 'id="tabs" hx-swap-oob="true"' in news.text
    assert live(anna, mark_in(news.text)).status_code == 204


def test_live_notices_a_transaction_that_commits_late_under_a_lower_id(world, anna):
    (number,) = world.alert()
    with transaction() as session:
        session.add(Entry(id=1000, incident_id=number, at=world.clock.now(), kind="note", actor="", detail={}))
    mark = mark_in(anna.get("/incidents").text)
    with transaction() as session:
        session.add(Entry(id=999, incident_id=number, at=world.clock.now(), kind="note", actor="", detail={}))
    assert live(anna, mark).status_code == 200


def test_live_keeps_the_filter_of_the_page(world, anna):
    first, second = storm(world, 2)
    news = live(anna, "", q="status=all&q=Problem001")
    assert numbers(news.text) == [second]
    assert first not in numbers(news.text)


def test_while_the_page_is_held_still_live_only_says_that_something_waits(world, anna):
    world.alert()
    mark = mark_in(anna.get("/incidents").text)
    assert "X-Waiting" not in live(anna, mark, frozen=1).headers
    world.alert(name="Another", fingerprint="z")
    held = live(anna, mark, frozen=1)
    assert (held.status_code, held.headers["X-Waiting"]) == (204, "1,0")  # one new, none changed


def test_live_on_an_incident_sees_lines_messages_and_alerts(world, anna):
    (number,) = world.alert()
    mark = mark_in(anna.get(f"/incidents/{number}").text)
    q = f"n={number}"
    assert live(anna, mark, "incident", q).status_code == 204
    world.alert(instance="db02", fingerprint="second")
    news = live(anna, mark, "incident", q)
    assert news.status_code == 200
    assert "1 more alert" in news.text
    with transaction() as session:
        session.execute(update(Delivery).values(status="sent", finished_at=world.clock.now(), lease=1))
    assert live(anna, mark_in(news.text), "incident", q).status_code == 200
    assert live(anna, "", "incident", "n=12345").status_code == 286


def test_live_tells_a_signed_out_page_so_and_where_to_sign_in(world, app):
    answer = live(Browser(app), "1-1", q="status=open&q=db")
    assert answer.status_code == 286
    assert answer.headers["HX-Retarget"] == "#flash-err"
    assert "/login?next=/incidents?status%3Dopen%26q%3Ddb" in answer.text


def test_the_first_page_reloads_when_the_first_incident_comes(world, anna):
    mark = mark_in(anna.get("/incidents").text)
    assert live(anna, mark, "first_run").status_code == 204
    world.alert()
    assert live(anna, mark, "first_run").headers["HX-Refresh"] == "true"


# Deliveries and sources


def test_deliveries_show_to_whom_how_and_with_what_result(world, irina):
    world.alert()
    with transaction() as session:
        session.execute(
            update(Delivery).values(status="failed", error="no answer", finished_at=world.clock.now(), attempts=3)
        )
    page = irina.get("/deliveries").text
    for words in ("Anna", "call", "failed", "no answer", "3 tries", "new incident", "InstanceDown"):
        assert words in page
    assert "anna-key" not in page
    assert "Nothing here" in irina.get("/deliveries?status=waiting").text
    assert "no answer" in irina.get("/deliveries?status=failed&way=voice").text


def test_a_viewer_sees_addresses_only_in_part(world, viewer, irina):
    world.alert()
    with transaction() as session:
        session.execute(update(Delivery).values(channel="sms", address="+79990000001"))
    assert "+79990000001" in irina.get("/deliveries").text
    assert "+79990000001" not in viewer.get("/deliveries").text
    assert "+7…01" in viewer.get("/deliveries").text


def test_sources_show_what_could_not_be_read_and_why(world, irina, anna):
    token = world.token()
    world.post(group(alert(), {"labels": "nonsense"}))
    world.client.post("/ingest/alertmanager", data=b"{not json", headers={"Authorization": f"Bearer {token}"})
    page = irina.get("/sources").text
    number = re.search(r'href="/sources/(\d+)"', page)[1]
    page += irina.get(f"/sources/{number}").text
    assert "alerts[1]" in page
    assert f"…{token[-4:]}" in page
    assert token not in page
    assert token[-4:] not in anna.get("/sources").text


# Headers


def test_every_answer_carries_the_security_headers(world, app, anna):
    world.alert()
    for answer in (
        anna.get("/incidents"),
        anna.get("/nothing-here"),
        Browser(app).get("/login"),
        anna.get("/live"),
        anna.get("/"),
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert "HX-Request" in anna.get("/incidents").headers["Vary"]
    assert "max-age" in Browser(app, scheme="https").get("/login").headers["Strict-Transport-Security"]


def test_pages_need_no_inline_style_or_script(world, anna):
    (number,) = world.alert()
    for path in ("/incidents", f"/incidents/{number}", "/deliveries", "/sources", "/me"):
        page = anna.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert not re.search(r"<script(?! src=)", page)
        assert not re.search(r"\son[a-z]+=", page)


def test_every_file_and_shape_that_a_template_names_is_there():
    written = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    named = set(re.findall(r"""asset\(["']([^"']*)""", written))
    assert len(named) > 20
    assert all(asset(name) for name in named)  # raises KeyError of any that is not
    within = re.findall(r"""<use href=["']?#[^>]*""", written)  # symbols are in a file of their own
    assert within == ['<use href="#s-{{ mark.look }}"/']  # but the public page's: it brings these
    assert set(re.findall(r'<symbol id="s-(\w+)"', written)) == set(SHAPES)


def test_files_are_kept_for_ever_under_an_address_with_their_hash(anna):
    page = anna.get("/incidents").text
    for place in set(re.findall(r'(?:src|href)="(/static/[^"#]*)', page)):
        answer = anna.get(place)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert anna.get(place.split("?")[0]).headers["Cache-Control"] == "no-cache"
        packed = anna.get(place, **{"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
    style, script = (anna.get(f"/static/list.{kind}").text for kind in ("css", "js"))
    assert (style[:6], script[:19], "/*" in script) == (".inc{t", '(()=>{"use strict";', False)  # nothing for people
    assert anna.get("/static/../page.py").status_code == 404
    assert anna.get("/static/vendor/make_icons.py").status_code == 404


def test_the_pages_stay_light(world, anna):
    storm(world, 60)
    number = storm(world, 1)[0]
    assert len(anna.get("/static/app.css").data) <= 32_000
    for path, most in (("/incidents", 9_000), (f"/incidents/{number}", 8_000)):
        assert len(gzip.compress(anna.get(path).data)) <= most
    assert len(anna.get("/incidents?fold=no").data) <= 110_000  # each row is read and kept by a phone, too


TOLD = re.compile(rb'(?:csrf_token" value|csrf-token" content)="([^"]*)"')


def untold(page):
    return re.sub(b"|".join(set(TOLD.findall(page))), b"", page)


def test_pages_travel_compressed_unless_another_site_asks_for_them(world, anna):
    """Who chooses a part of a page and sees its size may guess the rest (BREACH)."""
    storm(world, 20)
    plain, gz = anna.get("/incidents"), {"Accept-Encoding": "gzip, br"}
    assert "Content-Encoding" not in plain.headers
    assert {"Accept-Encoding", "HX-Request", "Sec-Fetch-Site"} <= set(plain.vary)
    packed = [anna.get("/incidents", **gz, **asked) for asked in ({}, {"Sec-Fetch-Site": "none"})]
    packed += [anna.get("/incidents", **gz, **{"Sec-Fetch-Site": "same-origin"}) for _ in range(10)]
    assert {one.headers["Content-Encoding"] for one in packed} == {"gzip"}
    pages = [plain.data, *(gzip.decompress(one.data) for one in packed)]
    assert len({untold(one) for one in pages}) == 1
    tokens = [told for one in pages for told in set(TOLD.findall(one))]
    assert len(tokens) == len(set(tokens)) == len(pages)  # one an answer, never the same
    assert {anna.post("/me", {"csrf_token": one.decode(), "language": "en"}).status_code for one in tokens} == {302}
    assert len({len(one.data) for one in packed}) > 1
    assert all(len(one.data) == int(one.headers["Content-Length"]) < len(plain.data) / 4 for one in packed)
    for site in ("cross-site", "same-site"):
        answer = anna.get("/incidents", **gz, **{"Sec-Fetch-Site": site})
        assert ("Content-Encoding" in answer.headers, untold(answer.data)) == (False, untold(plain.data))
    safe = Browser(world.app, scheme="https")  # of a browser too old to say who asks, nobody knows it
    safe.sign_in()
    assert "Content-Encoding" not in safe.get("/incidents", **gz).headers
    assert safe.get("/incidents", **gz, **{"Sec-Fetch-Site": "none"}).headers["Content-Encoding"] == "gzip"
    for place in ("/live?page=incidents", "/incidents.csv", "/sw.js"):
        assert "Content-Encoding" not in anna.get(place, **{"Accept-Encoding": "identity"}).headers
    assert "Content-Encoding" not in anna.get("/incidents.csv", **gz).headers


def test_wrong_addresses_and_methods_get_a_page_machines_do_not(world, anna):
    assert "nothing here" in anna.get("/no/such/page").text
    fragment = anna.get("/no/such/page", **HX)
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (404, "#flash-err")
    assert "<html" not in fragment.text
    assert "csrf" not in world.client.get("/api/v1/nothing").text


def test_theme_and_language_are_kept_for_the_person(anna):
    anna.press("/me", language="ru", theme="dark")
    page = anna.get("/me").text
    assert 'data-theme="dark"' in page
    assert 'lang="ru"' in page
    person = db.session.scalars(select(PersonRow).filter_by(email="anna@example.org")).one()
    assert (person.language, person.theme) == ("ru", "dark")
    assert anna.press("/me", language="xx", theme="dark").status_code == 400


def test_a_resolved_incident_shows_totals_and_no_buttons(world, anna):
    (number,) = world.alert()
    world.passes(minutes=2)
    world.alert("resolved")
    page = anna.get(f"/incidents/{number}").text
    assert "by itself after 2 min" in page
    assert "/acknowledge" not in page


def test_the_overview_tells_every_one_of_the_newest_lines(world, anna):
    """Alerts that join one by one: an incident's own page folds such lines, here each has its incident."""
    for number in range(5):
        world.alert(fingerprint=f"joins{number}", instance=f"host{number}")
    page = anna.get("/overview")
    assert (page.status_code, page.text.count("joined")) == (200, 4)


def test_the_overview_counts_no_further_than_anybody_reads(world, monkeypatch):
    """The oldest is the oldest of all; services are told by the newest of each class and counted as far."""
    for place in (glance, overview_queries):
        monkeypatch.setattr(place, "COUNTED", 3)
    for number in range(5):
        world.clock.advance(minutes=1)
        world.alert(name=f"Fire{number}", fingerprint=f"fire{number}", service="early" if number < 2 else "late")
    world.alert(name="Dust", fingerprint="dust", severity="warning", service="early")
    everybody_has_a_password()
    browser = Browser(world.app)
    browser.sign_in()
    page = browser.get("/overview").text
    assert "3+ open, 0 acknowledged" in page
    assert "1 open, 0 acknowledged" in page
    services = re.findall(r"<span>(early|late)</span><span class=\"end\">([^<]*)</span>", page)
    assert services == [("late", "3"), ("early", "3")]
    browser.sign_in()
    for number in range(1, 5):
        world.acknowledges(number)
    assert "1 open, 3+ acknowledged" in browser.get("/overview").text
