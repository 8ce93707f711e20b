"""Cases of a hostile corpus: how one is read from its manifest, made, and sent."""

import gzip
import hmac
import http.client
import json
import socket
import time
from dataclasses import dataclass

from gateway.app import create_app
from gateway.clock import SystemClock
from gateway.secrets import new_token
from gateway.settings import load
from gateway.store.db import db, transaction
from gateway.store.senders import sources as source_store
from tests.conftest import SHARED
from tests.samples import alert, group

VISIBLE = SHARED / "corpus/visible"
SILENCE = 60.0  # seconds without a word are a hang


@dataclass(frozen=True)
class Case:
    """One line of the manifest."""

    said: dict

    def __str__(self):
        return self.said["id"]

    @property
    def id(self):
        return self.said["id"]

    @property
    def cls(self):
        return self.said["cls"]

    @property
    def kind(self):
        """Of the source it is sent to."""
        return "ticket" if self.said["target"] == "ticket" else "alertmanager"

    @property
    def seconds(self):
        return self.said.get("max_seconds", 10)

    def body(self):
        """A whole body, or the pieces of one that is sent in chunks."""
        if "gen" in self.said:
            name, _, size = self.said["gen"].partition(":")
            return MADE[name](int(size) if size.isdigit() else size)
        return (VISIBLE / self.said["body"]).read_bytes() if "body" in self.said else None

    def headers(self, token):
        given = {"Content-Type": "application/json"}
        if self.said["auth"] == "valid":
            given["Authorization"] = f"Bearer {token}"
        if self.said.get("gen", "").startswith("gzip"):
            given["Content-Encoding"] = "gzip"
        return given | self.said.get("headers", {})


def cases(*classes):
    """Those of the corpus that are of these classes; none where there is no corpus."""
    if not VISIBLE.is_dir():
        return []
    lines = (VISIBLE / "manifest.jsonl").read_text().splitlines()
    return [case for case in map(Case, map(json.loads, lines)) if case.cls in classes]


def _body(**more):
    return json.dumps(group({**alert(), **more})).encode()


def _pieces(body, size):
    return [body[place : place + size] for place in range(0, len(body), size)]


def _many_labels(names):
    return {"alertname": "InstanceDown", **{f"l{number}": "v" for number in range(names)}}


MADE = {
    "nest_array": lambda depth: b"[" * depth,
    "nest_ann": lambda depth: _body(annotations="@").replace(b'"@"', b'{"summary":' * depth + b"1" + b"}" * depth),
    "summary": lambda size: _body(annotations={"summary": "x" * size}),
    "pad": lambda size: _body().ljust(size),
    "chunked": lambda size: _pieces(_body(annotations={"summary": "x" * size}), 100_000),
    "chunk1": lambda _size: _pieces(_body(annotations={"summary": "x" * 19_600}), 1),
    "gzip": lambda kind: gzip.compress(_body() if kind == "small" else b'{"alerts":"' + bytes(300 << 20), 9),
    "labels": lambda names: _body(labels=_many_labels(names)),
    "biglabel": lambda _size: _body(labels={**_many_labels(0), "n" * 10_240: "v", "big": "v" * 1_000_000}),
    "many": lambda number: json.dumps(
        group(*[alert(fingerprint=f"m{one}", place=str(one)) for one in range(number)])
    ).encode(),
    "bigann": lambda names: _body(annotations={f"a{number}": "v" * 300 for number in range(names)}),
}


def signed(mode, secret, body):
    """The body as it is sent, and its signature as the case wants it: X-Nabat-Signature, or none."""
    at = int(SystemClock().now().timestamp()) + {"old": -600, "future": 600}.get(mode, 0)

    def mac(key, data):
        return hmac.new(key.encode(), f"{at}.".encode() + data, "sha256").hexdigest()

    right = mac(secret, body)
    written = {
        "bad": f"t={at},v1={mac('another', body)}",
        "nan": f"t=abc,v1={right}",
        "v0": f"t={at},v0={right}",
        "rotate": f"t={at},v1={mac('old', body)},v1={right}",
        "upper": f"t={at},v1={right.upper()}",
        "junk": f"t={at},v1=éé",
    }
    headers = {} if mode == "none" else {"X-Nabat-Signature": written.get(mode, f"t={at},v1={right}")}
    return body + b" " if mode == "space" else body, headers


def signing_secrets(gateway, names):
    """A signing secret for the ticket source of each of these names."""
    app = create_app(load(gateway.environment))
    with app.app_context():
        try:
            with transaction() as session:
                vault, now = app.extensions["gateway"].vault, SystemClock().now()
                make = source_store.keep_signing_secret
                return {name: make(session, "ticket", name, now, vault, new_token()) for name in names}
        finally:
            db.session.remove()
            db.engine.dispose()


def send(port, method, path, headers, body):
    """The answer's status and text; "close" when the link was cut instead."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=SILENCE)
    chunked = isinstance(body, list)
    sent = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    if chunked:
        sent["Transfer-Encoding"] = "chunked"
    try:
        try:
            link.request(method, path, iter(body) if chunked else body, sent, encode_chunked=chunked)
        except (BrokenPipeError, ConnectionResetError):
            """Refused before all of it was sent: the answer may be there all the same."""
        answer = link.getresponse()
        return answer.status, answer.read(200_000)
    except (http.client.HTTPException, ConnectionError):
        return "close", b""
    finally:
        link.close()


def send_raw(port, data):
    """The status of the answer to bytes that need not be HTTP, and all that was said until the end of its head."""
    with socket.create_connection(("127.0.0.1", port), timeout=SILENCE) as link:
        said = b""
        try:
            link.sendall(data)
            while b"\r\n\r\n" not in said and (piece := link.recv(65536)):
                said += piece
        except ConnectionError:
            """Cut."""
    status = said.split(b" ")[1][:3] if said.startswith(b"HTTP/") else b""
    return (int(status) if status.isdigit() else "close"), said


def timed(call, *arguments):
    began = time.monotonic()
    return *call(*arguments), time.monotonic() - began
