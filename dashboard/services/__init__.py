"""The pages of services: what each is doing, whose it is, who is told of it, and what makes noise there."""

from dashboard.services import views

__all__ = ["views"]
