"""The tables of docs/SECURITY.md and docs/DASHBOARD.md are true: no row is missing, every test they name exists."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
CHECKS = 34  # of the dashboard


def rows_of(name):
    lines = (TESTS.parent / "docs" / name).read_text().splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "::test_" in line]


ROWS, PAGES = rows_of("SECURITY.md"), rows_of("DASHBOARD.md")
WANTED = """1.2.1 1.2.4 1.2.5 1.2.9 1.3.6 1.3.10 1.5.2 2.2.1 3.3.1 3.4.1 3.5.1 4.1.3 4.2.1 5.2.1 6.2 6.3.1 6.3.2 7.2
    8.2.1 11.5.1 12.3.2 13.3 13.4.2 14.3.2 15.1 16.2 16.5.2"""


def names_in(path):
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS + PAGES, ids=lambda row: row[0])
def test_a_row_names_tests_that_exist(row):
    _, here, tests = row
    assert here
    named = re.findall(r"`([^`]+)::([^`]+)`", tests)
    assert len(named) == tests.count("::")
    assert [f"{file}::{name}" for file, name in named if name not in names_in(TESTS / file)] == []


def test_no_row_is_missing():
    listed = {number for row in ROWS for number in re.findall(r"[0-9.]+[0-9]", row[0])}
    assert set(WANTED.split()) - listed == set()


def test_no_check_of_the_dashboard_is_missing():
    assert [int(row[0]) for row in PAGES] == list(range(1, CHECKS + 1))
