"""The page of ours that a request came from, so that whoever meets an error or a sign-in finds the way back."""

from urllib.parse import urlsplit, urlunsplit

from flask import Request


def came_from(asked: Request) -> str:
    """Its path and query; empty if it came from elsewhere."""
    try:
        came = urlsplit(asked.headers.get("HX-Current-URL") or asked.referrer or "")
    except ValueError:  # no address at all, such as http://[
        return ""
    ours = came.netloc == asked.host and came.path.startswith("/") and not came.path.startswith(("//", "/\\"))
    return urlunsplit(("", "", came.path, came.query, "")) if ours else ""
