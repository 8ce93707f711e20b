"""The pages of people and teams: who there is, whether they can be reached, and what administrators do about them."""

from dashboard.people import edit, views

__all__ = ["edit", "views"]
