"""Every page, in every look: axe-core finds nothing, the console is silent, nothing is wider than the screen.

The pages of every day in the ordinary run, their look by turns; all pages in all eight looks with -m gameday.
"""

import itertools
import re
import shutil
import threading

import pytest
from sqlalchemy import select, update
from werkzeug.serving import make_server

from gateway.access import links
from gateway.app import create_app
from gateway.demo.cast import address
from gateway.demo.fill import BOOK, fill
from gateway.settings import load
from gateway.store.db import db, transaction
from gateway.store.tables import BulkJob, Incident, ListFile, PersonRow, SilenceRow, SubscriberRow
from rules.words import Role
from tests.browser.conftest import STILL
from tests.browsing import PASSWORD, Browser, everybody_has_a_password
from tests.clock import HandClock
from tests.once import file_of_this_run
from tests.processes import KEY

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

DAYS = 3  # of the demo's history
ADMINS = {"ru": address("irina"), "en": address("marina")}  # in the demo a manager
LOOKS = list(itertools.product(("desktop", "phone"), ("light", "dark"), ("en", "ru")))
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
WIDTHS = (1024, 768, 320)  # besides a look's own: the least with the menu at the side, and without it
OVER_THE_EDGE = """() => [...document.querySelectorAll(".card *")].filter((one) => {
  const card = one.closest(".card"), rect = one.getBoundingClientRect();
  if (!rect.width || rect.right <= card.getBoundingClientRect().right + 1) return false;
  if (one.closest(".vh, .pop, .actbar, .desk-people, .i-drop > .drop, svg")) return false;
  for (let around = one; around !== card.parentNode; around = around.parentNode)
    if (/auto|scroll/.test(getComputedStyle(around).overflowX)) return false;
  return true;
}).map((one) => one.outerHTML.slice(0, 120)).slice(0, 3)"""
EVERY_DAY = (
    "/incidents",
    "/incidents/1",
    "/overview",
    "/oncall",
    "/tickets",
    "/reports",
    "/rules",
    "/me",
    "/silences/new",
)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # to write down all that is well takes longer than to look for what is not
}
NUMBER = re.compile(r"<int[^>]*:\w+>")
EXAMPLES = {  # what stands for the other places of an address in the demo
    "/maintenance/<int(max=2147483647):planned>": "/maintenance/4",
    "/oncall/schedules/<path:name>": "/oncall/schedules/infrastructure",
    "/policies/<path:name>": "/policies/infrastructure",
    "/rules/<path:name>": "/rules/production is down",
    "/services/<path:name>": "/services/mail",
    "/status/history/<int(fixed_digits=4):year>-<int(fixed_digits=2):number>": "/status/history",
    "/teams/<path:name>": "/teams/infrastructure",
    "/tickets/<path:key>": "/tickets/SD-4711",
}
NO_PAGES = re.compile(
    r"^/(static|reports/table|sw\.js|manifest|live|logout|ical)|/(preview|facet|push|heard|live)$|\.(csv|xlsx|ics|json|png|svg|atom)$|./$"
)
NOT_FOUND = {"/nowhere": 404, "/setup": 410}  # the database has its administrator


def pages_of(app, signed):
    """Addresses that answer with a page; a new one with a place needs its example, or a link in `signed`."""
    yield from NOT_FOUND
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("dashboard.") or "GET" not in rule.methods or NO_PAGES.search(rule.rule):
            continue
        address_ = {**EXAMPLES, **signed}.get(rule.rule) or NUMBER.sub("1", rule.rule)
        assert "<" not in address_, f"no example for {rule.rule}"
        yield address_


def links_of(app):
    """What people get by message or from a colleague, and what they open with it."""
    marina, who = Browser(app), db.session.scalar(select(PersonRow).where(PersonRow.email == address("tom")))
    incident = db.session.scalar(select(Incident).order_by(Incident.id.desc()))
    held = select(SilenceRow.id).where(SilenceRow.kind == "silence", SilenceRow.ended_at.is_(None))
    silence = db.session.scalar(held.order_by(SilenceRow.ends_at.desc()).limit(1))
    pocket, weekly = links.make(KEY, incident.uuid, who.email), links.make_number(KEY, who.id, links.WEEKLY)
    marina.sign_in(ADMINS["en"])
    form = {"email": "new@example.org", "name": "Nina", "role": "responder", "language": "ru", "timezone": "Asia/Omsk"}
    invited = marina.press("/people", **form, invite="1").text
    marina.press("/reports/guests", p="30")
    return {
        "/g/<token>": re.search(r'href="[^"]*(/g/[^"]+)"', marina.get("/reports/guests").text)[1],
        "/p/<token>": f"/p/{pocket}",
        "/weekly/<token>": f"/weekly/{weekly}",
        "/status/mail/<key>": "/status/mail/of-a-client",
        "/incidents/jobs/<token>": "/incidents/jobs/LANGUAGE",  # each administrator has one of their own
        "/incidents/files/<token>": "/incidents/files/LANGUAGE",
        "/s/<int(max=2147483647):number>/<token>": f"/s/{silence}/{links.make_longer(KEY, silence, 1)}",
        "/welcome/<token>": re.search(r"/welcome/[\w.-]+", invited)[0],
    }


def app_on(folder, name):
    settings = {
        "NABAT_DATABASE_URL": f"sqlite:///{folder}/{name}", "NABAT_DATA_DIR": str(folder), "NABAT_SECRET_KEY": KEY,
        "NABAT_RULES": str(BOOK), "NABAT_MIN_FREE_MB": "0",
    }  # fmt: skip
    return create_app(load(settings), HandClock())


def fill_in(empty, folder, place):
    """The firm's few days, and what no page of it would show by itself."""
    whole, now = shutil.copyfile(empty, folder / "whole.db"), HandClock().now()
    app = app_on(folder, whole.name)
    with app.app_context():
        fill(app.extensions["gateway"], now, days=DAYS)
        everybody_has_a_password()
        with transaction() as session:
            session.execute(update(PersonRow).where(PersonRow.email.in_(ADMINS.values())).values(role=Role.ADMIN))
            session.add_all(_job(language, email, now) for language, email in ADMINS.items())
            session.add_all(_file(language, email, now) for language, email in ADMINS.items())
            session.add(SubscriberRow(email="a@b.example", key="of-a-client", language="en", asked_at=now))
        db.session.remove()
        db.engine.dispose()
    whole.rename(place)


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory, sqlite_file):
    """The demo's firm on loopback: (address, pages)."""
    folder = tmp_path_factory.mktemp("looks")
    shutil.copyfile(file_of_this_run(tmp_path_factory, "looks.db", lambda place: fill_in(sqlite_file, folder, place)),
                    folder / "nabat.db")  # fmt: skip
    app = app_on(folder, "nabat.db")
    with app.app_context():
        signed = links_of(app)
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}", sorted(set(pages_of(app, signed)))
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


def _job(token, account, now):
    """An act on many that is over, with something that was passed over."""
    return BulkJob(
        token=token, account=account, actor="Irina", person_id=1, act="acknowledge", given={"until": None, "to": ""},
        numbers=[*range(1, 61)], at=now, place=60, done=[*range(1, 59)], skipped=[[59, "already resolved"], [60, None]],
        finished_at=now, ended="",
    )  # fmt: skip


def _file(token, account, now):
    """A long list as a file that is ready."""
    return ListFile(
        token=token, account=account, person_id=1, query="status=all", zone="UTC", at=now, rows=31_415, made=31_415,
        size=0, cut=False, finished_at=now, ended="",
    )  # fmt: skip


@pytest.fixture(scope="module")
def seats(chromium, demo_site):
    """A browser for each look, signed in, made when it is first asked for: (page, complaints)."""
    made = {}

    def sit(look):
        if look not in made:
            made[look] = _sit(chromium, demo_site[0], *look)
        return made[look]

    yield sit
    for page, _ in made.values():
        page.context.close()


def _sit(chromium, url, screen, theme, language):
    width, height = SIZES[screen]
    context = chromium.new_context(
        base_url=url, viewport={"width": width, "height": height}, color_scheme=theme, locale=language,
        has_touch=screen == "phone", is_mobile=screen == "phone", **STILL,
    )  # fmt: skip
    context.set_default_timeout(30_000)
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    assert look_at((page, complaints), "/login") == []
    page.fill("#username", ADMINS[language])
    page.fill("#password", PASSWORD)
    page.click("button.pri")
    page.wait_for_url("**/overview")
    page.goto("/me")
    token = page.get_attribute("meta[name=csrf-token]", "content")
    kept = context.request.post("/me", form={"csrf_token": token, "language": language, "theme": ""})
    assert kept.ok
    return page, complaints


def look_at(seat, address):
    """What is wrong with a page, in words."""
    page, complaints = seat
    complaints.clear()
    wanted, status = NOT_FOUND.get(address, 200), page.goto(address).status
    if wanted == status != 200:
        complaints.clear()  # the browser's own word on it
    wrong = [] if status == wanted else [f"answered {status}"]
    return wrong + look(seat)


def look(seat):
    """The same of a page that is there."""
    page, complaints = seat
    found = axe_playwright.Axe().run(page, options=RULES).response["violations"]
    wrong = [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in found for node in one["nodes"][:3]]
    for width in (page.viewport_size["width"], *WIDTHS):
        page.set_viewport_size({"width": width, "height": page.viewport_size["height"]})
        wrong += [f"over its card's edge at {width} px: {one}" for one in page.evaluate(OVER_THE_EDGE)]
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wrong.append(f"{over} px wider than {width} px")
    return wrong + complaints


@pytest.mark.timeout(600)
def test_the_pages_of_every_day_in_some_look(demo_site, seats):
    _, pages = demo_site
    assert set(pages) >= set(EVERY_DAY)
    some = itertools.cycle((LOOKS[0], LOOKS[-1]))
    assert problems_of(seats, list(zip(EVERY_DAY, some, strict=False))) == []


@pytest.mark.gameday
@pytest.mark.timeout(900)
@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_every_page_in_every_look(demo_site, seats, look):
    _, pages = demo_site
    assert problems_of(seats, [(page, look) for page in pages]) == []


def problems_of(seats, looked_at):
    wrong = []
    for page, look in looked_at:
        seat = seats(look)
        seat[0].set_viewport_size(dict(zip(("width", "height"), SIZES[look[0]], strict=True)))
        wrong += [f"{page} {look}: {problem}" for problem in look_at(seat, page.replace("LANGUAGE", look[2]))]
    return wrong
