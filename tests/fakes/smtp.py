"""A mail server on loopback that keeps the mail and can fail at every step of the conversation.

    with FakeSmtp() as server:
        server.at("rcpt", "550 5.1.1 no such user")
        server.at("body", DROP)

Steps: connect, ehlo, starttls, auth, mail, rcpt, data (before the text), body (after it). Each step that is set happens
once; then all is well again.
"""

import base64
import email
import email.policy
import socket
import socketserver
import struct
import threading

HANG, DROP = "hang", "drop"
USUAL = {
    "connect": "220 fake ESMTP",
    "starttls": "220 go ahead",
    "auth": "235 2.7.0 welcome",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go on",
    "body": "250 2.0.0 queued",
}


class FakeSmtp:
    def __init__(self, tls=None, implicit=False):
        self.mails = []  # parsed
        self.envelopes = []  # (sender, recipients, raw bytes)
        self.logins = []
        self.commands = []  # (what came, whether it was encrypted)
        self.tls = tls
        self.implicit = implicit
        self.closing = threading.Event()
        self._planned = {}
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.fake = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def url(self, user="", query=""):
        return f"smtp{'s' if self.implicit else ''}://{user}127.0.0.1:{self.port}{query}"

    def at(self, step, answer):
        self._planned[step] = answer

    def answer(self, step):
        return self._planned.pop(step, USUAL.get(step))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_failure):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *_args):
        """Clients that go away are what these tests are about."""


class _Over(Exception):
    pass


class _Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        self.fake = self.server.fake
        self.encrypted = False
        if self.fake.implicit:
            self._encrypt()
        self.lines = self.request.makefile("rb")
        try:
            self._say("connect")
            while line := self.lines.readline():
                self._obey(line.decode("latin-1").strip())
        except (_Over, OSError):
            return
        finally:
            self.lines.close()
            self.request.close()

    def _obey(self, command):
        self.fake.commands.append((command, self.encrypted))
        verb = command.split(" ")[0].upper()
        getattr(self, f"_{verb.lower()}", self._unknown)(command)

    def _ehlo(self, _command):
        planned = self.fake.answer("ehlo")
        offers = ["STARTTLS"] if self.fake.tls and not self.encrypted else []
        lines = ["fake", *offers, "AUTH PLAIN", "8BITMIME", "SIZE 10000000"]
        self._send(planned or "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines))

    def _helo(self, _command):
        self._send("250 fake")

    def _starttls(self, _command):
        self._say("starttls")
        self.lines.close()
        self._encrypt()
        self.lines = self.request.makefile("rb")

    def _auth(self, command):
        _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
        self.fake.logins.append((user, password))
        self._say("auth")

    def _mail(self, command):
        self.sender, self.recipients = command[len("MAIL FROM:<") :].partition(">")[0], []
        self._say("mail")

    def _rcpt(self, command):
        self.recipients.append(command[len("RCPT TO:<") :].partition(">")[0])
        self._say("rcpt")

    def _data(self, _command):
        if not self._say("data").startswith("354"):
            return
        body = b""
        while (line := self.lines.readline()) and line != b".\r\n":
            body += line.removeprefix(b".")
        answer = self.fake.answer("body")
        if answer.startswith("250"):  # kept before the answer: who has the answer may look at once
            self.fake.envelopes.append((self.sender, self.recipients, body))
            self.fake.mails.append(email.message_from_bytes(body, policy=email.policy.default))
        self._send(answer)

    def _rset(self, _command):
        self._send("250 ok")

    def _quit(self, _command):
        self._send("221 bye")
        raise _Over

    def _unknown(self, _command):
        self._send("502 what?")

    def _say(self, step):
        answer = self.fake.answer(step)
        self._send(answer)
        return answer

    def _send(self, answer):
        if answer == HANG:
            self.fake.closing.wait()
            raise _Over
        if answer == DROP:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.lines.close()
            self.request.close()
            raise _Over
        self.request.sendall(answer.encode() + b"\r\n")

    def _encrypt(self):
        self.request = self.fake.tls.wrap_socket(self.request, server_side=True)
        self.encrypted = True
