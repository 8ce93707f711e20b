"""E-mail over SMTP: accepted only at the 250 after the text, never in clear where encryption was asked for."""

import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from gateway import addresses
from gateway.channels import Message, PermanentFailure, TemporaryFailure
from gateway.dialing import CONNECT, Deadline, UnknownHost, resolve, words_of
from gateway.outbound import DEADLINE, trust
from rules.text import clean_text, cut, one_line

LABEL = "E-mail"
ENV = ("NABAT_SMTP_URL", "NABAT_MAIL_FROM")
NEEDS = ("NABAT_SMTP_URL", "NABAT_MAIL_FROM")
SECRET = False

LONGEST_SUBJECT = 200
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,255}")
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*", re.ASCII)


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    wrong = check(message.address, env)
    if wrong:
        raise PermanentFailure(wrong)
    mail = write(message, env)
    sender, recipient = parseaddr(env["NABAT_MAIL_FROM"])[1], _plain(message.address)
    with Deadline(deadline) as limit:
        session = _Session(urlsplit(env["NABAT_SMTP_URL"]), _host(sender), limit)
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


def check(address: str, _env: Mapping[str, str], /) -> str:
    if not _ADDRESS.fullmatch(address) or ".." in address or address.startswith("."):
        return "this is not an e-mail address: name@host is wanted"
    try:
        domain = _plain(address).rpartition("@")[2]
    except UnicodeError:
        domain = ""
    return "" if _DOMAIN.fullmatch(domain) else "this is not an e-mail address: its host is none"


def write(message: Message, env: Mapping[str, str]) -> EmailMessage:
    """The mail. Nothing an alert says can become a header: every value is one line."""
    name, sender = parseaddr(env["NABAT_MAIL_FROM"])
    host = _host(sender)
    thread = f"<nabat-incident-{message.incident_uuid}@{host}>"
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = cut(one_line(clean_text(message.title)), LONGEST_SUBJECT) or f"Incident {message.incident}"
    mail["From"] = Address(one_line(clean_text(name)) or "Nabat", addr_spec=sender)
    mail["To"] = Address(addr_spec=_plain(message.address))
    mail["Message-ID"] = f"<nabat-{message.delivery}@{host}>"  # the same on every attempt: a double is recognised
    mail["In-Reply-To"] = thread  # nobody sent it, but mail programs gather what names it
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Nabat-Incident"] = str(message.incident)
    mail.set_content(clean_text(message.text) + "\n")
    if message.html:
        mail.add_alternative(clean_text(message.html), subtype="html")
    return mail


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
        return PermanentFailure(f"{session.server}: {code} {words}", status=code)
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


def _host(address: str) -> str:
    return _plain(address).rpartition("@")[2]


def _plain(address: str) -> str:
    """The address with its host as the network writes it: пример.рф is xn--e1afmkfd.xn--p1ai."""
    name, _, host = address.rpartition("@")
    return f"{name}@{host.encode('idna').decode()}"
