"""The public status page, its feed and badge; and the pages on which people write what stands there."""

from dashboard.status import components, history, mail, public, views

__all__ = ["components", "history", "mail", "public", "views"]
