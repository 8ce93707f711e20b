"""Alerts that nobody knows, decided on while another process writes to SQLite's one file: then only writing is left.

In a storm the processes of a machine wait for each other all the time. What one does meanwhile is not done in its turn.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from gateway import log
from gateway.flows import intake, strangers
from gateway.flows.arriving import Outcome
from gateway.flows.intake import Decided
from gateway.flows.strangers import Turn
from gateway.store.incidents.alerts import Post
from gateway.store.incidents.numbers import Handful
from gateway.store.sql.pieces import Unanswered
from gateway.world import World
from rules.book import RuleBook


class Ahead:
    """One batch of posts that nobody looks up (Turn.UNSEEN): how far it is decided on, the first ones first."""

    def __init__(self, world: World) -> None:
        self._streak, self._roll = world.streak, world.roll
        self._book: RuleBook | None = None  # by which it is decided
        self._handful: Handful | None = None
        self._decided: list[Decided] = []
        self._posts = 0  # that are decided on
        self._waits = False  # for another process
        self._ends = False  # the rest needs the database

    def decide(self, session: Session, posts: Sequence[Post], book: RuleBook, now: datetime) -> bool:
        """Goes on with all the `posts` of the batch so far. False if there was nothing that can be done now."""
        if len(posts) == self._posts or self._ends:
            return False
        self._ends = True
        try:
            if self.fits(book) and strangers.turn(posts, self._streak, self._roll, book) is Turn.UNSEEN:
                self._go_on(session, posts, book, now)
        except Unanswered:
            return False
        except Exception as problem:  # noqa: BLE001 - whatever it is, the turn itself meets it again, and deals with it
            log.warning("not_decided_ahead", problem=type(problem).__name__)
        return not self._ends

    def _go_on(self, session: Session, posts: Sequence[Post], book: RuleBook, now: datetime) -> None:
        self._waits = True
        handful, rest = self._take(book), posts[self._posts :]
        self._decided.append(intake.decide_unseen(session, rest, book, self._roll, now, handful))
        self._posts, self._ends = len(posts), False

    def fits(self, book: RuleBook) -> bool:
        """Nothing of it was decided by another book."""
        return self._book is None or self._book is book

    def receive(self, session: Session, posts: Sequence[Post], book: RuleBook, now: datetime) -> list[Outcome]:
        """Takes in `posts`, the whole batch. Raises what receive_unseen() does if something of it is known."""
        handful = self._take(book)
        decided, rest = posts[: self._posts], posts[self._posts :]
        found = intake.receive_decided(session, self._decided, decided, self._roll) if decided else []
        if rest:
            found += intake.receive_unseen(session, rest, book, self._roll, now, handful)
        if self._waits:  # and so will the next
            handful.set_aside(session, sum(len(outcome.opened) for outcome in found), now)
        return found

    def keep(self) -> None:
        """It is committed."""
        if self._handful is not None:
            self._handful.keep()

    def _take(self, book: RuleBook) -> Handful:
        if self._handful is None:
            self._book, self._handful = book, self._streak.numbers.take()
        return self._handful
