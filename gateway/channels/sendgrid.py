"""E-mail through SendGrid's Mail Send API: carries the channel `email` once its key is set."""

import logging
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from python_http_client import Client
from sendgrid import SendGridAPIClient

from gateway.channels import Message, PermanentFailure
from gateway.outward.letter import write
from gateway.outward.mailing import check
from gateway.outward.outbound import DEADLINE, Answer, post, private_hosts

__all__ = ["ENV", "LABEL", "NEEDS", "SECRET", "check", "send"]

LABEL = "E-mail through SendGrid"
ENV = ("NABAT_SENDGRID_API_KEY", "NABAT_SENDGRID_URL", "NABAT_MAIL_FROM", "NABAT_ALLOW_PRIVATE_HOSTS")
NEEDS = ("NABAT_SENDGRID_API_KEY", "NABAT_MAIL_FROM")
SECRET = False

REAL = "https://api.sendgrid.com"
PREFIX = "sendgrid:"  # of a reference: shows who took the mail, and keeps receipts of others away from it
OWN_HEADERS = ("Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Nabat-Incident")
OF_LISTS = ("List-Unsubscribe", "List-Unsubscribe-Post")  # of what somebody subscribed to
logging.getLogger("python_http_client").setLevel(logging.WARNING)  # more and it writes down the key and the mail


def send(message: Message, env: Mapping[str, str], /, *, deadline: float = DEADLINE) -> str:
    wrong = check(message.address, env)
    if wrong:
        raise PermanentFailure(wrong)
    host = (env.get("NABAT_SENDGRID_URL") or REAL).rstrip("/")
    library = SendGridAPIClient(env["NABAT_SENDGRID_API_KEY"], host=host)
    library.client = _Client(env, deadline, host=host, request_headers=library.client.request_headers, version=3)
    answer = library.send(_request(message, write(message, env)))
    return PREFIX + str(answer.headers.get("X-Message-Id", ""))


def _request(message: Message, mail: EmailMessage) -> dict[str, Any]:
    (sender,), (recipient,) = mail["From"].addresses, mail["To"].addresses
    bodies = [("text/plain", mail.get_body(("plain",))), ("text/html", mail.get_body(("html",)))]
    return {
        "personalizations": [{"to": [{"email": recipient.addr_spec}]}],
        "from": {"email": sender.addr_spec, "name": sender.display_name},
        "subject": str(mail["Subject"]),
        "content": [{"type": kind, "value": body.get_content()} for kind, body in bodies if body is not None],
        "headers": {name: str(mail[name]) for name in (*OWN_HEADERS, *OF_LISTS) if mail[name]},
        # Comes back with every receipt. The number alone could be another installation's on the same account.
        "custom_args": {"nabat_delivery": str(message.delivery), "nabat_incident": message.incident_uuid},
        # Links hold a token that belongs to one person: they must not be led through anybody else's server.
        "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
    }


class _Client(Client):  # type: ignore[misc]
    """Leads the library's requests through the one way out, which owns deadline, size, address check and verdict.

    The library by itself waits for ever, follows redirects and reads whatever comes back.
    """

    def __init__(self, env: Mapping[str, str], deadline: float, **plain: Any) -> None:
        super().__init__(timeout=deadline, **plain)
        self._env = env
        self._deadline = deadline

    def _build_client(self, name: str | None = None) -> "_Client":
        path = [*self._url_path, name] if name else self._url_path
        return _Client(
            self._env,
            self._deadline,
            host=self.host,
            request_headers=self.request_headers,
            version=self._version,
            url_path=path,
        )

    def _make_request(self, _opener: Any, request: Any, timeout: float | None = None) -> "_Reply":
        return _Reply(
            post(
                request.full_url,
                data=request.data,
                headers=request.headers,
                allow_private=private_hosts(self._env),
                deadline=timeout or self._deadline,
            )
        )


class _Reply:
    """The answer as the library wants it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def getcode(self) -> int:
        return self._answer.status

    def read(self) -> bytes:
        return self._answer.body

    def info(self) -> Mapping[str, str]:
        return self._answer.headers
