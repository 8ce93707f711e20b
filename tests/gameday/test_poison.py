"""F10: rows that nobody can read or render stand at the head of the queue, and hold up nobody."""

import pytest
from sqlalchemy import text

from gateway.store.db import db
from tests.databases import wait_until
from tests.gameday.harness import BOTH
from tests.samples import alert, group

DEEP = '{"a":' * 5000 + "1" + "}" * 5000
POISON = {  # what is written over the row of the first incident, or over its alert's
    "no JSON": "UPDATE incident SET route = '{broken' WHERE id = {}",
    "JSON too deep to read": f"UPDATE alert SET labels = '{DEEP}' WHERE incident_id = {{}}",
    "a list for labels": "UPDATE alert SET labels = '[1, 2]' WHERE incident_id = {}",
    "half a character": 'UPDATE alert SET annotations = \'{"description": "\\ud800"}\' WHERE incident_id = {}',
    "a number for text": "UPDATE alert SET annotations = '{\"description\": 7}' WHERE incident_id = {}",
    "a moment out of every calendar": "UPDATE alert SET fired = 4611686018427387904 WHERE incident_id = {}",
}
FIRST = 900_000  # numbers that the load does not reach
PAUSES = (1.3, 2.5, 5, 10, 19, 37)  # seconds, a little longer than those between attempts


def poisoned(sql, number):
    return sql.replace("{}", str(number))


def called(pagerduty, uuid):
    return [event for event in pagerduty.events if event["dedup_key"] == f"nabat-{uuid}"]


@pytest.mark.parametrize("sql", POISON.values(), ids=POISON)
def test_f10_poison_holds_up_nobody_and_goes_out_plain(staffed_of, providers, sql):
    staffed = staffed_of(NABAT_CAPS="off")  # two calls at once
    (bad,) = staffed.alert(name="Bad", fingerprint="bad")
    (good,) = staffed.alert(name="Good", fingerprint="good")
    with db.engine.execution_options(writes=True).begin() as link:
        uuids = dict(link.execute(text("SELECT id, uuid FROM incident")).all())
        link.exec_driver_sql(poisoned(sql, bad))
    staffed.delivers()
    assert called(providers.pagerduty, uuids[good])
    for pause in PAUSES:
        if called(providers.pagerduty, uuids[bad]):
            break
        staffed.clock.advance(seconds=pause)
        staffed.delivers()
    (event,) = called(providers.pagerduty, uuids[bad])
    assert "Bad on db01" in event["payload"]["summary"]


@pytest.mark.gameday
@pytest.mark.timeout(300)
@BOTH
def test_f10_poison_under_load(game, database):
    run = game("F10", database)
    run.web()
    names = [alert(name=f"Call-{number}-", fingerprint=f"c{number}") for number in range(FIRST, FIRST + len(POISON))]
    assert run.gateway.post(group(*names))[0] == 202
    for (number,), sql in zip(run.gateway.rows("SELECT id FROM incident ORDER BY id"), POISON.values(), strict=True):
        run.change(poisoned(sql, number))
    uuids = {number: f"nabat-{uuid}" for number, uuid in run.gateway.rows("SELECT id, uuid FROM incident")}
    run.excused = set(uuids)  # of what cannot be read the row alone is settled, without a line
    run.load(emergency_every=0.5)
    run.worker()
    run.wait_for_pages(5)
    wait_until(lambda: set(uuids.values()) <= {one.key for one in run.ledger.pages()}, 120)
    run.finish(note=f"{len(POISON)} rows")
