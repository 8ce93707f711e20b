"""Logs: one line an event, whatever is in it."""

import contextlib
import logging
from datetime import UTC, datetime

import pytest

from gateway import log


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (17, "17"),
        ("triggered", "triggered"),
        ("", '""'),
        ("disk is full", '"disk is full"'),
        ("a=b", '"a=b"'),
        ('say "no"', '"say \\"no\\""'),
        ("x\nevent=forged", '"x\\nevent=forged"'),
        ("x\u2028y\x1b[31m", '"x\\u2028y\\u001b[31m"'),
        ("\u202egnp", '"\\u202egnp"'),
        ("\ud800", '"\\ud800"'),
        ("сервер", "сервер"),
        (datetime(2026, 12, 5, tzinfo=UTC), "2026-12-05T00:00:00+00:00"),
    ],
)
def test_values(value, word):
    assert log.value_of(value) == word


def test_a_line_holds_no_token_and_nothing_long():
    text = log.line("refused", {"path": "/ingest/alertmanager/nabat_" + "a" * 43, "title": "x" * 10_000})
    assert text.startswith("event=refused path=/ingest/alertmanager/nabat_*** title=")
    assert len(text) < 600
    assert "a" * 9 not in log.line("refused", {"path": "/ingest/pagerduty/nabat" + "a" * 27})


@contextlib.contextmanager
def our_logging():
    root, ours = logging.getLogger(), logging.getLogger("nabat")
    before = root.handlers, root.level, ours.level
    log.setup("info")
    yield
    root.handlers, root.level = before[:2]
    ours.setLevel(before[2])


def test_the_level_is_kept(capsys):
    with our_logging():
        log.debug("unseen")
        log.info("opened", incident=17)
    assert [line.split("Z ", 1)[1] for line in capsys.readouterr().err.splitlines()] == [
        "info event=opened incident=17"
    ]


def test_a_problem_is_one_line_and_keeps_the_data_out(capsys):
    data = "secret-data"
    with our_logging():
        try:
            raise ValueError(f"no such thing\n[parameters: ({data},)]")
        except ValueError as problem:
            log.error("failed", problem, delivery=3)
    (line,) = capsys.readouterr().err.splitlines()
    assert 'event=failed delivery=3 problem="ValueError: no such thing" trace="' in line
    assert data not in line


def test_other_libraries_cannot_forge_a_line_either(capsys):
    with our_logging():
        logging.getLogger("other").warning("first\nevent=forged %s", "x")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith('warning event=log logger=other message="first\\nevent=forged x"')
