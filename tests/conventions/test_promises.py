"""The table of docs/RELIABILITY.md is true: every promise is in it once, and every test that it names exists."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
DOCUMENT = (TESTS.parent / "docs/RELIABILITY.md").read_text()
NAMED = re.findall(r"`([a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", DOCUMENT)
LEFT_OUT = DOCUMENT.partition("## Not promised yet")[2]


def test_every_test_that_is_named_exists():
    assert len(NAMED) == DOCUMENT.count("::test_") > 20
    there = {file: names_in(TESTS / file) for file, _ in NAMED}
    assert [f"{file}::{name}" for file, name in NAMED if name not in there[file]] == []


def names_in(path):
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_promise_is_held_by_a_test_or_said_to_be_none_yet():
    rows = re.findall(r"^\| (P\d+) \|", DOCUMENT, re.MULTILINE)
    assert len(set(rows)) == len(rows)
    assert set(rows) | set(re.findall(r"P\d+", LEFT_OUT)) == {f"P{number}" for number in range(1, 25)}
    assert set(rows) & set(re.findall(r"P\d+", LEFT_OUT)) == set()
