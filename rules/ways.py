"""The ways to reach a person, and how one person wants them used. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum


class Way(StrEnum):
    """A way to reach a person, as the rule book names it; each is served by one or more channels."""

    VOICE = "voice"
    PUSH = "push"
    SMS = "sms"
    EMAIL = "email"


CHANNELS_OF_WAY: Mapping[Way, tuple[str, ...]] = {
    Way.VOICE: ("pagerduty",),
    Way.PUSH: ("webpush", "ntfy"),
    Way.SMS: ("sms",),
    Way.EMAIL: ("email",),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One way in which a person wants to be told, and how long after the step begins."""

    way: Way
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which a person wants no calls, pushes or SMS, by the wall clock where they are."""

    start: time
    end: time
