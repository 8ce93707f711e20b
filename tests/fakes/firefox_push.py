"""Firefox's own push service on loopback, as far as Firefox asks: it subscribes over a WebSocket, and is told over it.

What Nabat posts goes to the browser unopened, so that only the browser's own code reads it.
"""

import base64
import hashlib
import json
import struct
import threading

from tests.fakes.push import FakePush, encode

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of the WebSocket standard
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class FirefoxPush(FakePush):
    """`subscribed` is set as soon as a browser has a channel."""

    def __init__(self, **options):
        super().__init__(**options)
        self.subscribed = threading.Event()

    def _judge(self, asked):
        if asked.headers.get("Upgrade", "").lower() == "websocket":
            return lambda handler: _Talk(self, handler).hold(asked)
        return super()._judge(asked)


class _Channel:
    """One subscription of a real browser: it reads by itself, and what it reads we do not know."""

    def __init__(self, talk, name):
        self.talk, self.name = talk, name

    def read(self, body):
        told = {"messageType": "notification", "channelID": self.name, "version": hashlib.sha256(body).hexdigest()}
        self.talk.say(told | {"data": encode(body), "headers": {"encoding": "aes128gcm"}})
        return b"{}"


class _Talk:
    """The conversation with one browser."""

    def __init__(self, service, handler):
        self.service, self.handler = service, handler
        self.lock = threading.Lock()

    def hold(self, asked):
        self.handler.connection.settimeout(None)
        self._greet(asked.headers)
        while (frame := self._frame()) is not None:
            kind, data = frame
            if kind == PING:
                self._send(PONG, data)
            elif kind == TEXT:
                self._hear(json.loads(data))
            elif kind == CLOSE:
                return

    def say(self, told):
        self._send(TEXT, json.dumps(told).encode())

    def _hear(self, said):
        kind = said.get("messageType")
        if not said:  # its sign of life
            self.say({})
        elif kind == "hello":
            self.say({"messageType": "hello", "uaid": "0" * 32, "status": 200, "use_webpush": True, "broadcasts": {}})
        elif kind == "register":
            path = f"/push/{said['channelID']}"
            self.service.browsers[path] = _Channel(self, said["channelID"])
            place = {"channelID": said["channelID"], "pushEndpoint": self.service.url + path}
            self.say({"messageType": "register", "status": 200, **place})
            self.service.subscribed.set()
        elif kind == "unregister":
            self.service.browsers.pop(f"/push/{said['channelID']}", None)
            self.say({"messageType": "unregister", "channelID": said["channelID"], "status": 200})

    def _greet(self, headers):
        accept = base64.b64encode(hashlib.sha1((headers["Sec-WebSocket-Key"] + GUID).encode()).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {accept}")
        if "Sec-WebSocket-Protocol" in headers:
            lines.append(f"Sec-WebSocket-Protocol: {headers['Sec-WebSocket-Protocol']}")
        self.handler.wfile.write("\r\n".join([*lines, "", ""]).encode())
        self.handler.wfile.flush()

    def _send(self, kind, data):
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        with self.lock:
            self.handler.wfile.write(bytes([0x80 | kind]) + size + data)
            self.handler.wfile.flush()

    def _frame(self):
        head = self.handler.rfile.read(2)
        if len(head) < 2:
            return None
        size = head[1] & 0x7F
        if size >= 126:
            size = int.from_bytes(self.handler.rfile.read(2 if size == 126 else 8), "big")
        mask = self.handler.rfile.read(4)
        data = self.handler.rfile.read(size)
        return head[0] & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
