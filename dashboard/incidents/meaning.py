"""What a filter's names mean to whoever looks at the list."""

from dashboard import queries
from dashboard.page import reader_of
from gateway.access.auth import Visit
from gateway.lists import meaning as lists
from gateway.lists.filters import Filter
from gateway.lists.meaning import Asker, Meant


def meaning(wanted: Filter, visit: Visit) -> Meant:
    asker = Asker(visit.person.person_id, visit.person.email, reader_of(visit).zone)
    return lists.meaning(wanted, asker, queries.directory(), visit.now)
