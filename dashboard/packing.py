"""Pages are sent compressed, where nobody can learn from their size what stands in them."""

import gzip
import io
import secrets
from http import HTTPStatus

from flask import Flask, Response, request

LEAST = 1_000  # bytes: less fits into one packet anyway
LEVEL = 6  # a page of fifty rows: 0.8 ms, and a twentieth smaller than by 4, which takes 0.5
NOISE = 100  # bytes at most, of random length: sizes of two answers tell little
OURS = ("same-origin", "none")  # whoever clicked here, or typed the address


def pack(answer: Response) -> Response:
    """A page that another site made a browser ask for goes as it is.

    Such a site chooses a part of the address, and so of the page; with a wire to listen on it could guess the form
    token by what compresses best (BREACH).
    """
    if (
        answer.mimetype != "text/html"
        or answer.status_code == HTTPStatus.NO_CONTENT
        or answer.is_streamed
        or answer.direct_passthrough
        or answer.cache_control.public  # for everybody alike: made ready by its page
    ):
        return answer
    answer.vary.update(("Accept-Encoding", "Sec-Fetch-Site"))
    body = answer.get_data()
    if "Content-Encoding" in answer.headers or not is_wanted(body):
        return answer
    answer.set_data(packed(body))
    answer.headers["Content-Encoding"] = "gzip"
    return answer


def is_wanted(body: bytes) -> bool:
    """Whether who asks now may be sent this compressed, and it is worth it."""
    unsaid = "" if request.is_secure else "none"  # old browsers do not say it; without TLS no browser does
    ours = request.headers.get("Sec-Fetch-Site", unsaid) in OURS
    return ours and request.accept_encodings.quality("gzip") > 0 and len(body) >= LEAST


def packed(body: bytes) -> bytes:
    """gzip has a place for a name, which browsers skip: noise of ours."""
    into = io.BytesIO()
    noise = "x" * secrets.randbelow(NOISE)
    with gzip.GzipFile(noise, "wb", LEVEL, into, mtime=0) as packing:
        packing.write(body)
    return into.getvalue()


def register(app: Flask) -> None:
    app.after_request(pack)
