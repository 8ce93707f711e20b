"""What is sent to an address that takes nothing: counted and written to the log, since most senders tell nobody."""

import time

from flask import Flask, Response, request

from gateway import log, metrics
from gateway.spells import Spell

WRITING = ("POST", "PUT")
# Beginnings of addresses that senders have: ours, and those of the services that we are spoken to as.
SENDERS = ("/ingest", "/v1/", "/v2/", "/api/v1/alerts", "/api/v2/", "/generic/", "/integration/", "/x-ere/")

_spell = Spell()  # of this process


def register(app: Flask) -> None:
    app.after_request(_notice)


def _notice(answer: Response) -> Response:
    if answer.status_code in (404, 405) and request.method in WRITING and request.path.startswith(SENDERS):
        metrics.rejected.labels("", "address").inc()
        if met := _spell.meets(time.monotonic()):
            log.warning("sent_astray", path=beginning(request.path), times=met[0])
    return answer


def beginning(path: str) -> str:
    """What of an address can be told: what comes later may be a token."""
    known = max((len(one) for one in SENDERS if path.startswith(one)), default=0)
    rest = "" if path.startswith(("/integration/", "/x-ere/")) else path[known:].strip("/").partition("/")[0]
    return path[:known].rstrip("/") + (f"/{rest}" if rest else "")
