"""What the list is asked to show, with the addresses that say so."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from gateway.lists import filters
from gateway.lists.filters import PAGE


@dataclass(frozen=True, slots=True)
class Filter(filters.Filter):
    """The list of incidents that somebody wants to see, as a page that leads to others like it."""

    def url(self, endpoint: str = "incidents", **changes: Any) -> str:
        """The address of this list with something changed; a change starts again at the first page."""
        other = replace(self, **{"after": None, "rows": PAGE, **changes})
        query = urlencode(other.pairs())
        place = _place(endpoint, request.script_root)
        return f"{place}?{query}" if query else place


@lru_cache(maxsize=64)
def _place(endpoint: str, root: str) -> str:  # noqa: ARG001 - the address hangs on it
    """A page of the list has two dozen addresses, nearly all of the same few places."""
    return url_for(f"dashboard.{endpoint}")


def read(args: MultiDict[str, str], now: datetime, zone: ZoneInfo) -> Filter:
    found = filters.read(args, now, zone)
    return Filter(**{field.name: getattr(found, field.name) for field in fields(found)})
