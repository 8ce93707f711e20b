"""Reports: how quickly things were answered, at what cost to people, and what was noise."""

from dashboard.reports import downloads, guests, shift, views, weekly

__all__ = ["downloads", "guests", "shift", "views", "weekly"]
