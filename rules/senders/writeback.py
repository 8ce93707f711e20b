"""Whether a service desk says what we did there, and whether what it says overtakes what it was to be told. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def names_of(account: str) -> frozenset[str]:
    """What the account is called that we write as there, as somebody entered it: with commas between."""
    return frozenset(name.strip().casefold() for name in account.split(",")) - {""}


def is_own(by: Iterable[str], ours: frozenset[str]) -> bool:
    """Whether it was we who did it, by the names of who did."""
    return bool(ours) and any(name.strip().casefold() in ours for name in by)


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
