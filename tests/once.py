"""What the apps of one process, one for each test, need not do anew: compile templates, routes and statements."""

from typing import ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from werkzeug.routing import Rule


class Templates(BytecodeCache):
    """Those that one app has compiled serve all others."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket):
        bucket.code = self.kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.kept[bucket.key, bucket.checksum] = bucket.code


class Route(Rule):
    """To compile them was most of making an app."""

    kept: ClassVar = {}

    def compile(self):
        known = self.kept.setdefault((self.rule, self.subdomain, repr(self.defaults)), self)
        if known is self:
            super().compile()
            return
        self._parts, self._trace, self._converters = known._parts, known._trace, known._converters
        self.arguments |= known.arguments
        self._build = known._build.__func__.__get__(self)
        self._build_unknown = known._build_unknown.__func__.__get__(self)


LEARNT = {}  # by database: what SQLAlchemy found out about it
STATEMENTS = {}  # that were compiled for one of these


def keep_what_is_compiled():
    Flask.url_rule_class = Route
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}


def learn(engine):
    """Of an engine that was connected."""
    LEARNT.setdefault(engine.name, engine.dialect)


def teach(engine):
    """One that was not yet."""
    engine.dialect = LEARNT.get(engine.name, engine.dialect)
    engine.update_execution_options(compiled_cache=STATEMENTS)
