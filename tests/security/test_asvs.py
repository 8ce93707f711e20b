"""The table of docs/SECURITY.md is true: every row of the list is in it, and every test that it names exists."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
DOCUMENT = (TESTS.parent / "docs/SECURITY.md").read_text()
ROWS = [line.strip("| ").split(" | ") for line in DOCUMENT.splitlines() if line.startswith("| ") and "::test_" in line]
WANTED = """1.2.1 1.2.4 1.2.5 1.2.9 1.3.6 1.3.10 1.5.2 2.2.1 3.3.1 3.4.1 3.5.1 4.1.3 4.2.1 5.2.1 6.2 6.3.1 6.3.2 7.2
    8.2.1 11.5.1 12.3.2 13.3 13.4.2 14.3.2 15.1 16.2 16.5.2"""


def names_in(path):
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_tests_that_exist(row):
    _, here, tests = row
    assert here
    named = re.findall(r"`([^`]+)::([^`]+)`", tests)
    assert len(named) == tests.count("::")
    assert [f"{file}::{name}" for file, name in named if name not in names_in(TESTS / file)] == []


def test_no_row_is_missing():
    listed = {number for row in ROWS for number in re.findall(r"[0-9.]+[0-9]", row[0])}
    assert set(WANTED.split()) - listed == set()
