"""The mappings beside the tester: which there are, the sources of each, and one of them to try a body by."""

from dataclasses import dataclass
from urllib.parse import urlencode

from dashboard.reader import Reader
from dashboard.rulebook import queries
from gateway.acts import sourcing
from gateway.presets import with_ours
from gateway.world import world
from rules.senders.mappings import BodyMap
from rules.words import Kind


@dataclass(frozen=True, slots=True)
class MappingRow:
    name: str
    sender: str
    what: str  # it makes: an alert, or a ticket
    place: str  # file:line in the rule book; empty: it is brought along
    sources: tuple[str, ...]  # that it reads
    url: str  # of the tester, by it


@dataclass(frozen=True, slots=True)
class Mappings:
    own: tuple[MappingRow, ...]
    ours: tuple[MappingRow, ...]  # brought along


def mappings(reader: Reader) -> Mappings:
    book, names = world().shelf.book, queries.sources_of(sourcing.ANY_SHAPE)
    read_by = {name: how for name in names if (how := sourcing.mapping_of(sourcing.ANY_SHAPE, name, book))}
    rows = [
        _row(one, tuple(name for name, how in read_by.items() if how is one), one.name in book.mappings, reader)
        for one in with_ours(book.mappings)
    ]
    return Mappings(tuple(row for row in rows if row.place), tuple(row for row in rows if not row.place))


def named(name: str) -> BodyMap | None:
    return next((one for one in with_ours(world().shelf.book.mappings) if one.name == name), None)


def _row(one: BodyMap, names: tuple[str, ...], own: bool, reader: Reader) -> MappingRow:
    what = reader.say("a ticket") if one.kind is Kind.TICKET else reader.say("an alert")
    place = (one.place.partition(": ")[0] or one.name) if own else ""
    return MappingRow(
        one.name, one.sender or one.name, what, place, names, f"/rules/test?{urlencode({'mapping': one.name})}"
    )
