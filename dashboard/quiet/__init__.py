"""The pages about what keeps us quiet: silences and maintenance windows."""

from dashboard.quiet import longer, views, windows

__all__ = ["longer", "views", "windows"]
