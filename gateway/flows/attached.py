"""Inhibition as time goes by: what is attached is let go when the bigger one is over, and a new rule book is heeded."""

import hashlib
from datetime import datetime
from functools import partial

from gateway import log
from gateway.flows import intake, suppress
from gateway.flows.apart import apart
from gateway.store.db import reading, transaction
from gateway.store.incidents.alerts import Post
from gateway.store.quiet import inhibitors, suppressed
from gateway.store.quiet.inhibitors import Orphan
from gateway.store.senders import alertmanagers
from gateway.store.sql.locks import one_writer_per_source
from gateway.store.types import moment, to_json
from gateway.world import world
from rules.telling.inhibition import sources
from rules.words import Alert, Severity


def release(now: datetime) -> int:
    """What was attached and still fires is told as what it is. Returns how many alerts that are."""
    _heed_the_book(now)
    with reading() as session:
        found = inhibitors.orphans(session) if inhibitors.has_any(session) else []
    for source_id in sorted({one.source_id for one in found}):
        mine = [one for one in found if one.source_id == source_id]
        apart("inhibition", partial(_let_go, mine, now), lambda: None, source=source_id)
    suppress.release_inhibited(now)
    return len(found)


def _let_go(found: list[Orphan], now: datetime) -> None:
    source_id, name = found[0].source_id, found[0].source
    with transaction() as session:
        one_writer_per_source(session, [source_id])
        still = {one.id: one for one in inhibitors.orphans(session) if one.source_id == source_id}
        inhibitors.let_go(session, still)
        endings = alertmanagers.told_of(session, source_id, [one.fingerprint for one in still.values()], firing=False)
        alerts = [
            Alert(
                name, one.fingerprint, True, one.title, Severity(one.severity), moment(one.fired), None,  # noqa: FBT003
                one.labels, one.annotations, one.url,
            )
            for one in endings
        ]  # fmt: skip
        body = to_json({"found": "inhibition over", "fingerprints": [one.fingerprint for one in endings]}).encode()
        post = Post(source_id, name, body, now, alerts)
        intake.receive(session, [post], world().shelf.book, world().roll, now)
    log.info("inhibition_over", source=name, count=len(alerts))


def _heed_the_book(now: datetime) -> None:
    """Of what fires already, what inhibits by the rules that are in force now."""
    rules = world().shelf.book.inhibitions
    said = repr([(one.source, one.target, one.equal) for one in rules])
    version = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32] if rules else ""
    with reading() as session:
        if inhibitors.looked_through(session) == version:
            return
        members = suppressed.all_firing(session) if rules else []
    rows = [
        (key, one.source_id, one.fingerprint) for one in members for key in sources(rules, suppressed.labels_of(one))
    ]
    with transaction() as session:
        inhibitors.write(session, rows)
        inhibitors.say_looked_through(session, version, now)
