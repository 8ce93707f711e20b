"""The pages about what keeps us quiet: silences and maintenance windows."""

from dashboard.quiet import views, windows

__all__ = ["views", "windows"]
