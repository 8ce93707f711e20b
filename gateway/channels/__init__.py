"""Every module here knows one way to reach a person. Adding a way is adding a module (with its template and test).

A channel takes a rendered Message and the settings, and returns the provider's reference, or raises TemporaryFailure
(we try again) or PermanentFailure (we do not). It keeps no state, touches no database and never decides when to try
again.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Protocol, cast

from gateway.outward.message import Message
from gateway.outward.outbound import AddressEnded, PermanentFailure, TemporaryFailure

__all__ = [
    "AddressEnded",
    "Channel",
    "Message",
    "PermanentFailure",
    "TemporaryFailure",
    "carrier",
    "find",
    "missing",
    "names",
]

# Modules that are no channel themselves: once their setting is given, they carry the messages of the channel that
# stands before them. Addresses, templates and deliveries stay that channel's.
CARRIERS = {"email": ("sendgrid", "NABAT_SENDGRID_API_KEY")}


class Channel(Protocol):
    LABEL: str
    ENV: tuple[str, ...]  # settings it reads
    NEEDS: tuple[str, ...]  # settings without which it cannot send: then the message goes to the log instead
    SECRET: bool  # addresses are secrets (a PagerDuty key): encrypted at rest, never shown

    def send(self, message: Message, env: Mapping[str, str], /) -> str:
        """The provider's reference of what it accepted."""

    def check(self, address: str, env: Mapping[str, str], /) -> str:
        """What is wrong with this address, in words; empty if nothing."""


def find(name: str) -> Channel:
    return cast(Channel, importlib.import_module(f"{__name__}.{name}"))


def carrier(name: str, env: Mapping[str, str]) -> Channel:
    """What sends this channel's messages here: the provider that a setting chose, or the channel itself."""
    other, setting = CARRIERS.get(name, (name, ""))
    return find(other if env.get(setting) else name)


def names() -> list[str]:
    others = {other for other, _ in CARRIERS.values()}
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in others)


def missing(name: str, env: Mapping[str, str]) -> list[str]:
    """The settings this channel still needs before it can send."""
    return [setting for setting in carrier(name, env).NEEDS if not env.get(setting)]
