"""The overview: the state of the whole at one look."""

from dashboard.overview import checklist, views

__all__ = ["checklist", "views"]
