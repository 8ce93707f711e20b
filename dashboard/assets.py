"""Style, scripts and icons: read once, sent compressed, kept by browsers for ever under an address with their hash."""

import hashlib
import mimetypes
import re
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import rjsmin
from flask import Response, abort, request

from dashboard.blueprint import bp

FOLDER = Path(__file__).parent / "static"
SENT = {".css", ".js", ".svg", ".png", ".webmanifest"}  # nothing else in the folder is anybody's business
TOGETHER = {  # one request for all of them
    "page.js": ("vendor/htmx.min.js", "vendor/idiomorph-ext.min.js", "pending.js", "app.js"),
    "i.svg": ("vendor/icons.svg",),  # a short name: a list of fifty says it two hundred times
    "incident.css": ("acts.css", "incident.css", "notes.css"),
    "tickets.css": ("acts.css", "tickets.css", "notes.css"),
}
NOTE = rb"/\*(?:(?!\*/).)*\*/[ \t]*"
FOR_PEOPLE = re.compile(  # of a style: comments that fill or end a line, and what sets a line in
    rb"^[ \t]*" + NOTE + rb"\n|[ \t]*" + NOTE + rb"$|^[ \t]+", re.MULTILINE | re.DOTALL
)
STYLE = re.compile(rb"(\"[^\"]*\"|'[^']*')|\s*([{};,])\s*|(:)[ \t]+")  # what is quoted stays; room around marks goes
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    packed: bytes
    kind: str
    digest: str


@cache
def _assets() -> dict[str, Asset]:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix in SENT]
    found = {path.relative_to(FOLDER).as_posix(): _lean(path) for path in files}
    made = {name: _between(name).join(found[part] for part in parts) for name, parts in TOGETHER.items()}
    for parts in TOGETHER.values():
        for part in parts:
            found.pop(part, None)
    found.update(made)
    return {name: _asset(name, body) for name, body in found.items()}


def _between(name: str) -> bytes:
    """A script may end without its semicolon; in a style or a picture one would be a mistake."""
    return b";\n" if name.endswith(".js") else b"\n"


def _lean(path: Path) -> bytes:
    """A file of ours without what is there for people, a tenth of what travels; what others wrote goes as it is."""
    body = path.read_bytes()
    if path.parent != FOLDER:
        return body
    if path.suffix == ".js":
        return bytes(rjsmin.jsmin(body))
    return _close(FOR_PEOPLE.sub(b"", body)) if path.suffix == ".css" else body


def _close(style: bytes) -> bytes:
    """Without the room that a style does not need: a twentieth of what travels."""
    return STYLE.sub(lambda found: found[1] or found[2] or found[3], style).replace(b";}", b"}")


def _asset(name: str, body: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(body, _packed(body), kind, hashlib.sha256(body).hexdigest()[:8])


def _packed(body: bytes) -> bytes:
    """As small as gzip makes it: which way that is depends on the file."""
    return min((_gzip(body, *how) for how in product((8, 9), (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED))), key=len)


def _gzip(body: bytes, memory: int, strategy: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31, memory, strategy)  # 31: gzip, with no time in it
    return packing.compress(body) + packing.flush()


def asset(name: str) -> str:
    """The address of a file of ours; it changes when the file does."""
    return f"/static/{name}?v={_assets()[name].digest}"


def addresses() -> list[str]:
    """Of all files that pages are made of; not the pictures, which nobody needs without a network."""
    return [asset(name) for name in sorted(_assets()) if not name.endswith(".png")]


@cache
def version() -> str:
    """Another one whenever any file is."""
    return hashlib.sha256("".join(asset(name) for name in sorted(_assets())).encode()).hexdigest()[:12]


@bp.get("/static/<path:name>")
def static_file(name: str) -> Response:
    found = _assets().get(name)
    if found is None:
        abort(404)
    packed = request.accept_encodings.quality("gzip") > 0
    answer = Response(found.packed if packed else found.body, mimetype=found.kind)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == found.digest else "no-cache"
    answer.set_etag(found.digest + ("-gzip" if packed else ""))
    answer.make_conditional(request)
    return answer
