"""Tickets of service desks: the list of a dispatcher, and one ticket with what was said."""

from dashboard.tickets import presence, views

__all__ = ["presence", "views"]
