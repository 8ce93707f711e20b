"""The pages about sources: who sends to us, with which keys, what came lately, and what could not be read."""

from dashboard.sources import acts, payloads, views

__all__ = ["acts", "payloads", "views"]
