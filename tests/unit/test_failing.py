"""What fails in the background: a reason that is known takes one short line now and then, all else its trace."""

import logging
import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from gateway.flows.failing import tell, well
from gateway.spells import Spell

LOCKED = OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
HELD = OperationalError("SELECT 1", None, psycopg.errors.LockNotAvailable("canceling statement"))


def raised(problem):
    try:
        raise problem
    except type(problem) as caught:
        return caught


def lines_of(caplog, moments, problem=LOCKED):
    """The moments at which something was said, and the lines themselves."""
    spell, at = Spell(), []
    caplog.set_level(logging.WARNING, "nabat")
    for moment in moments:
        before = len(caplog.messages)
        tell("worker_job_failed", raised(problem), spell=spell, at=float(moment), job="deliver")
        at += [moment] * (len(caplog.messages) - before)
    return at, caplog.messages


@pytest.mark.parametrize("problem", [LOCKED, HELD])
def test_a_database_that_is_locked_is_one_short_line_at_growing_gaps(caplog, problem):
    at, lines = lines_of(caplog, range(100, 2000, 2), problem)
    assert at == [100, 110, 130, 170, 250, 410, 730, 1330, 1930]
    assert all(len(line) < 200 and "trace" not in line for line in lines)
    assert "event=database_locked" in lines[1]
    assert "failed=5 seconds=10 job=deliver" in lines[1]


AWAY = [
    OperationalError("SELECT 1", None, psycopg.OperationalError("connection failed: Connection refused\nIs it up?")),
    OperationalError("SELECT 1", None, psycopg.errors.AdminShutdown("terminating connection")),
    InterfaceError("SELECT 1", None, psycopg.InterfaceError("the connection is closed")),
]


@pytest.mark.parametrize("problem", AWAY)
def test_a_database_that_is_away_leaves_one_trace_and_is_said_to_be_back_once(caplog, problem):
    caplog.set_level(logging.WARNING, "nabat")
    spell = Spell()
    for at in range(100, 200, 2):
        tell("worker_job_failed", raised(problem), spell=spell, at=float(at), job="deliver")
    assert [line.count("trace=") for line in caplog.messages] == [1, 0, 0, 0]
    assert all("event=database_away reason=" in line and "job=deliver" in line for line in caplog.messages[1:])
    assert "Is it up?" not in caplog.text
    caplog.clear()
    for at in (201.0, 202.0):
        well(spell=spell, at=at)
    assert caplog.messages == ["event=database_back seconds=101"]
    tell("worker_job_failed", raised(problem), spell=spell, at=203.0, job="deliver")
    assert "trace=" in caplog.messages[-1]  # another time


def test_what_is_locked_again_after_a_good_minute_is_news(caplog):
    assert lines_of(caplog, [0, 5, 8, 70, 75, 80])[0] == [0, 70, 80]


@pytest.mark.parametrize(
    "problem",
    [
        ValueError("odd"),
        OperationalError("SELECT 1", None, sqlite3.OperationalError("no such table: incident")),
        OperationalError("SELECT 1", None, psycopg.errors.QueryCanceled("statement timeout")),
        ProgrammingError("SELECT 1", None, sqlite3.ProgrammingError("closed")),
    ],
)
def test_whatever_else_fails_has_its_trace_each_time(caplog, problem):
    at, lines = lines_of(caplog, [0, 1, 2], problem)
    assert at == [0, 1, 2]
    assert all("event=worker_job_failed job=deliver" in line and "trace=" in line for line in lines)
