"""The writer's connection stays from batch to batch: what is done with its session in between changes nothing."""

import pytest
from sqlalchemy import func, select

from gateway.store.db import at_end, db, reading, transaction, transaction_again
from gateway.store.tables import Fact


def put(session, key, at):
    session.add(Fact(key=key, value="", at=at))


def nested(outer, inner, at):
    with outer() as session:
        put(session, "kept outer", at)
        with inner():
            pass


def count():
    with reading() as session:
        return session.scalar(select(func.count()).where(Fact.key.startswith("kept")).select_from(Fact))


@pytest.mark.parametrize("other", [transaction, transaction_again])
def test_neither_kind_of_transaction_is_begun_within_the_other(app, clock, other):
    """What the outer one had written would be lost without a word."""
    for outer, inner in ((other, transaction_again), (transaction_again, other)):
        with pytest.raises(RuntimeError, match="do not nest"):
            nested(outer, inner, clock.now())
    assert count() == 0


def test_what_is_added_at_the_end_is_stored(app, clock):
    for turn in range(2):
        with transaction_again() as session:
            at_end(session, lambda last, turn=turn: put(last, f"kept {turn}", clock.now()))
    assert count() == 2


def test_others_may_use_the_session_in_between(app, clock):
    looks = (lambda: db.session.scalar(select(func.count()).select_from(Fact)), count, db.session.remove)
    for turn, look in enumerate(looks):
        with transaction_again() as session:
            put(session, f"kept {turn}", clock.now())
        look()
        with transaction_again() as session:
            put(session, f"kept {turn} again", clock.now())
        with transaction() as session:
            put(session, f"kept {turn} plainly", clock.now())
    assert count() == 3 * len(looks)


def test_a_connection_that_was_taken_out_of_the_pool_can_be_closed(app):
    link = db.engine.connect()
    link.execute(select(func.count()).select_from(Fact))
    link.detach()
    link.close()
    assert count() == 0
