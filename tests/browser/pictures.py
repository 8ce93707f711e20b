"""Takes the pictures of docs/pictures/ anew: python -m tests.browser.pictures."""

import tempfile
import threading

from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from gateway.app import create_app, migrate_database
from gateway.demo.cast import address
from gateway.demo.fill import BOOK, fill
from gateway.settings import load
from gateway.store.db import db, transaction
from gateway.store.directory import people
from gateway.store.senders import sources
from rules.words import Role
from tests.browser.conftest import CHROMIUM
from tests.browsing import KEPT, PASSWORD, everybody_has_a_password
from tests.clock import HandClock
from tests.processes import KEY, ROOT
from tests.samples import alert, group

FOLDER = ROOT / "docs/pictures"
DESKTOP, PHONE = (1280, 860), (390, 844)
ENGLISH, RUSSIAN, FIRST = address("tom"), address("irina"), "ada@example.org"


def site(folder, *, filled=True):
    """A server on the demo's data, or on none yet: (address, the server)."""
    plain = {
        "NABAT_DATABASE_URL": f"sqlite:///{folder}/nabat.db", "NABAT_DATA_DIR": folder, "NABAT_SECRET_KEY": KEY,
        "NABAT_RULES": str(BOOK), "NABAT_MIN_FREE_MB": "0",
    }  # fmt: skip
    clock = HandClock()
    app = create_app(load(plain), clock)
    migrate_database(app)
    with app.app_context():
        if filled:
            fill(app.extensions["gateway"], clock.now())
            everybody_has_a_password()
        else:
            with transaction() as session:
                people.create_user(session, FIRST, "Ada", Role.ADMIN, KEPT, clock.now())
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.port}", server


class Camera:
    """Signed in as one person, in one look."""

    def __init__(self, browser, url, email, size=DESKTOP, theme="light", deficiency=""):
        phone = size == PHONE
        self.context = browser.new_context(
            base_url=url, viewport=dict(zip(("width", "height"), size, strict=True)), color_scheme=theme,
            is_mobile=phone, has_touch=phone, device_scale_factor=2 if phone else 1,
        )  # fmt: skip
        self.page = self.context.new_page()
        if deficiency:
            link = self.context.new_cdp_session(self.page)
            link.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
        self.page.goto("/login")
        self.page.fill("#username", email)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.pri")
        self.page.wait_for_load_state()

    def take(self, name, path, *, whole=False):
        self.page.goto(path)
        self.page.wait_for_timeout(500)
        self.snap(name, whole=whole)

    def snap(self, name, *, whole=False):
        self.page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)
        print(FOLDER / f"{name}.png")  # noqa: T201 - a command tells what it does


# The way back is offered for ten seconds, and after as many a page says that it is not live: the picture shows both.
LONGER = "const real = setTimeout; window.setTimeout = (run, ms) => real(run, ms === 10000 ? 60000 : ms)"


def frozen(camera, server):
    """Somebody chooses incidents and acknowledges one, two more come in, then the server is gone."""
    page = camera.page
    page.goto("/incidents")
    page.evaluate(LONGER)
    page.locator("tr [data-do=acknowledge]").nth(2).click()
    page.get_by_role("button", name="Undo").first.wait_for()
    for row in range(2):
        page.locator("tbody .cb").nth(row).check()
    told = group(*(alert(name=f"Later{one}", fingerprint=f"later{one}", instance=f"host{one}") for one in range(2)))
    with server.app.app_context(), transaction() as session:
        token = sources.create_token(
            session, "alertmanager", "", server.app.extensions["gateway"].clock.now(), ["alertmanager"]
        )
    answer = server.app.test_client().post(
        "/ingest/alertmanager", json=told, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 202, answer.text
    page.wait_for_timeout(4_000)
    server.shutdown()
    server.server_close()
    page.wait_for_timeout(12_000)
    for shown in ("#flash button", "#waiting"):
        assert page.locator(shown).is_visible(), shown
    camera.snap("incidents-frozen-not-live")


def main():
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        url, server = site(one)
        light = Camera(browser, url, ENGLISH)
        light.take("incidents-desktop-light", "/incidents")
        emergency = light.page.locator("a.ttl").first.get_attribute("href")
        light.take("incident-desktop-light", emergency, whole=True)
        light.take("report-desktop-light", "/reports", whole=True)
        light.page.pdf(path=FOLDER / "report-a4.pdf", format="A4", print_background=True)
        light.take("oncall-desktop-light", "/oncall", whole=True)
        light.take("overview-desktop-light", "/overview")
        light.take("status-page", "/status", whole=True)
        light.take("wall", "/wall")
        Camera(browser, url, ENGLISH, theme="dark").take("incident-desktop-dark", emergency, whole=True)
        Camera(browser, url, ENGLISH, PHONE, "dark").take("incidents-phone-dark", "/incidents")
        Camera(browser, url, ENGLISH, PHONE).take("incident-phone-light", emergency)
        Camera(browser, url, RUSSIAN).take("incidents-russian", "/incidents")
        for name in ("deuteranopia", "achromatopsia"):
            Camera(browser, url, ENGLISH, deficiency=name).take(f"incidents-{name}", "/incidents")
        frozen(Camera(browser, url, ENGLISH), server)
        url, server = site(other, filled=False)
        Camera(browser, url, FIRST).take("first-run", "/incidents")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
