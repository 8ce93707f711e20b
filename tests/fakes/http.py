"""A real HTTP server on loopback that remembers what it was asked and misbehaves on demand.

    with FakeServer() as server:
        server.then(reply(429, headers={"Retry-After": "7"}), drop(), hang())
        ...
        assert server.requests[0].json()["title"] == "db01 is down"

Each request takes the next step of the script; after the last one `usual` answers.
"""

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


def reply(status=200, body=b"{}", headers=None):
    """An answer. A body that is no bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()

    def act(handler):
        handler.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    return act


def hang():
    """Reads the request and says nothing more until the server is closed."""
    return lambda handler: handler.server.closing.wait()


def drop():
    """Reads the request, then resets the connection."""

    def act(handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return act


def raw(data=b"\x00\x01garbage\r\n\r\n"):
    """Bytes that need not be HTTP."""
    return lambda handler: handler.wfile.write(data)


def drip(data, every=0.2):
    """One byte after the other, each of them before any time-out."""

    def act(handler):
        for byte in data:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if handler.server.closing.wait(every):
                return

    return act


class FakeServer:
    """`usual` is what every request gets when the script is over: a step, or a function of Asked that gives one."""

    def __init__(self, usual=None, tls=None):
        self.requests = []
        self.usual = usual or (lambda _asked: reply())
        self._script = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def then(self, *steps):
        self._script.extend(steps)

    def next_step(self, asked):
        with self._lock:
            self.requests.append(asked)
            return self._script.pop(0) if self._script else self.usual(asked)

    def wait_for(self, number, patience=5.0):
        """Until this many requests have come: for tests where the sender does not wait for an answer."""
        end = time.monotonic() + patience
        while len(self.requests) < number and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.requests) >= number
        return self.requests

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_failure):
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *args):
        self.closing = threading.Event()
        super().__init__(*args)

    def handle_error(self, *_args):
        """Senders that go away, or refuse our certificate, are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 30

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        self.close_connection = True
        self.server.fake.next_step(asked)(self)

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - the names are http.server's

    def log_message(self, *_args):
        """Quiet."""
