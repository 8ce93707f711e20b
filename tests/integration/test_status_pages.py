"""The public status page: nothing of it before an administrator says so, and on it only what people have published."""

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import msgspec
import pytest
from sqlalchemy import text

from dashboard.status import public
from dashboard.status.rows import summary
from gateway.acts import standing
from gateway.store.db import db
from tests.browsing import Browser, everybody_has_a_password

ADMIN, TEXT = "irina@example.org", "We are looking into it."
NAMES = {"name-en": "Acme services", "name-ru": "Сервисы Акме"}
ONE_IS_ENOUGH = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PUBLIC = ("/status", "/status/1", "/status/feed.atom", "/status/badge.svg")


class Hasty(Browser):
    """Somebody who looks only once for the token of the forms."""

    token = ""

    def csrf(self):
        self.token = self.token or super().csrf()
        return self.token


class Site:
    """An administrator who has put two components on a page that is switched on; and a visitor."""

    def __init__(self, world):
        self.world, self.clock = world, world.clock
        everybody_has_a_password()
        self.admin, self.visitor = Hasty(world.app), Browser(world.app, "203.0.113.9")
        assert self.admin.sign_in(ADMIN).status_code == 302
        self.admin.press("/settings/status-page", **NAMES, on="1")
        self.adds("db-prod-17", "Payments", "Платежи")
        self.adds("mail", "Mail")

    def adds(self, service, english, russian=""):
        form = {"service": service, "name-en": english, "name-ru": russian}
        assert self.admin.press("/settings/status-page/components", **form).status_code == 302

    def publishes(self, **form):
        """What was looked at, as the page's own button sends it."""
        said = {"title-en": "Payments are down", "text-en": TEXT, "state-1": "down", **form}
        return self.sends("/notices", said)

    def sends(self, path, said):
        looked = self.admin.press(path, **said)
        assert looked.status_code == 200, looked.text
        seen = re.search(r'name="seen" value="(\w+)"', looked.text)[1]
        return self.admin.press(path, **said, seen=seen, do="publish")

    def updates(self, number, stage, text, **more):
        return self.sends(f"/notices/{number}/updates", {"stage": stage, "text-en": text, **more})

    def page(self, path="/status", **headers):
        answer = self.visitor.get(path, **headers)
        assert answer.status_code == 200, path
        return answer.text


@pytest.fixture
def site(world):
    return Site(world)


@ONE_IS_ENOUGH
def test_there_is_nothing_until_an_administrator_says_so(world):
    everybody_has_a_password()
    visitor, admin = Browser(world.app), Browser(world.app)
    nothing = visitor.get("/nothing/here")
    for path in PUBLIC:
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
        hint = r"\d\d:\d\d:\d\d, /[^,<]*|request \w+"
        assert re.sub(hint, "", answer.text) == re.sub(hint, "", nothing.text)
    admin.sign_in(ADMIN)
    assert admin.press("/settings/status-page", on="1").status_code == 422  # a page has a name
    admin.press("/settings/status-page", **NAMES, on="1")
    assert visitor.get("/status").status_code == 200
    admin.press("/settings/status-page", **NAMES)
    assert visitor.get("/status").status_code == 404


@ONE_IS_ENOUGH
def test_a_slash_at_the_end_leads_to_the_page_with_what_was_asked(site):
    site.publishes()
    for path in ("/status", "/status/1"):
        assert site.visitor.get(f"{path}/?lang=ru&x=%0d%0aA:b").headers["Location"] == f"{path}?lang=ru&x=%0d%0aA:b"
    assert site.visitor.get("/status/").headers["Location"] == "/status"
    site.admin.press("/settings/status-page", **NAMES)
    assert {site.visitor.get(path).status_code for path in ("/status/", "/status/1/")} == {404}


def test_a_notice_from_its_first_word_to_its_page_among_the_past(site):
    (incident,) = site.world.alert(name="PgReplicaBroken", service="db-prod-17", instance="10.1.2.3:5432")
    form = site.admin.get(f"/notices/new?incident={incident}").text
    assert '<option value="down" selected>' in form.partition('id="state-1"')[2].partition("</select>")[0]
    assert "PgReplicaBroken" not in form.partition("<form class")[2].partition("</form>")[0]
    assert "Everything works" in site.page()
    assert 'href="/status"' in site.visitor.get("/login").text
    assert site.admin.press("/notices", **{"title-en": "x", "text-en": TEXT, "state-1": "down"}).status_code == 200
    assert "Everything works" in site.page(), "looking at it publishes nothing"
    assert "already" not in form
    assert site.publishes(incident=str(incident)).headers["Location"] == "/notices/1"
    there = 'Clients know of this incident already: <a href="/notices/1">Payments are down</a>'
    assert there in site.admin.get(f"/notices/new?incident={incident}").text
    page = site.page()
    assert "Some services are down" in page
    assert TEXT in page
    for ours in ("PgReplicaBroken", "db-prod-17", "10.1.2.3", "Irina", ADMIN, f"#{incident}", "incidents"):
        assert ours not in page + site.page("/status/1") + site.page("/status/feed.atom") + site.page(PUBLIC[3])
    site.clock.advance(minutes=30)
    site.world.resolves(incident)
    assert "the status page still says: Payments are down" in site.admin.get(f"/incidents/{incident}").text
    site.updates(1, "monitoring", "A new disk is in.", **{"state-1": "slow"})
    page = site.page()
    assert "Some services are slow" in page
    assert page.index("A new disk is in.") < page.index(TEXT), "the newest first"
    site.clock.advance(minutes=30)
    site.updates(1, "resolved", "It works again.")
    page = site.page()
    assert "Everything works" in page
    assert TEXT not in page
    assert TEXT in site.page("/status/1")
    assert "Slow, 30 min" not in page
    assert re.search(r"Down, 30 min", page), "a day is as bad as its worst"
    assert site.world.timeline(incident).count("notice") == 3
    ours = site.admin.get(f"/incidents/{incident}").text
    assert "told the world: Resolved" in ours
    assert "the status page still says" not in ours


@ONE_IS_ENOUGH
def test_what_is_published_is_what_was_looked_at_and_once(site):
    said = {"title-en": "Mail", "text-en": TEXT, "state-2": "slow", "once": "a-key-of-the-form"}
    looked = site.admin.press("/notices", **said).text
    seen = re.search(r'name="seen" value="(\w+)"', looked)[1]
    other = {**said, "text-en": "Something else", "seen": seen, "do": "publish"}
    assert "As the world will see it" in site.admin.press("/notices", **other).text
    assert "Everything works" in site.page()
    assert site.admin.press("/notices", **said, seen=seen, do="publish").status_code == 302
    again = site.admin.press("/notices", **said, seen=seen, do="publish").headers["Location"]
    assert "nothing was published a second time" in site.admin.get(again).text
    assert site.visitor.get("/status/2").status_code == 404
    for wrong in ({"title-en": ""}, {"text-en": " "}, {"state-2": ""}, {"state-2": "", "state-99": "down"},
                  {"starts": "2099-01-01T00:00"}, {"starts": "soon"}, {"stage": "planned"}):  # fmt: skip
        assert site.admin.press("/notices", **{**said, **wrong}).status_code == 422, wrong


def test_ones_last_word_is_taken_back_for_ten_minutes(site):
    site.publishes()
    site.clock.advance(minutes=1)
    site.updates(1, "resolved", "Too early.")
    assert "Everything works" in site.page()
    assert site.admin.press("/notices/1/undo").status_code == 302
    assert "Some services are down" in site.page()
    assert "Too early." not in site.page("/status/1")
    assert site.admin.press("/notices/1/undo").status_code == 302  # the first word, too: with it the whole notice
    assert site.visitor.get("/status/1").status_code == 404
    site.publishes()
    site.clock.advance(minutes=11)
    assert site.admin.press("/notices/2/undo").status_code == 404


def test_of_two_who_write_at_once_the_second_reads_first_what_the_other_wrote(site):
    site.publishes()
    form = site.admin.get("/notices/1").text
    last = {"last": re.search(r'name="last" value="(\d+)"', form)[1]}
    down = {"stage": "identified", "text-en": "A broken disk.", "state-1": "down", **last}
    looked = site.admin.press("/notices/1/updates", **down).text
    published = {**down, "do": "publish", "seen": re.search(r'name="seen" value="(\w+)"', looked)[1]}
    site.clock.advance(minutes=1)
    site.updates(1, "resolved", "It works again.", **last)
    for said in (published, down):
        refused = site.admin.press("/notices/1/updates", **said)
        assert (refused.status_code, "has changed meanwhile" in refused.text) == (422, True)
        assert "It works again." in refused.text
    assert "Everything works" in site.page()
    assert "<b>Down</b>" not in site.page("/status/1"), "of what is over only the names are shown"
    assert "Payments: Down" not in site.page("/status/feed.atom")
    last["last"] = re.search(r'name="last" value="(\d+)"', refused.text)[1]
    site.updates(1, "identified", "Not quite.", **{"state-1": "slow", **last})
    assert "Some services are slow" in site.page()


@ONE_IS_ENOUGH
def test_what_was_taken_back_is_published_with_other_words_by_the_same_form(site):
    said = {"once": "a-key-of-the-form"}
    site.publishes(**said)
    site.admin.press("/notices/1/undo")
    assert site.publishes(**said, **{"text-en": "Without the typing mistake."}).headers["Location"] == "/notices/2"


def test_what_was_taken_back_is_published_again_by_the_same_form(site):
    """Whoever took it back and presses Publish once more, on the page that was looked at, means it."""
    first, word = {"once": "a-key"}, {"once": "another-key", "state-1": "slow"}
    site.publishes(**first)
    taken = site.admin.press("/notices/1/undo").headers["Location"]
    assert "nobody outside sees it any more" in site.admin.get(taken).text
    assert site.publishes(**first).headers["Location"] == "/notices/2"
    assert site.publishes(**first).headers["Location"] == "/notices/2?said=twice"
    site.updates(2, "identified", "A broken disk.", **word)
    taken = site.admin.press("/notices/2/undo").headers["Location"]
    assert "The last word was taken back" in site.admin.get(taken).text
    assert "A broken disk." not in site.page()
    assert site.updates(2, "identified", "A broken disk.", **word).headers["Location"] == "/notices/2"
    assert site.updates(2, "identified", "A broken disk.", **word).headers["Location"] == "/notices/2?said=twice"
    assert site.page().count("A broken disk.") == 1


@ONE_IS_ENOUGH
def test_what_goes_on_is_shown_however_much_came_after_it(site, monkeypatch):
    monkeypatch.setattr("gateway.store.public.notices.MOST", 2)
    site.publishes()
    for _ in range(3):
        site.publishes(**{"title-en": "Mail was slow", "state-1": "", "state-2": "slow", "stage": "resolved"})
    assert "Some services are down" in site.page()


@ONE_IS_ENOUGH
def test_planned_work_begins_and_ends_by_the_clock(site):
    now = site.clock.now()
    window = {"matcher": 'service="mail"', "reason": "disks", "start": "2027-01-05T02:00", "hours": "2h", "zone": "UTC"}
    planned = site.admin.press("/maintenance", **window).headers["Location"]
    link = re.search(r'href="(/notices/new\?window=\d+)"', site.admin.get(planned).text)[1]
    form = site.admin.get(link).text
    assert 'value="2027-01-05T05:00"' in form, "by the reader's clock"
    assert 'name="state-2" value="maintenance" checked' in form
    at = [f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}+00:00" for hours in (2, 4)]
    form = {"about": "maintenance", "state-1": "maintenance", "starts": at[0], "ends": at[1], "title-en": "New disks"}
    site.publishes(**form)
    page = site.page()
    assert "Everything works" in page
    assert "Planned maintenance" in page
    assert "Planned until&nbsp;</span>" in site.admin.get("/notices").text
    site.clock.advance(hours=3)
    assert "Maintenance is under way" in site.page()
    site.clock.advance(hours=2)
    page = site.page()
    assert "Everything works" in page
    assert re.search(r"Maintenance, 2 h", page)
    assert 'value="done" checked' in site.admin.get("/notices/1").text
    listed = site.admin.get("/notices").text
    assert ">End</th>" in listed
    assert "Completed&nbsp;</span>" in listed


@ONE_IS_ENOUGH
def test_it_is_read_in_both_languages_kept_by_caches_and_shown_as_a_badge(site):
    site.publishes(**{"title-ru": "Платежи не работают"})
    answer = site.visitor.get("/status", Accept_Language="ru,en;q=0.5", Accept_Encoding="gzip")
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Encoding"] == "gzip"
    assert set(map(str.strip, answer.headers["Vary"].split(","))) == {"Accept-Language", "Accept-Encoding"}
    again = site.visitor.get("/status", Accept_Language="ru", Accept_Encoding="gzip",
                             If_None_Match=answer.headers["ETag"])  # fmt: skip
    assert (again.status_code, again.data) == (304, b"")
    russian = site.page("/status?lang=ru")
    assert 'lang="ru"' in russian
    for word in ("Сервисы Акме", "Платежи не работают", f'lang="en">{TEXT}'):
        assert word in russian, word
    assert 'lang="en"' in site.page("/status?lang=xx")
    assert "Сервисы" not in site.page("/status", Accept_Language="en")
    site.visitor.client.set_cookie("language", "ru")
    assert "Сервисы" not in site.page("/status", Accept_Language="en"), "no cookie is looked at"
    answer = site.visitor.get("/status/badge.svg?component=2")
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "<title>Mail: Working</title>" in answer.text
    assert "<title>Payments: Down</title>" in site.page("/status/badge.svg?component=1")
    assert "Some services are down" in site.page("/status/badge.svg")
    assert site.visitor.get("/status/badge.svg?component=db-prod-17").status_code == 404


def test_while_the_database_is_away_the_last_reading_is_served_with_its_time(site, monkeypatch):
    site.publishes()
    site.page()
    site.world.app.extensions.pop(standing.NAME)  # another process, which has read nothing yet
    at = site.clock.now()
    site.clock.advance(hours=1)
    with monkeypatch.context() as broken:
        broken.setattr("gateway.store.public.page.version", is_away)
        for path in PUBLIC:
            page = site.page(path)
            assert path.endswith("svg") or TEXT in page, path
        assert site.visitor.get("/status/2").status_code == 503, "nobody can say whether there is one"
        said = re.search(r'cannot be brought up to date.*?datetime="([^"]*)"', site.page(), re.DOTALL)[1]
        assert datetime.fromisoformat(said) == at.replace(microsecond=0)
    assert "cannot be brought up to date" not in site.page()


def test_what_another_process_has_read_later_is_served_while_the_database_is_away(site, monkeypatch):
    site.publishes()
    site.page()
    held = msgspec.structs.replace(site.world.app.extensions[standing.NAME])
    site.clock.advance(minutes=1)
    site.admin.press("/notices/1/undo")
    site.page()
    site.world.app.extensions[standing.NAME] = held  # a process that nobody has asked since
    monkeypatch.setattr("gateway.store.public.page.version", is_away)
    assert "Everything works" in site.page()
    assert TEXT not in site.page()


def is_away(session):
    return db.session.execute(text("SELECT 1 FROM a_table_that_is_not_there"))


@ONE_IS_ENOUGH
def test_a_crowd_of_visitors_is_drawn_one_page_until_something_is_published(site, monkeypatch):
    public.switch_on(site.world.app)
    drawn = []
    monkeypatch.setattr("dashboard.status.rows.summary", lambda *given: drawn.append(given) or summary(*given))
    for _ in range(3):
        assert "Everything works" in site.page()
        assert 'lang="ru"' in site.page("/status?lang=ru")
        assert "Everything works" in site.page("/status/badge.svg")
        assert "<title>Mail: Working" in site.page("/status/badge.svg?component=2")
    assert len(drawn) == 3
    packed = site.visitor.get("/status", Accept_Encoding="gzip")
    assert (packed.headers["Content-Encoding"], len(drawn)) == ("gzip", 3)
    site.publishes()
    assert "Some services are down" in site.page()
    assert len(drawn) == 4
    site.clock.advance(seconds=6)
    site.page()
    assert len(drawn) == 5


@ONE_IS_ENOUGH
def test_the_feed_has_ids_that_stay_and_an_end(site, monkeypatch):
    site.publishes(**{"title-en": "<b>Payments</b> & \u202etxet", "title-ru": ""})
    names = {"a": "http://www.w3.org/2005/Atom"}
    first = ElementTree.fromstring(site.page("/status/feed.atom"))
    site.clock.advance(minutes=5)
    site.updates(1, "resolved", "Done & <dusted>")
    then = ElementTree.fromstring(site.page("/status/feed.atom?lang=ru"))
    for path in ("a:id", "a:entry/a:id", "a:entry/a:published"):
        assert first.findtext(path, None, names) == then.findtext(path, None, names)
    assert first.findtext("a:entry/a:updated", None, names) < then.findtext("a:entry/a:updated", None, names)
    assert then.findtext("a:entry/a:title", None, names) == "<b>Payments</b> & txet"
    assert "Done & <dusted>" in then.findtext("a:entry/a:content", None, names)
    assert then.find("a:entry/a:link", names).get("href").endswith("/status/1?lang=ru")
    monkeypatch.setattr("dashboard.status.feed.MOST", 2)
    for title in ("Mail is down", "Mail is slow"):
        site.clock.advance(minutes=5)
        site.publishes(**{"title-en": title})
    for number, stage in ((2, "monitoring"), (1, "resolved")):
        site.clock.advance(minutes=5)
        site.updates(number, stage, "One word more.")
    last = ElementTree.fromstring(site.page("/status/feed.atom"))
    assert [one.text for one in last.findall("a:entry/a:title", names)] == ["<b>Payments</b> & txet", "Mail is down"]


@ONE_IS_ENOUGH
def test_components_have_an_order_and_old_notices_go_on_naming_them(site):
    site.publishes()
    site.updates(1, "resolved", "Over.")
    site.admin.press("/settings/status-page/components/2/up")
    page = site.page()
    assert page.index("Mail") < page.index("Payments</span>")
    site.admin.press("/settings/status-page/components/1/save", **{"name-en": "Paying"})
    assert "Paying" in site.page()
    site.admin.press("/settings/status-page/components/1/remove")
    assert "Paying" not in site.page()
    assert "Paying" in site.page("/status/1")
    assert site.admin.press("/settings/status-page/components", service="mail", **{"name-en": "x"}).status_code == 422
