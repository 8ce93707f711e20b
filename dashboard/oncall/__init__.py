"""On call: who it is now and who is next, the week, who stands in for whom, gaps, fairness, and one's own shifts."""

from dashboard.oncall import actions, mine, preview, schedule, views

__all__ = ["actions", "mine", "preview", "schedule", "views"]
