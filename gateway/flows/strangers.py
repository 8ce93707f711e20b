"""Alerts that nobody knows: several processes take them in at once, and unique indexes see to what is right."""

from collections.abc import Sequence
from enum import Enum, auto

from gateway.store.alerts import Post
from gateway.world import STRANGERS, World
from rules.book import RuleBook


class Turn(Enum):
    """How alerts are taken in: within something bigger, or, last in their transaction, alone or side by side."""

    WITHIN = auto()
    ALONE = auto()
    BESIDE = auto()


class NotAlone(Exception):
    """Something was known of what should have been new: it is to be taken in by the one writer of its source."""


def turn(posts: Sequence[Post], world: World, book: RuleBook) -> Turn:
    """Side by side if these are new, as the last ones were, and what comes at the same time makes no difference.

    It may where alerts inhibit others, with heartbeats, and for what is told by what was heard before.
    """
    plain = not (book.inhibitions or book.heartbeats or any(post.once or post.own for post in posts))
    return Turn.BESIDE if plain and STRANGERS in world.moods else Turn.ALONE


def remember(world: World, *, new: bool) -> None:
    if new:
        world.moods.add(STRANGERS)
    else:
        world.moods.discard(STRANGERS)
