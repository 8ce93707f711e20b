"""The page of ours that a request came from, so that whoever meets an error or a sign-in finds the way back."""

from urllib.parse import urlsplit, urlunsplit

from flask import Request, current_app


def came_from(asked: Request) -> str:
    """Its path and query; empty if it came from elsewhere, or from an answer at an address that is only posted to."""
    try:
        came = urlsplit(asked.headers.get("HX-Current-URL") or asked.referrer or "")
    except ValueError:  # no address at all, such as http://[
        return ""
    ours = came.netloc == asked.host and came.path.startswith("/") and not came.path.startswith(("//", "/\\"))
    shown = ours and current_app.url_map.bind("").test(came.path, "GET")
    return urlunsplit(("", "", came.path, came.query, "")) if shown else ""
