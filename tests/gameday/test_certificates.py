"""A provider whose certificate is wrong hears nothing, not in clear either, and all when it is right: F29."""

import socket
import threading
import time
from contextlib import suppress

import pytest
import trustme

from tests.databases import wait_until
from tests.gameday.harness import BOTH, sized
from tests.gameday.test_providers import first_told
from tests.security.test_tls import HOST, LONG_AGO, PAST, issued

MARGIN = 3.0  # seconds for a machine with other things to do


class Front:
    """Speaks TLS for a server behind it, with the certificate of the moment; without one it speaks no TLS at all."""

    def __init__(self, goal, context):
        self.goal, self.context = goal, context
        self.met, self.heard = 0, b""  # while the certificate is wrong: connections, and what was said on them
        self.right = context
        self._door = socket.create_server((HOST, 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._welcome, daemon=True).start()

    def _welcome(self):
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(near, self.context), daemon=True).start()

    def _serve(self, near, context):
        near.settimeout(20)
        with suppress(OSError), near:
            if context is self.right:
                with context.wrap_socket(near, server_side=True) as safe, socket.create_connection(self.goal) as far:
                    threading.Thread(target=self._pass_on, args=(far, safe), daemon=True).start()
                    self._pass_on(safe, far)
                return
            self.met += 1
            if context is None:
                near.recv(65536)  # a hello, which says nothing
                near.sendall(b"220 no TLS here\r\n")
                self.heard += near.recv(65536)
                return
            with context.wrap_socket(near, server_side=True) as safe:
                while piece := safe.recv(65536):
                    self.heard += piece

    def _pass_on(self, one, other):
        with suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
            other.close()

    def close(self):
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()


@BOTH
@sized(full=60)
@pytest.mark.timeout(600)
def test_f29_a_certificate_is_wrong(game, database, size, tmp_path):
    """Expired, of another host, of nobody we know, and no TLS at all; then the right one again."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    wrong = [
        issued(authority, HOST, not_before=LONG_AGO, not_after=PAST), issued(authority, "other.example"),
        issued(trustme.CA(), HOST), None,
    ]  # fmt: skip
    run = game("F29", database)
    front = Front((HOST, int(run.ledger.url.rpartition(":")[2])), issued(authority, HOST))
    place, known = f"https://{HOST}:{front.port}", str(tmp_path / "authority.pem")
    run.web()
    run.worker(NABAT_PAGERDUTY_EVENTS_URL=place, SSL_CERT_FILE=known)
    run.load(emergency_every=1.0)
    run.wait_for_pages(2)
    before = len(run.ledger.pages())
    for context in wrong:
        met, front.context = front.met, context
        time.sleep(size / len(wrong))
        wait_until(lambda met=met: front.met > met, 60)
    slowest, met = max(first_told(run)), front.met
    front.context = front.right
    wait_until(lambda: len(run.ledger.pages()) > before + 2, 90)
    said = run.gateway.value("SELECT count(*) FROM entry WHERE kind = 'attempt failed' AND detail LIKE '%TLS%'")
    run.finish(note=f"{size} s, {met} connections, {len(front.heard)} bytes; another way after {slowest:.1f} s at most")
    front.close()
    assert front.heard == b""
    assert said > 0
    assert slowest <= MARGIN + 2.0
