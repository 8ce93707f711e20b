"""What a message about an alert would say, channel by channel, before there is any. Nothing is kept or sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.access import links
from gateway.channels import sms
from gateway.outward.message import Message
from gateway.outward.render import AlertFacts, Facts, render
from gateway.world import World
from rules.words import Alert, Route, Way

NUMBER = 0  # there is no incident yet
UUID = "00000000-0000-0000-0000-000000000000"
SOMEBODY = "somebody@example.org"
CHANNELS = ((Way.VOICE, "pagerduty"), (Way.SMS, "sms"), (Way.PUSH, "ntfy"), (Way.EMAIL, "email"))


@dataclass(frozen=True, slots=True)
class Foretold:
    """Title and text as they would arrive; of an SMS how it would be sent and in how many parts."""

    way: Way
    channel: str
    title: str
    text: str
    used: bool  # the class tells people by this way first
    letters: int = 0
    alphabet: str = ""
    parts: int = 0


def foretell(
    alert: Alert, route: Route, labels: Mapping[str, str], at: datetime, reader: tuple[str, str], world: World
) -> list[Foretold]:
    """`reader`: language and zone of whoever would read it."""
    facts = _facts(alert, route, labels, at, reader, world)
    return [
        _foretold(way, channel, render(facts, channel, "opened", "", 0), used=way in route.channels)
        for way, channel in CHANNELS
    ]


def _foretold(way: Way, channel: str, message: Message, *, used: bool) -> Foretold:
    if channel != "sms":
        return Foretold(way, channel, message.title, message.text, used)
    body = sms.body(message)
    alphabet, parts = sms.segments(body)
    return Foretold(way, channel, "", body, used, len(body), alphabet, parts)


def _facts(
    alert: Alert, route: Route, labels: Mapping[str, str], at: datetime, reader: tuple[str, str], world: World
) -> Facts:
    started, public = min(alert.starts_at, at), world.settings.public_url
    token = "x" * len(links.make(world.settings.secret_key, UUID, SOMEBODY))  # as long as one, and no key to anything
    ticket: Any = msgspec.to_builtins(alert.ticket) if alert.ticket is not None else None
    return Facts(
        number=NUMBER, uuid=UUID, title=alert.title, urgency=route.urgency.value, severity=alert.severity.value,
        status="triggered", opened_at=at, kind=alert.kind.value, description=alert.annotations.get("description", ""),
        source=alert.source, service=labels.get("service", ""), rule=route.rule, match=route.match,
        policy=route.policy, next_at=at + route.steps[0].wait if route.steps else None, duration=timedelta(),
        alerts=(AlertFacts(alert.title, alert.firing, started, labels, alert.annotations, alert.url),),
        labels=labels, annotations=alert.annotations, url=f"{public}/incidents/{NUMBER}",
        pocket_url=f"{public}/p/{token}", ticket=ticket, language=reader[0], timezone=reader[1],
    )  # fmt: skip
