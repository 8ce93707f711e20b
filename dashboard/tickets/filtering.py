"""The list of tickets narrowed as every list is: the words of the filter box, a ticket's number, a client."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from dashboard.incidents import filters
from dashboard.tickets import queries
from dashboard.tickets.queries import PAGE, Found
from gateway.lists.filters import Problem
from gateway.lists.matching import MOST_TRIED, TRIED, of_these
from gateway.lists.meaning import Meant

TABS = ("unassigned", "mine", "waiting", "open", "closed")


@dataclass(frozen=True, slots=True)
class Filter(filters.Filter):
    """What the list of tickets is asked to show, as a page that leads to others like it."""

    tab: str = TABS[0]

    def url(self, endpoint: str = "tickets", **changes: Any) -> str:
        """The address of this list with something changed; a change starts again at the first page."""
        other, after = replace(self, **{**changes, "after": None}), changes.get("after")
        plain = [("tab", "" if other.tab == TABS[0] else other.tab), *other.pairs(page=False), ("after", after)]
        query = urlencode([(name, value) for name, value in plain if value])
        place = url_for(f"dashboard.{endpoint}")
        return f"{place}?{query}" if query else place

    @property
    def is_on(self) -> bool:
        return self.narrows or self.status not in ("unresolved", "resolved", "all")


def read(args: MultiDict[str, str], now: datetime, zone: ZoneInfo) -> Filter:
    found = filters.read(args, now, zone)
    given = {field.name: getattr(found, field.name) for field in fields(found)}
    if found.sort != "-urgency":
        given["problems"] = (*found.problems, Problem("sort", found.sort, "not here"))
    tab = tab if (tab := args.get("tab", "")) in TABS else TABS[0]
    if found.status == "resolved" or tab == "closed":  # there is no other way to be closed
        tab = "closed"
        given["status"] = "resolved"
    return Filter(**{**given, "sort": "-urgency", "folded": True}, tab=tab)


def kept(found: Sequence[Found], wanted: Filter, meant: Meant) -> list[Found]:
    """Those of them that were asked for. The text is looked for in what is said of a ticket, too."""
    if not wanted.is_on:
        return list(found)
    text = wanted.q.casefold()
    said = [one for one in found if not text or one.id in meant.tickets or _says(one, text)]
    good = of_these(replace(wanted, q=""), meant, [one.id for one in said])
    return [one for one in said if one.id in good]


def _says(one: Found, text: str) -> bool:
    client = one.word("requester")
    names = [str(client.get(name) or "") for name in ("name", "email")] if isinstance(client, dict) else []
    told = (one.title, one.service, str(one.word("key") or ""), *names)
    return text.removeprefix("#") == str(one.id) or any(text in word.casefold() for word in told)


def closed(after: int | None, wanted: Filter, meant: Meant) -> tuple[list[Found], int | None]:
    """One page, the newest first, and behind which number the next begins. A number that is asked for comes first."""
    if not wanted.is_on:
        found = queries.resolved(after)
        return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None
    exact = queries.of_numbers(meant.tickets) if after is None else []
    good = [one for one in kept(exact, wanted, meant) if one.status == "resolved"]
    for _ in range(MOST_TRIED // TRIED):
        tried = queries.resolved(after, TRIED)
        good += [one for one in kept(tried, wanted, meant) if one.id not in meant.tickets]
        if len(good) > PAGE:
            return good[:PAGE], good[PAGE - 1].id
        if len(tried) < TRIED:
            return good, None
        after = tried[-1].id
    return good, after
