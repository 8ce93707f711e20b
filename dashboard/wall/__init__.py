"""The wallboard: the state of the whole on a screen that nobody touches, a page after the other."""

from dashboard.wall import views

__all__ = ["views"]
