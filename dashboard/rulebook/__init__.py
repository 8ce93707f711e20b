"""The pages about the rule book: its rules, its policies, and a payload tried out on them. They only read."""

from dashboard.rulebook import policies, tester, views

__all__ = ["policies", "tester", "views"]
