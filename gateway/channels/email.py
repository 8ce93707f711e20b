"""E-mail over SMTP: accepted only at the 250 after the text, never in clear where encryption was asked for."""

import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.policy import SMTP
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from gateway.channels import AddressEnded, Message, PermanentFailure, TemporaryFailure
from gateway.outward import addresses
from gateway.outward.dialing import CONNECT, Deadline, UnknownHost, resolve, words_of
from gateway.outward.letter import write
from gateway.outward.mailing import check, host_of, plain_address, sender_of
from gateway.outward.outbound import DEADLINE, trust
from rules.texts.text import clean_text, cut, one_line

LABEL = "E-mail"
ENV = ("NABAT_SMTP_URL", "NABAT_MAIL_FROM")
NEEDS = ("NABAT_SMTP_URL", "NABAT_MAIL_FROM")
SECRET = False
NOBODY = re.compile(r"5\.1\.[1236]\b")  # RFC 3463: there is no such mailbox, or no such domain

__all__ = ["ENV", "LABEL", "NEEDS", "SECRET", "check", "send"]


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    wrong = check(message.address, env)
    if wrong:
        raise PermanentFailure(wrong)
    mail = write(message, env)
    sender, recipient = sender_of(env)[1], plain_address(message.address)
    with Deadline(deadline) as limit:
        session = _Session(urlsplit(env["NABAT_SMTP_URL"]), host_of(sender), limit)
        try:
            session.open()
            session.sendmail(sender, [recipient], mail.as_bytes(policy=SMTP))
            session.putcmd("QUIT")  # said, not waited for: the mail is theirs since the 250
        except (OSError, UnicodeError, UnknownHost) as problem:  # smtplib's are OSErrors too
            if not session.accepted:
                raise _verdict(problem, session) from problem
        finally:
            session.close()
    return str(mail["Message-ID"])


class _Session(smtplib.SMTP):
    """One conversation, bounded by one deadline; it knows from when on the mail may have been taken."""

    def __init__(self, url: SplitResult, own_name: str, limit: Deadline) -> None:
        super().__init__(local_hostname=own_name)  # else smtplib asks the name server who we are
        self.url = url
        self.limit = limit
        self.handed_over = False
        self.accepted = False
        self.server = url.hostname or ""

    def open(self) -> None:
        secure = self.url.scheme == "smtps"
        port = self.url.port or (465 if secure else 587 if self.url.username else 25)
        found = resolve(self.server, port, min(CONNECT, self.limit.left()))
        self.sock = self._wrapped(self.limit.connect(port, found), secure)
        code, words = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self.ehlo_or_helo_if_needed()
        if not secure and self._wants_starttls():
            self._host = self.server  # whose certificate it must be
            self.starttls(context=trust())
            self.ehlo_or_helo_if_needed()
        if self.url.username:
            self.login(unquote(self.url.username), unquote(self.url.password or ""))

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.handed_over = True
        code, words = super().data(msg)
        self.accepted = code == 250
        return code, words

    def _wrapped(self, connection: socket.socket, secure: bool) -> socket.socket:
        if not secure:
            return connection
        try:
            return trust().wrap_socket(connection, server_hostname=self.server)
        except OSError:
            connection.close()
            raise

    def _wants_starttls(self) -> bool:
        """As the address says; if it does not, everywhere but on this machine."""
        asked = parse_qs(self.url.query).get("starttls", [""])[0]
        return asked == "1" or (asked != "0" and not addresses.is_loopback(self.server))


def _verdict(problem: Exception, session: _Session) -> TemporaryFailure | PermanentFailure:
    code = _code(problem)
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return PermanentFailure(f"{session.server}: {one_line(str(problem))}")
    if isinstance(problem, UnicodeError | MessageError):
        return PermanentFailure(f"cannot be sent: {type(problem).__name__}")
    words = cut(one_line(clean_text(_said(problem) or words_of(problem))), 200)
    if 500 <= code < 600:
        nobody = isinstance(problem, smtplib.SMTPRecipientsRefused) and NOBODY.match(words)
        return (AddressEnded if nobody else PermanentFailure)(f"{session.server}: {code} {words}", status=code)
    if 400 <= code < 500:
        return TemporaryFailure(f"{session.server}: {code} {words}")
    if isinstance(problem, ssl.SSLError) or not session.handed_over:
        return TemporaryFailure(f"{session.server}: {words}")
    return TemporaryFailure(f"no answer from {session.server}: {words}", ambiguous=True)


def _code(problem: Exception) -> int:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return int(next(iter(problem.recipients.values()))[0])
    if isinstance(problem, smtplib.SMTPResponseException) and isinstance(problem.smtp_error, bytes):
        return problem.smtp_code
    return 0  # smtplib's own complaint in words, e.g. about an endless line, is no answer of the server


def _said(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return _text(next(iter(problem.recipients.values()))[1])
    return _text(problem.smtp_error) if isinstance(problem, smtplib.SMTPResponseException) else ""


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
