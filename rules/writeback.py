"""Whether what a service desk says of its ticket overtakes what it was still to be told. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def overtakes(
    says: str, before: str, at: datetime | None, word: Mapping[str, Any], written: datetime, told: Mapping[str, Any]
) -> bool:
    """It gave the ticket to somebody else after our word was written.

    `says` and `before`: who has it by this message and by those before; `told`: whom it heard of from us last. What it
    only repeats is no news, nor is what it said before our word and we hear late.
    """
    if not says or says == before or (at is not None and at <= written):
        return False
    return not _names(says, word) and not _names(says, told)


def _names(says: str, person: Mapping[str, Any]) -> bool:
    return says.casefold() in (str(person.get(part, "")).casefold() for part in ("email", "name"))
