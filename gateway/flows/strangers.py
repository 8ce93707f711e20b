"""Alerts that nobody knows: several processes take them in at once, and unique indexes see to what is right."""

from collections.abc import Sequence
from enum import Enum, auto

from gateway.store.directory.roll import Roll
from gateway.store.incidents.alerts import Post
from gateway.store.incidents.numbers import Streak
from rules.book import RuleBook

SURE = 3  # batches in a row that were all new: the next one is not even looked up


class Turn(Enum):
    """How alerts are taken in: within something bigger, or, last in their transaction, alone, side by side, unseen."""

    WITHIN = auto()
    ALONE = auto()
    BESIDE = auto()
    UNSEEN = auto()  # side by side, and nobody looks whether something is known of them


class NotAlone(Exception):
    """Something was known of what should have been new: it is to be taken in by the one writer of its source."""


def turn(posts: Sequence[Post], streak: Streak, roll: Roll, book: RuleBook) -> Turn:
    """Side by side if these are new, as the last ones were, and what comes at the same time makes no difference.

    It may where alerts inhibit others, with heartbeats, and for what is told by what was heard before.
    """
    plain = not (book.inhibitions or book.heartbeats or any(post.once or post.own for post in posts))
    if not plain or not streak.length:
        return Turn.ALONE
    sure = streak.length >= SURE and roll.is_read and book.version in book.kept
    return Turn.UNSEEN if sure else Turn.BESIDE
