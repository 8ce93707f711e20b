"""An e-mail as it is written, whoever carries it: its headers and its two bodies."""

from collections.abc import Mapping
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from gateway.outward.mailing import host_of, plain_address, sender_of
from gateway.outward.message import Message
from rules.texts.text import clean_text, cut, one_line

LONGEST_SUBJECT = 200


def write(message: Message, env: Mapping[str, str]) -> EmailMessage:
    """The mail. Nothing an alert says can become a header: every value is one line."""
    name, sender = sender_of(env)
    host = host_of(sender)
    thread = f"<nabat-incident-{message.incident_uuid}@{host}>"
    mail = EmailMessage(policy=SMTP)
    _entitle(mail, cut(one_line(clean_text(message.title)), LONGEST_SUBJECT) or f"Incident {message.incident}")
    mail["From"] = Address(name, addr_spec=sender)
    mail["To"] = Address(addr_spec=plain_address(message.address))
    mail["Message-ID"] = f"<nabat-{message.delivery}@{host}>"  # the same on every attempt: a double is recognised
    mail["In-Reply-To"] = thread  # nobody sent it, but mail programs gather what names it
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Nabat-Incident"] = str(message.incident)
    if message.unsubscribe:  # RFC 8058: a mail program ends it by one request of its own
        mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(clean_text(message.text) + "\n")
    if message.html:
        mail.add_alternative(clean_text(message.html), subtype="html")
    return mail


def _entitle(mail: EmailMessage, subject: str) -> None:
    """Python's own way loses the space at which it breaks a long line of another script (3.11)."""
    if subject.isascii():
        mail["Subject"] = subject
    else:
        mail.set_raw("Subject", Header(subject, "utf-8", header_name="Subject").encode())
