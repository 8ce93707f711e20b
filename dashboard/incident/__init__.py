"""The incident page: what happens, who was told and who is next, why, what can be done about it."""

from dashboard.incident import acting, amending, printed, views

__all__ = ["acting", "amending", "printed", "views"]
