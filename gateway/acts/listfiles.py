"""A long list as a file: asked for at once, made by a worker part by part, kept in the database for whoever asked."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.lists import filters, sheet
from gateway.lists.filters import Filter
from gateway.lists.matching import walk
from gateway.lists.meaning import Asker, Meant, meaning
from gateway.store.db import db, reading, transaction
from gateway.store.incidents import undos
from gateway.store.outgoing import outbox
from gateway.store.reading import listfiles
from gateway.store.tables import ListFile
from gateway.world import world
from rules.times.walltime import zone_of

DIRECT = 20_000  # rows: as many are written while the browser waits
MOST = 100_000  # rows of a file
PART = 1_000  # rows in one transaction, and how finely the progress is told
KEPT = 3  # files of one person
AGE = timedelta(days=3)  # then they are let go


def is_long(wanted: Filter, meant: Meant, direct: int = DIRECT) -> bool:
    """Also where labels have to be read one by one and it is not soon clear how many there are."""
    found = walk(wanted, meant, direct + 1)
    return len(found.rows) > direct or found.stopped is not None


def promise(wanted: Filter, asker: Asker, now: datetime) -> ListFile:
    """A worker begins with it at once. Whoever asks again for the same meanwhile is given the same."""
    file = ListFile(
        token=undos.new_token(), account=asker.email, person_id=asker.person_id, query=wanted.query,
        zone=asker.zone.key, at=now, rows=None, made=0, size=0, cut=False, finished_at=None, ended="",
    )  # fmt: skip
    with transaction() as session:
        for one in listfiles.latest(session, asker.email):
            if one.query == file.query and one.finished_at is None:
                return one
        listfiles.add(session, file, KEPT)
        outbox.wake_workers(session)
    return file


def portion(number: int, now: datetime, most: int = MOST, size: int = PART) -> bool:
    """The next step: first which incidents stand in it, then their lines, a part a transaction.

    False if there is no more to do. A worker that dies leaves whole parts, and the next one goes on after them.
    """
    with reading() as session:
        file = listfiles.look(session, number)
        if file is None:
            return False
        planned = file.rows is not None
        todo = listfiles.next_part(session, number)
        text = sheet.lines(todo[1], zone_of(file.zone)) if todo else ""
        ids = [] if planned else _numbers(file, most)
    with transaction() as session:
        held = listfiles.hold(session, number)
        if held is None:
            return False
        if held.rows is None:
            held.cut = len(ids) > most
            some = ids[:most]
            listfiles.plan(session, held, [some[at : at + size] for at in range(0, len(some), size)])
        elif todo and listfiles.keep(session, number, todo[0], zlib.compress(text.encode())):
            held.made += len(todo[1])
            held.size += len(text.encode())
        session.flush()
        if listfiles.is_whole(session, number):
            held.finished_at = now
        return held.finished_at is None


def _numbers(file: ListFile, most: int) -> list[int]:
    """In the order of the list. What moves within it meanwhile stands where it was met first."""
    zone = zone_of(file.zone)
    wanted = replace(filters.of_query(file.query, file.at, zone), folded=False)
    asker = Asker(file.person_id, file.account, zone)
    meant = meaning(wanted, asker, world().roll.current(db.session()), file.at)
    found: dict[int, None] = {}
    for ids in walked(wanted, meant):
        found.update(dict.fromkeys(ids))
        if len(found) > most:
            break
    return list(found)


def walked(wanted: Filter, meant: Meant, size: int = 5_000) -> Iterator[list[int]]:
    """The numbers of a list to its end, so many at once."""
    while True:
        found = walk(wanted, meant, size)
        yield [one.id for one in found.rows]
        after = found.rows[-1].cursor(wanted.order) if len(found.rows) == size else found.stopped
        if after is None:
            return
        wanted = replace(wanted, after=after)


def give_up(number: int, now: datetime) -> bool:
    """It cannot be made, whatever is wrong: whoever asked is told, and others have their turn. Always False."""
    with transaction() as session:
        file = listfiles.hold(session, number)
        if file is not None:
            file.finished_at, file.ended = now, listfiles.FAILED
    return False


def ending(file: ListFile, most: int = MOST) -> str:
    return sheet.over(most) if file.cut else ""


def length(file: ListFile) -> int:
    """Bytes of the whole, so that a browser knows one that broke off from one that is whole."""
    return file.size + len(sheet.head().encode()) + len(ending(file).encode())


def content(file: ListFile) -> Iterator[bytes]:
    """Of one that is finished."""
    yield sheet.head().encode()
    place = 0
    while (body := listfiles.body(db.session(), file.id, place)) is not None:
        yield zlib.decompress(body)
        place += 1
    yield ending(file).encode()
