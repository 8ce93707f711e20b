"""Every module here knows one way to reach a person. Adding a way is adding a module (with its template and test).

A channel takes a rendered Message and the settings, and returns the provider's reference, or raises TemporaryFailure
(we try again) or PermanentFailure (we do not). It keeps no state, touches no database and never decides when to try
again.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from gateway.outbound import PermanentFailure, TemporaryFailure

__all__ = ["Channel", "Message", "PermanentFailure", "TemporaryFailure", "find", "missing", "names"]


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is given: rendered, addressed, and the same on every attempt."""

    delivery: int
    incident: int  # its number
    incident_uuid: str
    kind: str  # opened, escalated, acknowledged, resolved, test
    address: str  # in clear
    title: str  # one line, rendered from <kind>.txt's first line
    text: str
    html: str = ""
    url: str = ""  # where to answer: the pocket page, or the incident's page
    urgency: str = "ordinary"
    severity: str = "warning"
    source: str = ""  # what it is about, e.g. the instance
    component: str = ""  # the service
    group: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()  # (text, http or https address)


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


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def missing(name: str, env: Mapping[str, str]) -> list[str]:
    """The settings this channel still needs before it can send."""
    return [setting for setting in find(name).NEEDS if not env.get(setting)]
