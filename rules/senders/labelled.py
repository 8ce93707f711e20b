"""The priority that the labels of an issue give it, where its desk has none: P1, priority::high, critical. Pure."""

import re
from collections.abc import Iterable

MEANS = {
    word: priority
    for priority, words in {
        "critical": "critical blocker urgent highest emergency p0 0 s0 sev0 1-critical",
        "high": "high major p1 1 s1 sev1 important",
        "normal": "medium normal moderate p2 2 s2 sev2",
        "low": "low minor trivial lowest p3 p4 3 4 s3 s4 sev3 sev4",
    }.items()
    for word in words.split()
}
ALONE = ("critical", "blocker", "urgent", "p0", "p1", "p2", "p3", "p4")  # said without saying of what
ORDER = ("critical", "high", "normal", "low")
LONGEST = 100  # characters of one that means something: of a long one with many spaces the pattern would never be done
_OF = re.compile(r"(?:priority|prio|severity|sev)\s*(?:::|[:/=_ -])\s*(.+)|(.+?)[ _-](?:priority|prio|severity)")


def priority_of(labels: Iterable[str]) -> str:
    """The highest that they name; empty if none does."""
    found = {_meant(name) for label in labels if len(name := label.strip().casefold()) <= LONGEST}
    return next((one for one in ORDER if one in found), "")


def _meant(label: str) -> str:
    said = _OF.fullmatch(label)
    if said is None:
        return MEANS[label] if label in ALONE else ""
    return MEANS.get((said[1] or said[2]).strip(), "")
