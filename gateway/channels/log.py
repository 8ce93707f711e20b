"""Writes the message to the log: the channel of a fresh install, and of every channel that is not set up yet."""

import logging
from collections.abc import Mapping

from gateway.channels import Message
from rules.texts.text import clean_text, cut, one_line

LABEL = "Log"
ENV: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()
SECRET = False

_log = logging.getLogger(__name__)


def send(message: Message, _env: Mapping[str, str], /) -> str:
    # No address and no link: the one may be a key, the other holds a token.
    title = cut(one_line(clean_text(message.title)), 200)
    _log.warning(
        "incident=%d kind=%s channel=log delivery=%d urgency=%s title=%s",
        message.incident,
        message.kind,
        message.delivery,
        message.urgency,
        title,
    )
    return f"log-{message.delivery}"


def check(_address: str, _env: Mapping[str, str], /) -> str:
    return ""
