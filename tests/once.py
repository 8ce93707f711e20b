"""What the apps of one process, one for each test, need not do anew: compile templates, routes and statements, and
find out which rows a list of people makes."""

import fcntl
import os
import re
from collections import defaultdict
from threading import RLock
from typing import ClassVar

import psycopg
from flask import Flask
from jinja2 import BytecodeCache
from psycopg import generators, pq
from sqlalchemy import event, exists, insert, or_, select, text
from werkzeug.routing import Map
from werkzeug.routing.matcher import StateMachineMatcher

from gateway.secrets import digest
from gateway.store.db import db, is_postgres, transaction
from gateway.store.directory import people as people_store
from gateway.store.tables import ContactRow, PersonRow, ScheduleRow, TeamRow


class Templates(BytecodeCache):
    """Those that one app has compiled serve all others."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket):
        bucket.code = self.kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.kept[bucket.key, bucket.checksum] = bucket.code


class Routes(Map):
    """Those of one app serve all others that have the same: to compile and sort them was most of making an app."""

    lock_class = RLock
    kept: ClassVar = {}  # by what they say

    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        self.said = []

    def add(self, rulefactory):
        self.said += rulefactory.get_rules(self)
        self._remap = True

    def update(self):
        with self._remap_lock:
            if self._remap:
                key = (self.default_subdomain, self.strict_slashes, self.merge_slashes, *map(whole, self.said))
                if key not in self.kept:
                    self._matcher, self._rules_by_endpoint = StateMachineMatcher(self.merge_slashes), {}
                    for rule in self.said:
                        super().add(rule)
                    super().update()
                    self.kept[key] = self._matcher, self._rules_by_endpoint
                self._matcher, self._rules_by_endpoint = self.kept[key]
                self._remap = False


def whole(rule):
    """All that a rule of an app says."""
    return (
        rule.rule, rule.endpoint, frozenset(rule.methods), rule.provide_automatic_options, repr(rule.defaults),
        rule.strict_slashes, rule.merge_slashes, rule.redirect_to, rule.build_only, rule.alias, rule.subdomain,
        rule.host, rule.websocket,
    )  # fmt: skip


LEARNT = {}  # by database: what SQLAlchemy found out about it
STATEMENTS = {}  # that were compiled for one of these


def keep_what_is_compiled():
    Flask.url_map_class = Routes
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}


def learn(engine):
    """Of an engine that was connected."""
    LEARNT.setdefault(engine.name, engine.dialect)


def teach(engine):
    """One that was not yet."""
    if engine.name == "postgresql":  # its pool asks the dialect with which it was made
        event.listen(engine, "do_connect", lambda _dialect, _record, where, how: Lasting.connect(*where, **how))
    engine.dialect = LEARNT.get(engine.name, engine.dialect)
    engine.update_execution_options(compiled_cache=STATEMENTS)


class Lasting(psycopg.Connection):
    """A connection to PostgreSQL whose link outlives the app that had it: an app of another test is given it as new.

    For each new link the server begins a process, which has yet to read about every table.
    """

    kept: ClassVar = defaultdict(list)  # links that nobody has, by where and how they lead
    most = 4  # of these

    @classmethod
    def _connect_gen(cls, conninfo=""):
        kept = cls.kept[conninfo]
        while kept:
            link = kept.pop()
            if does(link, b"SELECT 1"):
                break
            link.finish()
        else:
            link = yield from generators.connect(conninfo)
        made = cls(link)
        made.conninfo = conninfo
        return made

    def close(self):
        link, kept = self.pgconn, self.kept[self.conninfo]
        if len(kept) < self.most and does(link, b"ROLLBACK") and does(link, b"DISCARD ALL"):
            self.pgconn = ENDED
            kept.append(link)
        else:
            super().close()


def does(link, sql):
    """Whether the server does that there; not in the midst of something else."""
    resting = link.transaction_status not in (pq.TransactionStatus.ACTIVE, pq.TransactionStatus.UNKNOWN)
    return resting and not link.pipeline_status and link.exec_(sql).status in DONE


DONE = pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK
ENDED = pq.PGconn.connect_start(b"")  # all that an app has in its hands after that
ENDED.finish()


def file_of_this_run(tmp_path_factory, name, make):
    """The path of a file to copy: `make(path)` makes it in the first process that wants it, others wait for that."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    place, half = folder / name, folder / f"half-{name}"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            half.unlink(missing_ok=True)  # of one that was killed
            make(half)
            half.rename(place)
    return place


PEOPLED = PersonRow, TeamRow, ContactRow, ScheduleRow  # the tables that a list without imported calendars fills
OF_A_TEST = re.compile(r"http://127\.0\.0\.1:\d+")  # where a provider is that lives as long as a test
KEPT = {}  # by list, moment and key: the rows that it made, and where that provider was


def import_people(world, listed):
    """`world.people(listed)`; where nobody is there yet, what it made in another test is written as it was."""
    places = set(OF_A_TEST.findall(listed))
    place = places.pop() if len(places) == 1 else ""
    known = OF_A_TEST.sub("HERE", listed) if place else listed
    key = known, world.clock.now(), world.app.extensions["gateway"].settings.secret_key
    if "ical" in listed or db.session.scalar(select(or_(*(exists(select(one.id)) for one in PEOPLED)))):
        world.people(listed)
    elif key in KEPT:
        write_as_before(*KEPT[key], place, world.clock.now())
    else:
        world.people(listed)
        KEPT[key] = rows_of_people(), place
    db.session.rollback()


def rows_of_people():
    def rows(table):
        """In the order in which they were written, whatever room on the disk was free."""
        return [dict(row) for row in db.session.execute(select(table).order_by(*table.primary_key)).mappings()]

    return {one: rows(one.__table__) for one in PEOPLED}


def write_as_before(rows, there, here, now):
    """The only addresses that differ are of providers of a test: they are no secrets."""
    with transaction() as session:
        for model, kept in rows.items():
            if kept:
                session.execute(insert(model.__table__), [moved(row, there, here) for row in kept])
        if is_postgres(session):
            last = ((model.__tablename__, max(row["id"] for row in kept)) for model, kept in rows.items() if kept)
            session.execute(text("SELECT " + ",".join(f"setval('{name}_id_seq', {number})" for name, number in last)))
        people_store.bump(session, now)


def moved(row, there, here):
    if not there or there not in row.get("address", ""):
        return row
    address = row["address"].replace(there, here)
    return {**row, "address": address, "address_id": digest(address)}
