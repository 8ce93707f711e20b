"""The pages about deliveries: what was sent to whom, by which way, whether it arrived, and what was tried."""

from dashboard.deliveries import acts, views

__all__ = ["acts", "views"]
