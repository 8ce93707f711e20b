"""The two ways into Nabat that must answer alike: the plain Flask view, and the server's fast path."""

import asyncio
import json
import threading
import time
from types import SimpleNamespace
from urllib.parse import unquote

from gateway.doors.server import Bridge


class FlaskDoor:
    def __init__(self, app):
        self.client = app.test_client()

    def post(self, path, body, **headers):
        answer = self.client.post(
            path, data=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        return SimpleNamespace(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    def close(self):
        pass


class BridgeDoor:
    """Speaks RSGI to the bridge as granian does, body in pieces, on an event loop in a thread."""

    def __init__(self, app):
        self.bridge = Bridge(app)
        self.loop = asyncio.new_event_loop()
        self.ahead = 0.0  # seconds that its clock was turned
        self.loop.time = lambda: time.monotonic() + self.ahead
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.in_loop(lambda: self.bridge.__rsgi_init__(self.loop))

    def in_loop(self, work):
        async def run():
            work()

        asyncio.run_coroutine_threadsafe(run(), self.loop).result(15)

    def post(self, path, body, **headers):
        names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        path, _, query = path.partition("?")
        pieces = _Pieces([body[: len(body) // 2], body[len(body) // 2 :]])
        return self.speak(path, pieces, names, query_string=query)

    def get(self, path, query, headers):
        return self.speak(path, _Pieces([]), headers, method="GET", query_string=query)

    def speak(self, path, pieces, headers, **more):
        """`pieces` is iterated asynchronously, as far as the bridge wants them."""
        return self.begin(path, pieces, headers, **more)()

    def begin(self, path, pieces, headers, **more):
        """The same without waiting: what it returns waits for the answer."""
        proto = _Proto(pieces)
        usual = {
            "proto": "http", "method": "POST", "path": unquote(path), "query_string": "", "headers": headers,
            "scheme": "http", "http_version": "1.1", "server": "127.0.0.1:8000", "client": "127.0.0.1:5000",
            "authority": None,
        }  # fmt: skip
        scope = SimpleNamespace(**usual | more)
        asked = asyncio.run_coroutine_threadsafe(self.bridge.__rsgi__(scope, proto), self.loop)

        def answer():
            asked.result(30)
            (thread,) = proto.answered_by  # once
            return SimpleNamespace(status=proto.status, headers=dict(proto.headers), body=proto.body, by=thread)

        answer.asked = asked
        return answer

    def turn(self, seconds):
        """Its deadlines come nearer by so much."""

        def ahead():
            self.ahead += seconds

        self.in_loop(ahead)

    def close(self):
        self.in_loop(self.bridge.watch.cancel)
        self.bridge.__rsgi_del__(self.loop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


class _Pieces:
    def __init__(self, chunks):
        self.chunks = chunks

    async def __aiter__(self):
        for chunk in self.chunks:
            yield chunk


class _Proto:
    def __init__(self, pieces):
        self.pieces = pieces
        self.answered_by = []  # names of threads

    def __aiter__(self):
        return aiter(self.pieces)

    def response_bytes(self, status, headers, body):
        self.answered_by.append(threading.current_thread().name)
        self.status, self.headers, self.body = status, headers, body


def said(answer):
    return json.loads(answer.body)
