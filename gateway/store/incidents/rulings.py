"""What the rule book was asked about incidents, and the books that were asked: written at once, read one by one."""

import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.sql import bulk
from gateway.store.tables.incident import Opening, RuleBookRow, Ruling
from gateway.store.types import micros, to_json
from rules.book import RuleBook

MOST = 5  # rulings of one incident that are shown: the newest
_OPENING = ("incident_id", "at", "book_version", "labels", "duty")
_RULING = (*_OPENING, "cause")
_ALIKE = frozenset({"at", "book_version", "duty"})
Row = tuple[int, int, str, str, str]


def row(incident_id: int, now: datetime, book_version: str, labels: Mapping[str, str], duty: str) -> Row:
    """One ruling as it is written; `duty` is JSON already, since many share it."""
    return incident_id, micros(now), book_version, to_json(labels), duty


def write(session: Session, openings: Sequence[Row], later: Sequence[tuple[Row, str]]) -> None:
    """Those by which incidents open, one each; and `later` ones with their causes."""
    bulk.insert(session, Opening, _OPENING, openings, alike=_ALIKE)
    bulk.insert(session, Ruling, _RULING, [(*one, cause) for one, cause in later])


def copy(session: Session, incident_id: int, to: int) -> None:
    """What was ruled about one incident holds for what was taken out of it."""
    opening = "SELECT at, book_version, labels, duty FROM opening WHERE incident_id = {}"
    later = "SELECT at, book_version, labels, duty, cause FROM ruling WHERE incident_id = {} ORDER BY id"
    for model, columns, sql in ((Opening, _OPENING, opening), (Ruling, _RULING, later)):
        rows = bulk.select_plain(session, sql, incident_id)
        bulk.insert(session, model, columns, [(to, *row) for row in rows])


def keep_book(session: Session, book: RuleBook, now: datetime) -> None:
    """Its files, in the transaction of its first rulings; later ones only look, and then no more."""
    if book.version in book.kept:
        return
    if bulk.select_plain(session, "SELECT 1 FROM rule_book WHERE version = {}", book.version):
        book.kept.add(book.version)  # committed by an earlier transaction: it cannot be taken back any more
        return
    files = zlib.compress(json.dumps(dict(book.files), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    columns = ("version", "at", "files")
    bulk.insert(session, RuleBookRow, columns, [(book.version, micros(now), files)], "ON CONFLICT DO NOTHING")


def files_of(session: Session, version: str) -> Mapping[str, str] | None:
    """The files of a book of that version; none if it never decided anything here."""
    kept = session.get(RuleBookRow, version)
    if kept is None:
        return None
    files: dict[str, str] = json.loads(zlib.decompress(kept.files).decode("utf-8", "surrogatepass"))
    return files


def of_incident(session: Session, incident_id: int) -> Sequence[Ruling | Opening]:
    """Newest first."""
    query = select(Ruling).where(Ruling.incident_id == incident_id).order_by(Ruling.id.desc()).limit(MOST)
    found: list[Ruling | Opening] = [*session.scalars(query)]
    if (opening := session.get(Opening, incident_id)) is not None:
        found.append(opening)
    return found[:MOST]
