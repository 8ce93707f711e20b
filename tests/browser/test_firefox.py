"""The list of incidents in a real Firefox: what a person does there most."""

import pytest

from rules.words import Status
from tests.browser.firefox import PROGRAM, Firefox
from tests.browsing import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Firefox on this machine"),  # nor in CI: Chromium shows the rest
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
STATES = "return [...document.querySelectorAll('[id^=row-] .st')].map((one) => one.innerText.trim())"
PRESS_ACK = "[...document.querySelectorAll('button')].find((one) => one.innerText.trim() === 'Ack').click()"


@pytest.fixture
def firefox(tmp_path):
    folder = tmp_path / "firefox"
    folder.mkdir()
    with Firefox(folder, {}) as browser:
        yield browser


def test_acknowledged_by_a_press_taken_back_by_a_key_and_heard_of_without_a_reload(world, site, firefox):
    world.alert()
    firefox.sign_in(site, "irina@example.org", PASSWORD)
    firefox.go(f"{site}/incidents")
    firefox.until(STATES, lambda states: states == ["Open"])
    firefox.run(PRESS_ACK)
    firefox.until(STATES, lambda states: states == ["Acknowledged"])
    assert world.incident().status == Status.ACKNOWLEDGED

    firefox.press("z")
    firefox.until(STATES, lambda states: states == ["Open"])
    assert world.incident().status == Status.TRIGGERED

    firefox.run("window.stays = true")
    world.alert("resolved")
    firefox.until(STATES, lambda states: states in ([], ["Resolved"]))
    assert firefox.run("return window.stays") is True
