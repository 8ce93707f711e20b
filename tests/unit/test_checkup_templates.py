"""Whatever the doctor says by a template is known to the page that says it in other languages."""

import ast
import inspect
from datetime import UTC, datetime

import pytest

from dashboard.reader import reader
from dashboard.settings import checks
from gateway import checkup
from gateway.checkup import Check, State, say
from rules.reports import selfwatch
from rules.reports.selfwatch import Finding, What

START = datetime(2026, 12, 5, tzinfo=UTC)


def test_every_template_of_the_doctor_is_in_the_catalogue():
    texts = {node.value for node in ast.walk(ast.parse(inspect.getsource(checkup)))
             if isinstance(node, ast.Constant) and isinstance(node.value, str) and "%(" in node.value}  # fmt: skip
    assert len(texts) > 12
    assert texts <= checks.TEMPLATES


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("seconds", [None, 71])
def test_every_finding_of_the_auditor_is_said_in_russian_with_its_number(what, seconds):
    if seconds is not None and "%(n)s" not in selfwatch._WORDS[what]:
        seconds = None
    one = Finding(what, 5, seconds)
    inner = say(one.template, n=one.number)
    assert inner.words == one.words
    found = Check("auditor", State.NOTE, f"it found: {one.words}", "it found: %(what)s", {"what": inner})
    (line,) = checks.lines([found], reader(START, "ru", "UTC"))
    assert line.known
    assert not any("a" <= letter <= "z" for letter in line.words)
    number = str(seconds or 5)
    assert (number in line.words) == ("%(n)s" in one.template)


def test_what_has_no_template_stays_as_it_is():
    wild = Check("rule book", State.PROBLEM, "book.yaml:3: 100 % <wrong>")
    (line,) = checks.lines([wild], reader(START, "ru", "UTC"))
    assert (line.words, line.known) == (wild.words, False)
