"""P2: a non-2xx answer means that nothing of the request was kept, at whatever statement it failed."""

import re

import pytest
from sqlalchemy import event, text

from gateway.store.db import db
from tests.fakes.cutter import Cutter
from tests.samples import alert, group

TABLES = ("payload", "alert", "incident", "entry", "delivery")
ENOUGH = 60  # statements; fewer make up an intake


class Interrupter:
    """Makes SQLite give up the n-th statement that begins from now on."""

    def __init__(self, engine):
        self.left, self.fired, self.engine = 0, False, engine
        event.listen(engine, "checkout", self._watch)

    def cut_at(self, number):
        self.left, self.fired = number, False

    def spare(self):
        self.left = 0

    def close(self):
        event.remove(self.engine, "checkout", self._watch)

    def _watch(self, connection, _record, _proxy):
        connection.set_trace_callback(lambda _: self._begins(connection))

    def _begins(self, connection):
        self.left -= 1
        if self.left == 0:
            self.fired = True
            connection.interrupt()


@pytest.fixture
def fault_and_world(world_of, database_url):
    if database_url.startswith("sqlite"):
        world = world_of()
        fault = Interrupter(db.engine)
    else:
        port = int(re.search(r":(\d+)/", database_url)[1])
        fault = Cutter(("127.0.0.1", port))
        world = world_of(NABAT_DATABASE_URL=database_url.replace(f":{port}/", f":{fault.port}/"))
    yield fault, world
    fault.close()
    db.session.remove()
    db.engine.dispose()


def counts():
    db.session.rollback()
    return {name: db.session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in TABLES}


def test_t_refusal_atomic(fault_and_world, database_url):
    fault, world = fault_and_world
    world.token()
    refused = 0
    for number in range(1, ENOUGH):
        body = group(
            *(alert(fingerprint=f"{number}-{one}", name=f"Down{number}", instance=str(one)) for one in range(3))
        )
        before = counts()
        fault.cut_at(number)
        answer = world.post(body)
        fault.spare()
        if not fault.fired:
            assert answer.status_code == 202
            break
        if answer.status_code != 202:  # 202: where it failed, it was tried once more, or did not matter
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            kept = {name: many - before[name] for name, many in counts().items()}
            # All of it only where the link went between COMMIT and its answer, which nobody can know then.
            whole = not database_url.startswith("sqlite") and (kept["incident"], kept["alert"]) == (1, 3)
            assert whole or not any(kept.values()), f"a part of it was kept, failed at statement {number}: {kept}"
            refused += 1
        assert world.post(body).status_code == 202
        after = counts()
        assert after["incident"] - before["incident"] == 1
        assert after["alert"] - before["alert"] == 3
    else:
        raise AssertionError("the intake never ended")
    assert refused >= len(TABLES), "hardly anything failed"
