"""The pages about what keeps us quiet: silences and maintenance windows."""

from dashboard.quiet import longer, undoing, views, windows

__all__ = ["longer", "undoing", "views", "windows"]
