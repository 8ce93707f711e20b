"""The page Audit log: who did what to what, when, from where, with what stood there before."""

from dashboard.audit import views

__all__ = ["views"]
