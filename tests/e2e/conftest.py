"""The real program on both databases, with providers that keep a ledger. Everything is gone after the test."""

import shutil

import pytest

from tests.fakes.provider_ledger import ProviderLedger
from tests.processes import Gateway
from tests.samples import BOOK


def pytest_collection_modifyitems(items):
    """Whatever lies in this folder starts processes."""
    for item in items:
        if item.path.parent.name == "e2e":
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def ledger(tmp_path):
    with ProviderLedger(tmp_path / "ledger.jsonl") as ledger:
        yield ledger


@pytest.fixture
def gateway_on(request, tmp_path, sqlite_file, ledger):
    """Makes a gateway on a fresh database: gateway_on("sqlite")."""
    made = []

    def make(kind, book=BOOK, sources=(("alertmanager", ""),), **settings):
        folder = tmp_path / f"{kind}-{len(made)}"
        folder.mkdir(exist_ok=True)  # a test may have put a disk of its own there
        if kind == "sqlite":
            shutil.copyfile(sqlite_file, folder / "nabat.db")
            url = f"sqlite:///{folder}/nabat.db"
        else:
            url = request.getfixturevalue("durable").copy(f"e2e_{folder.parent.name}_{len(made)}"[:60])
        gateway = Gateway(folder, url, book=book, ledger=ledger, **settings)
        made.append(gateway)
        return gateway.prepare(people_of(ledger), sources)

    yield make
    for gateway in made:
        gateway.close()
        print(gateway.report())  # noqa: T201 - pytest shows it when the test failed


@pytest.fixture(params=["sqlite", "postgresql"])
def gateway(request, gateway_on):
    return gateway_on(request.param)


def people_of(ledger):
    """Anna is on call, with a PagerDuty key and an ntfy topic; nobody has e-mail."""
    return f"""
people:
  - {{email: anna@example.org, name: Anna, role: responder, timezone: Europe/Moscow,
     contacts: [{{channel: pagerduty, address: "anna-key-0123456789abcdef0123456"}},
                {{channel: ntfy, address: "{ledger.url}/anna"}}]}}
  - {{email: oleg@example.org, name: Oleg, role: responder, timezone: Europe/Moscow, contacts: []}}
  - {{email: irina@example.org, name: Irina, role: admin, timezone: Europe/Moscow, contacts: []}}
teams:
  - {{name: infra, members: [anna@example.org, oleg@example.org]}}
  - {{name: support, members: [irina@example.org]}}
schedules:
  - {{name: infra, team: infra, timezone: Europe/Moscow,
     layers: [{{start: "2026-11-02T09:00", every: 1w, members: [anna@example.org]}}]}}
"""
