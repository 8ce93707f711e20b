"""First run: five steps from an empty installation to a test alert that somebody has acknowledged."""

from dashboard.setup import views

__all__ = ["views"]
