"""Wires that go dead without a word: a network of our own to PostgreSQL, a relay that stops relaying or refuses.

with Network() as network:                  # needs root on Linux, else CannotCut
    network.relay(socket_folder, port)      # PostgreSQL's own door, seen at network.address
    network.cut()                           # nothing comes back any more, not even a reset
"""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

RELAY = Path(__file__)
ASKS = {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3}  # as we tell PostgreSQL to


class CannotCut(Exception):
    """This machine gives us no network of our own."""


class Network:
    """Two ends of a cable, one of them in a network of its own where nothing but a relay lives."""

    def __init__(self):
        self.name = f"nabat{os.getpid() % 100_000}"
        third = os.getpid() % 250 + 1
        self.here, self.address = f"10.213.{third}.1", f"10.213.{third}.2"
        self._relay = None

    def __enter__(self):
        try:
            self._ip("netns", "add", self.name)
            self._ip("link", "add", f"{self.name}a", "type", "veth", "peer", "name", f"{self.name}b")
            self._ip("link", "set", f"{self.name}b", "netns", self.name)
            self._ip("addr", "add", f"{self.here}/30", "dev", f"{self.name}a")
            self._ip("link", "set", f"{self.name}a", "up")
            self._ip("-n", self.name, "addr", "add", f"{self.address}/30", "dev", f"{self.name}b")
            self._ip("-n", self.name, "link", "set", f"{self.name}b", "up")
        except (OSError, subprocess.CalledProcessError) as problem:
            self.__exit__()
            raise CannotCut(str(problem)) from problem
        return self

    def __exit__(self, *_failure):
        if self._relay is not None:
            self._relay.kill()
            self._relay.communicate(timeout=10)
        for words in (("link", "del", f"{self.name}a"), ("netns", "del", self.name)):
            with suppress(OSError, subprocess.CalledProcessError):
                self._ip(*words)

    def relay(self, folder, port):
        """What comes to `address` and `port` goes to the socket in the folder: files know no networks."""
        self._relay = self.start(str(RELAY), self.address, str(port), str(folder))
        assert self._relay.stdout.readline() == b"ready\n"

    def start(self, *arguments):
        """A Python process on the far side, which knows our program."""
        command = ["ip", "netns", "exec", self.name, sys.executable, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=RELAY.parents[2])

    def cut(self):
        self._ip("-n", self.name, "link", "set", f"{self.name}b", "down")

    def mend(self):
        self._ip("-n", self.name, "link", "set", f"{self.name}b", "up")

    def _ip(self, *words):
        subprocess.run(["ip", *words], check=True, capture_output=True)


class Relay:
    """Passes bytes on, until it is `frozen`: then connections stay open and nothing moves. While it is `refusing`, who
    comes is sent away with a reset; while `flapping`, every two seconds so or so.

    Whoever comes is asked after for PostgreSQL, which cannot do it through us: else it would keep for ever what a link
    held that was cut between two packets and said nothing more.
    """

    def __init__(self, place, goal):
        self.goal, self.frozen = goal, threading.Event()
        self.refusing, self.flapping = threading.Event(), threading.Event()
        self._door = socket.create_server(place)
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._welcome, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_failure):
        self.frozen.clear()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _welcome(self):
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:  # of one that waited and whose wire was cut meanwhile, unless the door is closed
                if self._door.fileno() < 0:
                    return
                continue
            if self.refusing.is_set() or (self.flapping.is_set() and time.monotonic() % 4 < 2):
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                near.close()
                continue
            try:
                far = self._dial()
            except OSError:
                near.close()
                continue
            near.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ASKS.items():
                near.setsockopt(socket.IPPROTO_TCP, option, value)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _dial(self):
        far = socket.socket(socket.AF_UNIX if isinstance(self.goal, str) else socket.AF_INET, socket.SOCK_STREAM)
        try:
            far.connect(self.goal)
        except OSError:
            far.close()
            raise
        return far

    def _pass_on(self, one, other):
        with suppress(OSError):
            while data := one.recv(65536):
                while self.frozen.is_set():
                    time.sleep(0.01)
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        one.close()


if __name__ == "__main__":
    address, port, folder = sys.argv[1:]
    Relay((address, int(port)), f"{folder}/.s.PGSQL.{port}")
    print("ready", flush=True)  # noqa: T201 - whoever started us waits for it
    threading.Event().wait()
