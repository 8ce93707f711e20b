"""What we send, held against the providers' own published descriptions by Prism, a mock server that checks requests.

Needs Node; Prism itself is fetched once from npm into the user's cache. Not demanded in CI: it is a second opinion on
what the fakes already check, and the descriptions are read from TEST_SHARED.
"""

import dataclasses
import http.client
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.channels import PermanentFailure, TemporaryFailure, pagerduty, sendgrid, sms
from gateway.outward.pagerduty_rest import Rest
from tests.channels.samples import HOSTILE, MESSAGE
from tests.conftest import SHARED
from tests.fakes.http import FakeServer, reply
from tests.processes import Process, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PRISM = "@stoplight/prism-cli@5.14.2"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nabat-tests" / "prism"
ACCOUNT = "AC" + "0" * 32
ENV = {"NABAT_MAIL_FROM": "Nabat <alerts@example.com>", "NABAT_PUBLIC_URL": "https://nabat.example"}
KINDS = ("opened", "escalated", "acknowledged", "resolved", "test")
HOP = {"connection", "content-length", "transfer-encoding", "host"}


@pytest.fixture(scope="session")
def prism():
    """The program; a visible skip where it cannot be had."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no Node and npm on this machine: Prism cannot run")
    program = CACHE / "node_modules" / ".bin" / "prism"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        order = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(CACHE), PRISM]
        done = subprocess.run(order, capture_output=True, text=True, check=False, timeout=240)
        if done.returncode:
            pytest.skip(f"npm cannot fetch {PRISM}: {done.stderr.strip()[-200:]}")
    return program


@pytest.fixture(scope="module")
def provider_of(prism, tmp_path_factory):
    """Makes a provider from its description: provider_of("twilio-messages-calls.prism.json")."""
    made = {}

    def make(name):
        description = SHARED / "schemas" / name
        if not description.exists():
            pytest.skip(f"no description at TEST_SHARED/schemas/{name}")
        if name not in made:
            made[name] = Checked(prism, description, tmp_path_factory.mktemp("prism") / "log").__enter__()
        made[name].answers.clear()
        made[name].prefer = ""
        return made[name]

    yield make
    for provider in made.values():
        provider.__exit__()


class Checked(FakeServer):
    """Stands before Prism and keeps what it found: our channels do not look at an answer's headers."""

    def __init__(self, program, description, log):
        super().__init__(self._forward)
        self.port_of_prism = free_port()
        command = [program, "mock", "--errors", "-h", "127.0.0.1", "-p", self.port_of_prism, description]
        self._prism = Process(command, dict(os.environ), log)
        self._prism.wait_for(lambda: "Prism is listening" in self._prism.said())
        self.prefer = ""
        self.answers = []  # (status, violations)

    def _forward(self, asked):
        link = http.client.HTTPConnection("127.0.0.1", self.port_of_prism, timeout=30)
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in HOP}
        link.request(asked.method, asked.path, asked.body, headers | ({"Prefer": self.prefer} if self.prefer else {}))
        answer = link.getresponse()
        body, got = answer.read(), dict(answer.getheaders())
        link.close()
        self.answers.append(
            (answer.status, {name.lower(): value for name, value in got.items()}.get("sl-violations", ""))
        )
        kept = {name: value for name, value in got.items() if name.lower() not in HOP}
        return reply(answer.status, body, kept)

    def __exit__(self, *failure):
        super().__exit__(*failure)
        self._prism.kill()


@pytest.fixture
def calls(provider_of):
    server = provider_of("pagerduty-events-v2.prism.json")
    env = ENV | {"NABAT_PAGERDUTY_EVENTS_URL": server.url}
    return server, lambda message: pagerduty.send(dataclasses.replace(message, address="0" * 32), env)


@pytest.fixture
def mails(provider_of):
    server = provider_of("sendgrid-mail-v3.prism.json")
    env = ENV | {"NABAT_SENDGRID_URL": server.url, "NABAT_SENDGRID_API_KEY": "SG.a-key"}
    return server, lambda message: sendgrid.send(dataclasses.replace(message, address="anna@example.org"), env)


@pytest.fixture
def texts(provider_of):
    server = provider_of("twilio-messages-calls.prism.json")
    env = ENV | {
        "NABAT_TWILIO_URL": server.url,
        "NABAT_TWILIO_ACCOUNT_SID": ACCOUNT,
        "NABAT_TWILIO_AUTH_TOKEN": "token",
    }
    env |= {"NABAT_TWILIO_FROM": "+15005550006"}
    return server, lambda message: sms.send(dataclasses.replace(message, address="+79990000001"), env)


@pytest.fixture(params=["calls", "mails", "texts"])
def way(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message_is_as_described(way, kind):
    server, send = way
    send(dataclasses.replace(MESSAGE, kind=kind))
    ((status, violations),) = server.answers
    assert violations == ""
    assert 200 <= status < 300


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"surrogate"}))
def test_hostile_text_is_as_described_too(way, name):
    server, send = way
    text = HOSTILE[name]
    send(dataclasses.replace(MESSAGE, title=text, text=text, html=f"<p>{text}</p>", details={"label": text}))
    assert [violations for _status, violations in server.answers] == [""]


def test_the_bare_message_is_as_described(way):
    server, send = way
    bare = dataclasses.replace(MESSAGE, html="", url="", source="", component="", group="", details={}, links=())
    send(bare)
    assert [violations for _status, violations in server.answers] == [""]


@pytest.fixture
def rest(provider_of):
    server = provider_of("pagerduty-rest.prism.json")
    env = ENV | {
        "NABAT_PAGERDUTY_API_URL": server.url,
        "NABAT_PAGERDUTY_API_KEY": "y_NbAkKc66ryYTWUXYEu",
        "NABAT_PAGERDUTY_FROM": "nabat@example.org",
    }
    with Rest(env) as made:
        yield server, made


def test_what_we_ask_pagerdutys_rest_api_is_as_described_and_its_answers_are_understood(rest):
    server, made = rest
    ones, _more = made.open_ones(0)
    assert [one.status for one in made.of_key("nabat-0193a000-0000-7000-8000-000000000000")]
    made.keys_of("PIJ90N7")
    for values in ({"status": "acknowledged"}, {"status": "triggered", "escalation_level": 2}, {"status": "resolved"}):
        made.change(ones[0].id, values)
    assert {violations for _status, violations in server.answers} == {""}
    assert {status for status, _violations in server.answers} == {200}
    for code, failure in ((429, TemporaryFailure), (401, PermanentFailure)):
        server.prefer = f"code={code}"
        with pytest.raises(failure):
            made.open_ones(0)


DESCRIBED = {  # Prism gives only the refusals that a description has
    "calls": {400: PermanentFailure, 429: TemporaryFailure, 500: TemporaryFailure},
    "mails": {400: PermanentFailure, 401: PermanentFailure, 500: TemporaryFailure},
}


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in DESCRIBED.items() for code in codes])
def test_described_refusals_are_understood(request, name, code):
    server, send = request.getfixturevalue(name)
    server.prefer = f"code={code}"
    with pytest.raises(DESCRIBED[name][code]):
        send(MESSAGE)
    assert server.answers[-1][0] == code


def test_the_mock_does_find_mistakes(way):
    """So that a silent mock is not taken for a satisfied one."""
    server, _send = way
    place = urlsplit(server.url)
    link = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    path = {"pagerduty": "/v2/enqueue", "sendgrid": "/v3/mail/send"}.get(
        server._prism.command[-1].rpartition("/")[2].partition("-")[0], f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    )
    link.request("POST", path, b"{}", {"Content-Type": "application/json", "Authorization": "Bearer x"})
    link.getresponse().read()
    link.close()
    assert server.answers[-1][0] >= 400 or server.answers[-1][1]
