"""Which services a rule book names: in the conditions of its rules, and as the key of its lookup tables. Pure."""

from collections.abc import Iterator, Mapping

from rules.book import RuleBook
from rules.matchers import Group, Matcher
from rules.route_keys import Rule

LABEL = "service"
MOST = 2_000


def named(book: RuleBook) -> Mapping[str, Rule | None]:
    """Each with the first rule that names it; none where only a table does."""
    found: dict[str, Rule | None] = {}
    for rule in book.routes:
        for part in rule.match:
            for name in _values(part):
                found.setdefault(name, rule)
    for table in book.lookups:
        for name in table.rows if table.by == LABEL else ():
            found.setdefault(name, None)
    return dict(list(found.items())[:MOST])


def _values(part: Matcher | Group) -> Iterator[str]:
    """What the label may be where this holds, as far as it is written out."""
    if isinstance(part, Matcher):
        yield from (value for value in part.values if value and part.label == LABEL)
    elif part.kind != "not":
        for inner in part.parts:
            yield from _values(inner)
