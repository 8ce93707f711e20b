"""The whole chain of a push in a real Firefox: it subscribes by itself and opens what we sealed with its own code."""

import pytest

from tests.browser.firefox import PROGRAM, Firefox
from tests.browsing import PASSWORD
from tests.fakes.firefox_push import FirefoxPush
from tests.integration.test_push import FAST, subscribed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
SHOWN = """
    const worker = await navigator.serviceWorker.ready;
    return (await worker.getNotifications()).map((one) => [one.title, one.body, one.tag, one.lang]);
"""
LEFT = """
    const worker = await navigator.serviceWorker.ready;
    return await worker.pushManager.getSubscription() === null;
"""
STATE = "const it = document.getElementById('push-state'); return it ? it.textContent : '';"


@pytest.fixture
def world(world_of):
    return world_of(book=FAST, NABAT_ALLOW_PRIVATE_HOSTS="127.0.0.1")


@pytest.fixture
def service():
    with FirefoxPush() as fake:
        yield fake


@pytest.fixture
def firefox(service, tmp_path):
    if PROGRAM is None:  # not demanded in CI either: Chromium shows the rest
        pytest.skip("no Firefox on this machine")
    prefs = {
        "dom.push.serverURL": service.url.replace("http", "ws") + "/", "dom.push.testing.allowInsecureServerURL": True,
        "dom.push.testing.ignorePermission": True, "dom.push.alwaysConnect": True, "dom.push.connection.enabled": True,
        "permissions.default.desktop-notification": 1, "alerts.useSystemBackend": False,
    }  # fmt: skip
    folder = tmp_path / "firefox"
    folder.mkdir()
    with Firefox(folder, prefs) as browser:
        yield browser


def test_subscribed_told_and_removed(world, site, service, firefox):
    firefox.sign_in(site, "irina@example.org", PASSWORD)
    firefox.go(f"{site}/me/phone")
    firefox.until(STATE, lambda said: said == "This browser is not told by push yet.")
    firefox.run("document.getElementById('push-on').click()")
    firefox.until(STATE, lambda said: said == "This browser is told by push.")
    assert service.subscribed.is_set()
    assert len(subscribed(world)) == 1

    world.alert(name="Диск заполнен 🔥")
    world.delivers()
    (delivery,) = world.deliveries(channel="webpush")
    assert (delivery.status, delivery.error) == ("sent", "")
    (shown,) = firefox.until(SHOWN, bool)
    assert shown[0] == "🟠 FAST · Диск заполнен 🔥 on db01"
    assert shown[2:] == [f"incident-{world.incident().id}", "en"]

    firefox.run("document.querySelector('#push .push form[action$=delete] button').click()")
    firefox.until(STATE, lambda said: said == "This browser is not told by push yet.")
    assert subscribed(world) == []
    firefox.until(LEFT, bool)
