"""A page of the Flask app, asked for as a WSGI server does."""

from typing import Any

from flask import Flask

from gateway.quick import Told


def told_by(app: Flask, environ: dict[str, Any]) -> Told:
    """The whole answer. Raises what the app lets through."""
    caught: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Any:
        caught["status"], caught["headers"] = int(status.split(" ", 1)[0]), headers
        return None

    answer = app.wsgi_app(environ, start_response)
    try:
        content = b"".join(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    return Told(caught["status"], tuple(caught["headers"]), content)
