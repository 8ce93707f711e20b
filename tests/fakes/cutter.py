"""A relay on loopback that breaks a connection just before the n-th piece of what the client says gets through."""

import socket
import threading
from contextlib import suppress


class Cutter:
    """`cut_at(n)` arms it, once; `fired` says whether it came to that."""

    def __init__(self, goal):
        self.goal, self.left, self.fired = goal, 0, False
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._welcome, daemon=True).start()

    def cut_at(self, number):
        with self._lock:
            self.left, self.fired = number, False

    def spare(self):
        with self._lock:
            self.left = 0

    def close(self):
        self._door.close()

    def _welcome(self):
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.create_connection(self.goal)
                threading.Thread(target=self._pass_on, args=(near, far, self._is_last), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(far, near, lambda: False), daemon=True).start()

    def _is_last(self):
        with self._lock:
            self.left -= 1
            self.fired = self.fired or self.left == 0
            return self.left == 0

    def _pass_on(self, one, other, is_last):
        with suppress(OSError):
            while (data := one.recv(65536)) and not is_last():
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
