"""A page of the Flask app, asked for as a WSGI server does."""

from typing import Any

from flask import Flask

from gateway.reply import Answer


def answer_of(app: Flask, environ: dict[str, Any]) -> Answer:
    """The whole answer. Raises what the app lets through."""
    caught: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Any:
        caught["status"], caught["headers"] = int(status.split(" ", 1)[0]), headers
        return None

    pieces = app.wsgi_app(environ, start_response)
    try:
        content = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    return Answer(caught["status"], content, tuple(caught["headers"]))
