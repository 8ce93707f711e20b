"""Chance that falls the same way every time: the same words give the same dice."""

import random
from datetime import timedelta


def dice(*words: object) -> random.Random:
    return random.Random("\x1f".join(map(str, words)))  # noqa: S311 - nothing secret hangs on it


def about(rng: random.Random, minutes: float, spread: float = 0.7) -> timedelta:
    """A time whose median is so many minutes: mostly near it, now and then much longer."""
    return timedelta(seconds=round(minutes * 60 * rng.lognormvariate(0, spread), 1))
