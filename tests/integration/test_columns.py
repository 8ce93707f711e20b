"""Rows go to PostgreSQL column by column: whatever their texts are made of, what is stored is what was given."""

import pytest
from sqlalchemy import text

from gateway.store.db import transaction
from gateway.store.sql import bulk
from gateway.store.sql.columns import BETWEEN, NOTHING
from gateway.store.tables import Entry, Incident, Payload

LINE = ("incident_id", "at", "kind", "actor", "detail")
ALIKE = frozenset({"at", "kind", "actor"})
HOSTILE = [
    "", " ", "{}", "{null}", 'a "quoted" \\ word', "a,b", "NULL", "null", "\\x41", "line\nline", "Ж\u2028😀", "%s $1",
    f"what stands {BETWEEN} between", NOTHING, f"{NOTHING}{BETWEEN}", f"{BETWEEN}{BETWEEN}", "'; DROP TABLE entry; --",
]  # fmt: skip


def details():
    with transaction() as session:
        return list(session.scalars(text("SELECT detail FROM entry ORDER BY id")))


def write(texts, kind=lambda _: "note"):
    with transaction() as session:
        rows = [(number, 5, kind(number), "", said) for number, said in enumerate(texts, 1)]
        bulk.insert(session, Entry, LINE, rows, alike=ALIKE)


@pytest.mark.parametrize("texts", [HOSTILE, ["", ""], [""], HOSTILE[:2] * 300, HOSTILE[-4:]], ids=len)
def test_texts_come_back_as_they_were_given(app, texts):
    write(texts)
    assert details() == texts


def test_what_rows_only_mostly_have_in_common_is_each_rows_own(app):
    write(HOSTILE, kind=lambda number: "other" if number == 3 else "note")
    with transaction() as session:
        found = session.execute(text("SELECT kind, detail FROM entry ORDER BY id")).all()
    assert [kind for kind, _ in found].index("other") == 2
    assert [detail for _, detail in found] == HOSTILE


def test_bytes_come_back_as_they_were_given(app):
    columns = ("source_id", "received_at", "body", "size", "accepted", "quarantined", "error")
    bodies = [bytes(range(256)), b"", b"\\x00", b"\x1f\x1e"]
    with transaction() as session:
        bulk.insert(session, Payload, columns, [(0, 1, body, 0, 0, 0, "") for body in bodies])
    with transaction() as session:
        assert [bytes(row[0]) for row in session.execute(text("SELECT body FROM payload ORDER BY id"))] == bodies


@pytest.mark.parametrize("many", [1, 3])
def test_what_is_changed_is_as_it_was_given(world, many):
    ids = [world.alert(name=f"Of{number}", fingerprint=f"f{number}")[0] for number in range(many)]
    assert len(set(ids)) == many
    said = [*HOSTILE[-4:], ""][:many]
    names = ("id", "title", "resolved_by", "resolved_at", "is_test", "truncated")
    rows = [(id_, title, title if place else None, 7 if place else None, bool(place), place)
            for place, (id_, title) in enumerate(zip(ids, said, strict=True))]  # fmt: skip
    with transaction() as session:
        bulk.update(session, Incident, names, rows)
    with transaction() as session:
        found = session.execute(text(f"SELECT {', '.join(names)} FROM incident ORDER BY id")).all()
    assert [tuple(row) for row in found] == sorted(rows)
