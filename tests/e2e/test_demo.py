"""One command on a machine without anything: a working dashboard with demo data, no default password. O1."""

import http.cookiejar
import re
import signal
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.browsing import PASSWORD, token_in
from tests.processes import Gateway

LOOSE = 150.0  # seconds; a quiet machine needs ten, and this one may be busy with other things
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def bare(tmp_path):
    """Nothing is set but where the data are to lie."""
    with Gateway(tmp_path / "data", f"sqlite:///{tmp_path}/data/nabat.db") as gateway:
        gateway.environment = {"NABAT_DATA_DIR": str(tmp_path / "data")}
        yield gateway


class Visitor:
    """A browser without scripts."""

    def __init__(self, gateway):
        self.root = f"http://127.0.0.1:{gateway.port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def get(self, path):
        return self.opener.open(self.root + path, timeout=60).read().decode()

    def post(self, path, **fields):
        return self.opener.open(self.root + path, urllib.parse.urlencode(fields).encode(), timeout=60).read().decode()


def test_one_command_shows_a_working_dashboard_with_demo_data(bare):
    up = bare.start("up", "--demo", "--port", str(bare.port))
    up.wait_for(lambda: "event=worker_started" in up.said() and bare.answers(), LOOSE)
    link = re.search(r"/setup\?token=(\S+)", up.said())
    assert "credentials: " in up.said(), "a receiver to paste, as always"
    assert "Demo data: filled" in up.said()

    visitor = Visitor(bare)
    form = visitor.get(f"/setup?token={link[1]}")
    visitor.post(
        "/setup", token=link[1], csrf_token=token_in(form), email="ada@example.org", name="Ada", password=PASSWORD
    )
    page = visitor.get("/incidents")
    assert "Demo data." in page
    numbers = sorted({int(number) for number in re.findall(r'href="/incidents/(\d+)[?"]', page)})
    assert 8 <= len(numbers) <= 14
    with pytest.raises(urllib.error.HTTPError) as nothing:
        visitor.get("/services/%D1%83%D1%87%D1%91%D1%82%2541")
    assert nothing.value.code == 404
    assert "/services/учёт%41" in nothing.value.read().decode()
    token = re.search(r'name="csrf-token" content="([^"]*)"', page)[1]
    visitor.post(f"/incidents/{numbers[-1]}/acknowledge", csrf_token=token)
    assert bare.value(f"SELECT ack_by FROM incident WHERE id = {numbers[-1]}") == "Ada"
    passwords = "SELECT email FROM person WHERE password_hash IS NOT NULL"
    assert bare.rows(passwords) == [("ada@example.org",)]
    history = bare.value("SELECT count(*) FROM incident")

    up.signal(signal.SIGINT)
    up.wait_for(lambda: "Nabat has stopped." in up.said() or not up.alive, LOOSE)
    up.popen.wait(LOOSE)
    again = bare.start("up", "--demo", "--port", str(bare.port))
    again.wait_for(lambda: "here from an earlier start" in again.said(), LOOSE)
    assert bare.value("SELECT count(*) FROM incident") == history
    assert bare.value("SELECT count(*) FROM delivery WHERE status IN ('sent', 'delivered') AND created_at > "
                      "(SELECT at FROM fact WHERE key = 'demo')") == 0  # fmt: skip
