"""A clock we turn ourselves."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self, moment=datetime(2026, 12, 5, 0, 12, tzinfo=UTC)):
        self.moment = moment

    def now(self):
        return self.moment

    def advance(self, **by):
        self.moment += timedelta(**by)

    def set(self, moment):
        self.moment = moment
