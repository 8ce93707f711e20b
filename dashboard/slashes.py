"""An address with a slash at its end, as people type it and as other pages write it, leads to the one without."""

from flask import request


def with_query(path: str) -> str:
    """`path`, asked the same: a token of a screen or a language may stand there."""
    asked = request.query_string.decode("latin-1")
    return f"{path}?{asked}" if asked else path
