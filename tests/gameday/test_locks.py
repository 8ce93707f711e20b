"""Somebody else holds what we need: SQLite's write lock, a table, rows, every connection (F11, F21)."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest

from tests.gameday.breaking import take_all
from tests.gameday.harness import sized

FILE_NO = 5.0  # seconds until a sender hears 503 while SQLite's write lock is held (F11)
TABLE_NO = 3.0  # while a table of PostgreSQL is locked (F21)
MARGIN = 3.0  # seconds for a machine with other things to do


def plain(run):
    return run.gateway.url.replace("+psycopg", "")


@pytest.mark.slow
def test_locks_for_a_while(game):
    """Both at once: most of the time goes by waiting. Longer than a sender may wait twice."""
    stories = [(file_locked, game("F11", "sqlite"), 9), (table_locked, game("F21 table", "postgresql"), 7)]
    with ThreadPoolExecutor(len(stories)) as pool:
        list(pool.map(lambda one: one[0](*one[1:]), stories))


@pytest.mark.gameday
def test_f11_somebody_holds_the_write_lock(game):
    file_locked(game("F11", "sqlite"), 20)


@pytest.mark.gameday
def test_f21_a_table_is_locked(game):
    table_locked(game("F21 table", "postgresql"), 30)


def file_locked(run, seconds):
    load = loaded(run)
    with closing(sqlite3.connect(run.gateway.url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        holder.execute("ROLLBACK")
    judged(run, load, f"locked for {seconds} s", FILE_NO)


def table_locked(run, seconds):
    load = loaded(run)
    with psycopg.connect(plain(run)) as holder:
        holder.execute("LOCK TABLE incident IN ACCESS EXCLUSIVE MODE")
        time.sleep(seconds)
    judged(run, load, f"locked for {seconds} s", TABLE_NO)


def loaded(run):
    run.web()
    run.worker()
    load = run.load()
    run.wait_for_pages(1)
    return load


def judged(run, load, note, longest):
    """Nothing is lost, and whoever could not be served heard so in time."""
    slowest = max(sender.slowest for sender in load.senders)
    run.finish(note=f"{note}, slowest answer {slowest:.1f} s")
    assert {status for status in load.statuses if isinstance(status, int)} == {202, 503}
    assert slowest <= longest + MARGIN


@sized(full=20)
@pytest.mark.timeout(300)
def test_f21_all_connections_are_taken(game, size):
    run = game("F21 connections", "postgresql")
    load = loaded(run)
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(plain(run), autocommit=True) as chief, ExitStack() as taken:
        theirs = [pid for (pid,) in chief.execute(others)]
        take_all(plain(run), taken)
        for pid in theirs:
            chief.execute("SELECT pg_terminate_backend(%s)", (pid,))
        take_all(plain(run), taken)
        time.sleep(size)
    judged(run, load, f"none left for {size} s", TABLE_NO)


@sized(full=20)
@pytest.mark.timeout(300)
def test_f21_others_lock_our_rows_in_the_wrong_order(game, size):
    """Deadlocks with ourselves in them: PostgreSQL ends one of the two, and ours is tried again."""
    run = game("F21 deadlock", "postgresql")
    run.web()
    run.worker()
    load = run.load(emergency_every=0.2)
    run.wait_for_pages(3)
    end = time.monotonic() + size
    crossing = [threading.Thread(target=_cross, args=(plain(run), end, order)) for order in ("ASC", "DESC")]
    for thread in crossing:
        thread.start()
    for thread in crossing:
        thread.join(size + 30)
    deadlocks = run.gateway.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    slowest = max(sender.slowest for sender in load.senders)
    run.finish(note=f"{size} s, {deadlocks} deadlocks, slowest answer {slowest:.1f} s")
    assert deadlocks > 0
    assert slowest <= 2 * TABLE_NO + MARGIN


def _cross(url, end, order):
    with psycopg.connect(url, options="-c deadlock_timeout=100") as link:
        while time.monotonic() < end:
            try:
                numbers = link.execute(f"SELECT id FROM incident ORDER BY id {order} LIMIT 8").fetchall()
                for (number,) in numbers:
                    link.execute("UPDATE incident SET truncated = truncated WHERE id = %s", (number,))
                    time.sleep(0.02)
                link.commit()
            except psycopg.OperationalError:
                link.rollback()
