"""Pages in states that no ordinary day shows, in every look: errors, alarms, nothing there yet, rolled up."""

import itertools

import pytest
from werkzeug.exceptions import InternalServerError, ServiceUnavailable, TooManyRequests

from dashboard.page import MENU
from gateway.store.db import transaction
from gateway.store.directory import signins
from gateway.store.upkeep import selfwatch
from rules.reports.selfwatch import Finding, What
from tests.browser.conftest import STILL
from tests.browser.test_looks import LOOKS, SIZES, look
from tests.browsing import PASSWORD
from tests.integration.test_alarms import breaks_the_book
from tests.integration.test_storm_caps import ONE_EACH
from tests.integration.test_when_to_tell import go

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
    pytest.mark.browser,
    pytest.mark.gameday,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ADMIN, VIEWER = "irina@example.org", "vera@example.org"
ALONE = f"people:\n  - {{email: {ADMIN}, name: Irina, role: admin, timezone: Europe/Moscow, contacts: []}}\n"
MORE = ("me/contact", "me/notifications", "me/sessions", "me/phone", "oncall/me", "settings/tokens", "setup/steps",
        "incidents/new", "silences/new", "sources/new", "reports/noise", "reports/load", "reports/delivery",
        "reports/services", "reports/shift", "reports/guests")  # fmt: skip
BREAKS = (TooManyRequests, InternalServerError, ServiceUnavailable)


class Seats:
    """A browser in each of the eight looks, signed in as one person."""

    def __init__(self, chromium, site, who):
        self.chromium, self.site, self.who, self.wrong, self.contexts = chromium, site, who, [], []

    def __iter__(self):
        for screen, theme, language in LOOKS:
            width, height = SIZES[screen]
            phone = screen == "phone"
            context = self.chromium.new_context(
                base_url=self.site, viewport={"width": width, "height": height}, color_scheme=theme, locale=language,
                has_touch=phone, is_mobile=phone, service_workers="block", **STILL,
            )  # fmt: skip
            page, complaints = context.new_page(), []
            page.on("console", lambda said, kept=complaints: kept.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda problem, kept=complaints: kept.append(str(problem)))
            self.seat = page, complaints
            self.words = f"{screen} {theme} {language}"
            with transaction() as session:
                found = signins.person_by_email(session, self.who)
                signins.set_taste(session, found.id, language, "")
            page.goto("/login")
            page.fill("#username", self.who)
            page.fill("#password", PASSWORD)
            page.click("button.pri")
            page.wait_for_url(lambda place: not place.endswith("/login"))
            yield page
            context.close()

    def look(self, what, status=200):
        """Whatever is wrong with what the page shows now."""
        page, complaints = self.seat
        if status != 200:
            complaints.clear()  # the browser's own word on it
        size = page.viewport_size
        self.wrong += [f"{what} {self.words}: {one}" for one in look(self.seat)]
        complaints.clear()
        page.set_viewport_size(size)

    def visit(self, place, status=200):
        page, complaints = self.seat
        complaints.clear()
        answered = page.goto(place).status
        if answered != status:
            self.wrong.append(f"{place} {self.words}: answered {answered}")
        self.look(place, status)


@pytest.fixture
def seats(chromium, site):
    return lambda who=ADMIN: Seats(chromium, site, who)


@pytest.fixture
def world(request, world_of, staffed_of):
    """By who is there."""
    viewer = f"  - {{email: {VIEWER}, name: Vera, role: viewer, timezone: Europe/Moscow, contacts: []}}\n"
    made = {
        "everybody": world_of, "nobody": lambda: world_of(people=ALONE),
        "viewer": lambda: world_of(people=ALONE + viewer),
        "staffed": lambda: staffed_of(ONE_EACH),
    }  # fmt: skip
    return made[request.param]()


@pytest.mark.parametrize("world", ["viewer"], indirect=True)
def test_errors_are_pages(world, seats, monkeypatch):
    world.alert()

    def breaks():
        codes = itertools.cycle(BREAKS)
        return lambda **_: (_ for _ in ()).throw(next(codes)())

    monkeypatch.setitem(world.app.view_functions, "dashboard.audit", breaks())
    all_ = seats(VIEWER)
    for page in all_:
        all_.visit("/nowhere", 404)
        all_.visit("/settings", 403)
        for error in BREAKS:
            all_.visit("/audit", error.code)
        page.goto("/me")
        page.evaluate("document.querySelector('main input[name=csrf_token]').value = 'x'")
        page.locator("main form").first.evaluate("form => form.submit()")
        expect(page.locator(".door h1")).to_be_visible()
        all_.look("a form that is not ours", 403)
        page.goto("/incidents/1")
        page.context.clear_cookies(name="nabat")
        page.evaluate("nabat.wake()")
        expect(page.locator("#flash-err .banner")).to_be_visible()
        all_.look("signed out")
        page.locator("#flash-err a").click()
        all_.look("sign in again")
    assert all_.wrong == []


@pytest.mark.parametrize("world", ["everybody"], indirect=True)
def test_all_alarms_at_once(world, seats, tmp_path):
    (number,) = world.alert()
    world.clock.advance(minutes=2)
    found = [Finding(what, 2, 95) for what in What if what is not What.UNREACHED]
    with transaction() as session:
        selfwatch.keep(session, [*found, Finding(What.WORKER, 1, None)], world.clock.now())
    breaks_the_book(tmp_path, world)
    all_ = seats()
    for _ in all_:
        for place in ("/incidents", "/overview", f"/incidents/{number}", "/me", "/settings", "/rules"):
            all_.visit(place)
    world.clock.advance(minutes=5)  # nobody audits either
    for page in all_:
        all_.visit("/incidents")
        page.clock.install()
        page.route("**/live?*", lambda route: route.abort())
        page.goto("/incidents")
        page.clock.fast_forward(12_000)
        expect(page.locator("#outdated")).to_be_visible()
        all_.look("not live", 0)
    assert all_.wrong == []


@pytest.mark.parametrize("world", ["nobody"], indirect=True)
def test_an_empty_installation_says_what_comes_where(world, seats):
    all_ = seats()
    places = [f"/{name}" for _, items in MENU for name, *_ in items] + [f"/{one}" for one in MORE]
    for _ in all_:
        for place in places:
            all_.visit(place)
    assert all_.wrong == []


@pytest.mark.parametrize("world", ["staffed"], indirect=True)
def test_pages_that_were_rolled_up(world, seats):
    for n in range(8):
        world.alert(fingerprint=f"f{n}", instance=f"host{n}", rack="r7")
        world.delivers()
    for _ in range(3):
        go(world, minutes=1)
    assert world.deliveries(status="bundled")
    rolled = world.deliveries(kind="digest")[0].id
    first = world.incidents()[0].id
    all_ = seats()
    for _ in all_:
        for place in ("/incidents", "/incidents?fold=no", f"/incidents/{first}", "/incidents/3", "/deliveries",
                      f"/deliveries/{rolled}", "/overview"):  # fmt: skip
            all_.visit(place)
    assert all_.wrong == []
