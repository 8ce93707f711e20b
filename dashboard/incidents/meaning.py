"""What a filter's names mean to whoever looks at the list."""

from dashboard import queries
from dashboard.page import reader_of
from gateway.access.auth import Visit
from gateway.lists import meaning as lists
from gateway.lists.filters import Filter
from gateway.lists.meaning import Asker, Meant


def asker_of(visit: Visit) -> Asker:
    return Asker(visit.person.person_id, visit.person.email, reader_of(visit).zone)


def meaning(wanted: Filter, visit: Visit) -> Meant:
    return lists.meaning(wanted, asker_of(visit), queries.directory(), visit.now)
