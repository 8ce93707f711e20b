"""Each request has a name of its own: the audit log, errors in the log and pages about errors say it."""

import secrets

from flask import Flask

from gateway import log


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.teardown_request(_end)


def _begin() -> None:
    log.asked.set(secrets.token_hex(6))


def _end(_: BaseException | None) -> None:
    log.asked.set("")  # the thread goes on to others
