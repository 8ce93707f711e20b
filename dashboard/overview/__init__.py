"""The overview: the state of the whole at one look."""

from dashboard.overview import views

__all__ = ["views"]
