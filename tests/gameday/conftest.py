"""What faults are tried on, and the table of what they did at the end of the run."""

import shutil
import subprocess
from contextlib import ExitStack

import pytest

from tests.databases import missing
from tests.fakes.provider_ledger import ProviderLedger
from tests.gameday.harness import OUTCOMES, Run, people_of, table
from tests.processes import Gateway
from tests.samples import BOOK


def pytest_terminal_summary(terminalreporter, config):
    if OUTCOMES and ("gameday" in (config.option.markexpr or "") or config.option.verbose > 0):
        terminalreporter.section("gameday")
        for line in table():
            terminalreporter.write_line(line)


@pytest.fixture
def game(request, tmp_path):
    """Makes a run of a fault on a fresh database, with providers of its own: game("F2", "sqlite")."""
    made, ledgers = [], ExitStack()

    def make(fault, database, *, book=BOOK, people=None, cluster=None, url=None, prepare=True, **settings):
        ledger = ledgers.enter_context(ProviderLedger(tmp_path / f"ledger-{len(made)}.jsonl", pause=0.01))
        folder = tmp_path / f"{database}-{len(made)}"
        folder.mkdir()
        if database == "postgresql":
            cluster = cluster or request.getfixturevalue("durable")
            url = url or cluster.copy(f"g_{folder.parent.name}_{len(made)}"[:60])
        elif url is None:
            shutil.copyfile(request.getfixturevalue("sqlite_file"), folder / "nabat.db")
            url = f"sqlite:///{folder}/nabat.db"
        gateway = Gateway(folder, url, book=book, ledger=ledger, **settings)
        gateway.copied = request.node.get_closest_marker("gameday") is None
        made.append(gateway)
        if prepare:
            gateway.prepare(people if people is not None else people_of(ledger))
        return Run(fault, database, gateway, ledger, cluster)

    yield make
    for gateway in made:
        gateway.close()
        print(gateway.report())  # noqa: T201 - pytest shows it when the test failed
    ledgers.close()


@pytest.fixture
def strace():
    """strace, where the machine lets us trace."""
    if not shutil.which("strace"):
        missing("no strace on this machine")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        missing("this machine does not let us trace processes")
    return ["strace", "-f", "-qq", "-o", "/dev/null"]
