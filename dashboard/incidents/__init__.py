"""The list of incidents: what it is asked for, what it shows, what is done to many at once, and its saved views."""

from dashboard.incidents import bulk, export, new, progress, saved, views, watched

__all__ = ["bulk", "export", "new", "progress", "saved", "views", "watched"]
