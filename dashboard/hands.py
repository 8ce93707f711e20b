"""In whose hands a ticket is, and whether it waits: their list and the number beside the menu go by the same."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from rules.texts.text import one_line
from rules.words import Directory

WAITING = re.compile(r"\b(wait\w*|pending|on[ _-]?hold|hold|ожида\w*|отлож\w*)\b", re.IGNORECASE)


class Ticket(Protocol):
    """A ticket's incident, as far as this needs it."""

    @property
    def assignee_id(self) -> int | None: ...
    @property
    def snoozed_until(self) -> datetime | None: ...
    @property
    def ticket(self) -> Mapping[str, Any] | None: ...


def is_waiting(one: Ticket) -> bool:
    """For the client, or for a time that somebody has chosen."""
    return one.snoozed_until is not None or bool(WAITING.search(_said(one, "status")))


def whose(one: Ticket, directory: Directory) -> tuple[str, str]:
    """The name and the address of who has it: here, or else as the service desk says."""
    mine = directory.by_id(one.assignee_id) if one.assignee_id is not None else None
    told = one_line(_said(one, "assignee"))
    known = mine or directory.people.get(told.lower())
    return (known.name or known.email, known.email) if known else (told, "")


def is_unassigned(one: Ticket, directory: Directory) -> bool:
    """Whether it is for somebody to take."""
    return not is_waiting(one) and not whose(one, directory)[0]


def _said(one: Ticket, name: str) -> str:
    """What the service desk said last."""
    return str((one.ticket or {}).get(name) or "")
