"""Tickets of service desks: the list of a dispatcher, and one ticket with what was said."""

from dashboard.tickets import views

__all__ = ["views"]
