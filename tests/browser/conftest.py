"""A real server on loopback and a real Chromium in front of it."""

import shutil
import threading
from contextlib import ExitStack

import pytest
from werkzeug.serving import make_server

from tests.browsing import Browser, everybody_has_a_password
from tests.databases import missing


def program(*names):
    return next((path for name in names if (path := shutil.which(name))), None)


CHROMIUM = program("chromium", "chromium-browser", "google-chrome")
LIGHT = program("chromium-headless-shell") or CHROMIUM  # draws no window around each page: half of the work
# A whole Chromium makes two pages of its own for each window, of suggestions below the address: half of its work.
# The others are Playwright's own wish, which ours takes the place of.
WITHOUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip
LOUD, QUIET = ("error", "warning"), "Service Worker registration blocked by Playwright"
STILL = {"reduced_motion": "reduce"}  # a dot that pulses is drawn sixty times a second for as long as a page is open
# What is said stays said, with the key that takes it back, and no answer is late: ten seconds are few for a busy one.
UNHURRIED = """
const real = setTimeout;
window.setTimeout = (run, ms, ...given) => real(run, ms === 10000 ? 120000 : ms, ...given);
addEventListener("DOMContentLoaded", () => { if (window.htmx) htmx.config.timeout = 120000; });
"""
PATIENCE = 20_000  # milliseconds: a browser shares the machine with other tests


@pytest.fixture(scope="session")
def launch():
    """Starts a browser: launch(CHROMIUM, "--a-flag")."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=PATIENCE)
    with sync_api.sync_playwright() as driver, ExitStack() as made:

        def start(path, *more):
            if path is None:
                missing("no Chromium on this machine")
            flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *more]
            return made.enter_context(driver.chromium.launch(executable_path=path, args=flags))

        yield start


@pytest.fixture(scope="session")
def whole_chromium(launch):
    """For what the light one leaves out: push, and the icon of a tab."""
    return launch(CHROMIUM, f"--disable-features={','.join(WITHOUT)}")


@pytest.fixture(scope="session")
def chromium(launch):
    return launch(LIGHT)


@pytest.fixture
def site(world):
    """The address of the running dashboard."""
    everybody_has_a_password()
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # how often it looks for its end
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(chromium, site):
    """Makes a page in a browser of its own; at the end no page may have complained about anything."""
    contexts, complaints = [], []

    def make(*, unhurried=False, **options):
        options.setdefault("service_workers", "block")  # those that are about it allow it
        context = chromium.new_context(base_url=site, locale="en-GB", **STILL, **options)
        context.set_default_timeout(PATIENCE)
        if unhurried:
            context.add_init_script(UNHURRIED)
            context.set_default_navigation_timeout(5 * PATIENCE)
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in LOUD and QUIET not in said.text else None,
        )
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def signed_in(open_page, world, site):
    """The same, signed in as Anna, or as somebody else: the first page is there.

    The form was filled in without drawing it; tests that need no `world` do it by hand.
    """

    def make(email="anna@example.org", **options):
        form = Browser(world.app)
        form.sign_in(email)
        page = open_page(**options)
        page.context.add_cookies([{"name": "nabat", "value": form.cookie("nabat").value, "url": site}])
        page.goto("/")
        assert not page.url.endswith(("/login", "/"))
        return page

    return make
