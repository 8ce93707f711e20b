"""The rule book is read again when its files change, and each change is written down: who, and what was before."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.rulebook.authorship import Author, author_of
from gateway.store.db import transaction
from gateway.store.incidents import book_facts
from gateway.store.upkeep import audit
from gateway.world import World
from rules.checks import book_changes

MOST = 50  # rules, policies and the like of one change that get a row each
WAY = "file"  # as the audit log says it


@dataclass(slots=True)
class Librarian:
    """One worker's eye on the book. A book that was changed while nobody ran is told of at start."""

    world: World
    noted: str = field(default="")  # the version that was told of last

    def look(self, now: datetime) -> None:
        self.world.shelf.refresh()
        book = self.world.shelf.book
        if book.version == self.noted:
            return
        author = author_of(self.world.shelf.place)
        plain = book_changes.plain(book)
        with transaction() as session:
            last = book_facts.last(session)
            if last is None or last[0] != book.version:
                book_facts.keep(session, book.version, plain, now)
            if last is not None and last[0] != book.version:
                said = _said(author)
                found = book_changes.changes(last[1], plain)
                who = author.name or "unknown"
                audit.note(
                    session, now, who, "rule book changed", "rule book", WAY, before=last[0], after=book.version,
                    changed=[one.name for one in found], **said,
                )  # fmt: skip
                for one in found[:MOST]:
                    action = f"{'rule' if one.name.startswith('rule ') else 'rule book part'} {_what(one)}"
                    audit.note(session, now, who, action, one.name, WAY, before=one.before, after=one.after, **said)
        self.noted = book.version


def _what(one: book_changes.BookChange) -> str:
    if not one.before:
        return "added"
    return "changed" if one.after else "removed"


def _said(author: Author) -> dict[str, object]:
    told = {"commit": author.commit, "subject": author.subject, "edited since": author.edited}
    return {name: value for name, value in told.items() if value}
