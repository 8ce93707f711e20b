"""What a list is asked to show, as the address says it. An unknown word is read as its default, never as an error."""

import re
from dataclasses import dataclass, replace

from flask import url_for
from werkzeug.datastructures import MultiDict

from rules.text import clean_text, one_line
from rules.words import Status, Urgency

STATUSES: dict[str, tuple[Status, ...]] = {
    "unresolved": (Status.TRIGGERED, Status.ACKNOWLEDGED),
    "open": (Status.TRIGGERED,),
    "ack": (Status.ACKNOWLEDGED,),
    "snoozed": (Status.TRIGGERED, Status.ACKNOWLEDGED),
    "resolved": (Status.RESOLVED,),
    "all": (Status.TRIGGERED, Status.ACKNOWLEDGED, Status.RESOLVED),
}
_CURSOR = re.compile(r"(\d{1,2})\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """The list of incidents that somebody wants to see."""

    status: str = "unresolved"
    urgency: str = ""
    q: str = ""
    after: tuple[int, int] | None = None  # (bucket, id) of the last row of the page before

    @property
    def walks(self) -> bool:
        """Whether the order is status, urgency, newest first; the lists that never end are newest first only."""
        return self.status in ("unresolved", "open", "ack", "snoozed")

    @property
    def snoozed(self) -> bool | None:
        """Whether what is wanted is snoozed; None if that makes no difference. So the numbers on the tabs add up."""
        return {"open": False, "ack": False, "snoozed": True}.get(self.status)

    @property
    def narrows(self) -> bool:
        return bool(self.urgency or self.q)

    @property
    def buckets(self) -> list[tuple[Status, Urgency]]:
        """The combinations of status and urgency in it, in the order of the list."""
        wanted = [one for one in Urgency if self.urgency in ("", one.value)]
        return [(status, urgency) for status in STATUSES[self.status] for urgency in wanted]

    @property
    def number(self) -> int | None:
        """The incident that is meant if the text is a number: 48213 or #48213."""
        digits = self.q.removeprefix("#")
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None

    @property
    def cursor(self) -> str:
        return f"{self.after[0]}.{self.after[1]}" if self.after else ""

    def url(self, **changes: object) -> str:
        """The address of this list with something changed; a change starts again at the first page."""
        other = replace(self, after=None, **changes) if "after" not in changes else replace(self, **changes)  # type: ignore[arg-type]
        words = {"status": "" if other.status == "unresolved" else other.status, "urgency": other.urgency}
        full = {**words, "q": other.q, "after": other.cursor}
        return url_for("dashboard.incidents", **{name: value for name, value in full.items() if value})  # type: ignore[arg-type]


def read(args: MultiDict[str, str]) -> Filter:
    status = args.get("status", "")
    urgency = args.get("urgency", "")
    found = _CURSOR.fullmatch(args.get("after", ""))
    return Filter(
        status=status if status in STATUSES else "unresolved",
        urgency=urgency if urgency in tuple(Urgency) else "",
        q=one_line(clean_text(args.get("q", "")))[:100],
        after=(int(found[1]), int(found[2])) if found else None,
    )


def before(args: MultiDict[str, str]) -> int | None:
    """The row that a page of a plain list, newest first, starts after."""
    text = args.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
