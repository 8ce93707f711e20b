"""Rule books and settings that are wrong, by accident or on purpose: refused in time, each with its place.

The corpus's own (TEST_SHARED) are read in place.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.rulebook.shelf import Bookshelf
from gateway.settings import BadSettings, load
from gateway.start.commands import cli
from tests.conftest import KEY, SHARED
from tests.databases import missing
from tests.e2e.hostile import VISIBLE, cases
from tests.samples import BOOK

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
CONFIG = cases("config")
SECONDS = 2.0  # of processor time for one book
PLACED = re.compile(r"[^:]+\.ya?ml:[0-9]+: .+")
BAD_SETTINGS = {
    "NABAT_DATABASE_URL": [
        "mysql://h/d",
        "sqlite://",
        "postgresql",
        "file:///etc/passwd",
        "postgresql://h:x/d",
        "postgresql://u:p@ss@h/d",
        "postgresql://[::/d",
    ],
    "NABAT_SECRET_KEY": ["short", "a" * 32 + ",short"],
    "NABAT_TIMEZONE": ["Moscow", "../../etc/passwd", "Europe", "\0"],
    "NABAT_LANGUAGE": ["xx", "EN", "../en"],
    "NABAT_PUBLIC_URL": ["nabat.example", "javascript:alert(1)", "https://u:p@h", "https://h/?a=b", "https://[:::1]"],
    "NABAT_MAIL_FROM": ["nobody", "a@b\r\nBcc: c@d", "a@b@c"],
    "NABAT_TRUSTED_PROXIES": ["everybody", "10.0.0.0/99", "*"],
    "NABAT_LOG_LEVEL": ["verbose"],
    "NABAT_VAPID_SUBJECT": ["admin@example.org", "mailto:", "http://h"],
    "NABAT_PAGERDUTY_EVENTS_URL": ["http://events.pagerduty.com", "https://10.0.0.1", "gopher://x"],
    "NABAT_NO_SUCH_THING": ["1"],
}


def each(found):
    return pytest.mark.parametrize("case", found or [None], ids=str)


def is_there(found):
    return found or missing(f"no shared test data (TEST_SHARED) at {SHARED}")


@each(CONFIG)
def test_a_bad_book_is_refused_with_its_place(case, tmp_path):
    file = VISIBLE / is_there(case).said["body"]
    began = time.process_time()
    done = CliRunner(env={"NABAT_DATA_DIR": str(tmp_path)}).invoke(cli, ["rules", "check", str(file)])
    assert time.process_time() - began < SECONDS
    assert case.said["status"] == ["reject"]
    assert done.exit_code == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines
    assert [line for line in lines if not PLACED.fullmatch(line)] == []
    assert {line.partition(":")[0] for line in lines} == {file.name}


@each(CONFIG)
def test_a_bad_book_never_takes_effect(case, tmp_path):
    place = tmp_path / "book"
    place.mkdir()
    (place / "book.yaml").write_text(BOOK)
    shelf = Bookshelf(place)
    good = shelf.book
    (place / "book.yaml").write_bytes((VISIBLE / is_there(case).said["body"]).read_bytes())
    assert shelf.refresh(force=True) is False
    assert shelf.book is good
    assert shelf.complaints
    (place / "book.yaml").write_text(BOOK)
    shelf.refresh(force=True)
    assert shelf.complaints == ()


@pytest.mark.parametrize("command", ["web", "worker"])
def test_nothing_starts_with_a_bad_book(command, tmp_path):
    """The program itself, with the worst of them; at once, with one complaint a line, and nothing is left behind."""
    worst = is_there([case for case in CONFIG if "laughs" in case.said["title"]])[0]
    book = tmp_path / "book"
    book.mkdir()
    (book / "book.yaml").write_bytes((VISIBLE / worst.said["body"]).read_bytes())
    env = {
        "NABAT_DATA_DIR": str(tmp_path / "data"),
        "NABAT_RULES": str(book),
        "NABAT_SECRET_KEY": KEY,
        "PATH": "/usr/bin",
    }
    done = subprocess.run(
        [sys.executable, "-m", "gateway", command, "--port", "1"][: None if command == "web" else 4],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "book.yaml:" in done.stderr
    assert not (tmp_path / "data/nabat.db").exists()


@pytest.mark.parametrize(("name", "values"), BAD_SETTINGS.items(), ids=list(BAD_SETTINGS))
def test_a_bad_setting_is_refused_by_name(name, values):
    for value in values:
        with pytest.raises(BadSettings) as problem:
            load({name: value})
        assert [one for one in problem.value.complaints if one.startswith(name)], value
        assert all("\n" not in one for one in problem.value.complaints), value
