"""The words the whole project is written in: the glossary as code. Values only, no behaviour beyond reading them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from rules.said import Said
from rules.schedules import Schedule
from rules.timing import AT_ONCE, Timing
from rules.ways import CHANNELS_OF_WAY as CHANNELS_OF_WAY  # noqa: PLC0414 - told on to whoever asks here
from rules.ways import Quiet, Wish
from rules.ways import Way as Way  # noqa: PLC0414


class Severity(StrEnum):
    """How bad it is, as the sender says (PagerDuty's four)."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Urgency(StrEnum):
    """How hard we try to reach somebody, as our rules say."""

    EMERGENCY = "emergency"  # voice call
    URGENT = "urgent"  # SMS
    FAST = "fast"  # push
    ORDINARY = "ordinary"  # e-mail

    @property
    def rank(self) -> int:
        """0 for an emergency, 3 for the ordinary: the order in which things are sent and shown."""
        return _RANKS[self]


_RANKS = {Urgency.EMERGENCY: 0, Urgency.URGENT: 1, Urgency.FAST: 2, Urgency.ORDINARY: 3}


class Status(StrEnum):
    """Where an incident is in its life (PagerDuty's three)."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """Through what an incident was learned of."""

    ALERT = "alert"
    TICKET = "ticket"


class Role(StrEnum):
    """What a person may do. A viewer reads and is never paged."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    DISPATCHER = "dispatcher"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a service desk told us last about one ticket."""

    key: str  # the ticket's id at its sender
    event: str  # created, updated, commented, assigned, arrival, solved, closed, reopened
    priority: str  # critical, high, normal, low
    status: str = ""
    updated_at: datetime | None = None  # an older word never overwrites a newer one
    requester: Mapping[str, Any] = field(default_factory=dict)
    assignee: str = ""
    comment: Mapping[str, Any] = field(default_factory=dict)
    arrival_at: datetime | None = None
    due_at: datetime | None = None
    guessed: bool = False  # the priority: the sender named none, or one we do not know


class Alert(msgspec.Struct, frozen=True):  # one for all that comes in: a frozen dataclass takes 15 times as long
    """One thing a monitoring system or a service desk told us, in our words (the fields are Alertmanager's)."""

    source: str  # the name of the source, not of its kind
    fingerprint: str  # the alert's identity at its sender
    firing: bool
    title: str
    severity: Severity
    starts_at: datetime
    ends_at: datetime | None = None
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)  # as sent
    annotations: Mapping[str, str] = msgspec.field(default_factory=dict)
    url: str = ""  # http or https, or empty
    kind: Kind = Kind.ALERT
    clock_suspect: bool = False  # the sender's time was unreadable or absurd; the time of receipt stands in
    ticket: Ticket | None = None
    touch: bool = False  # says nothing about firing: opens what was never seen, reopens nothing
    said: Said | None = None  # what somebody at its sender said of it; then that is all that it says


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One item of a payload that nobody could read: kept and shown, never dropped."""

    place: str  # "alerts[3].labels"
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Also:
    """Who is told beside a step, because another route took the alert as well: by that route's own ways."""

    rule: str
    notify: tuple[str, ...]
    channels: tuple[Way, ...]
    fallback: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One level of an escalation policy: whom to tell, and how long to wait for an answer."""

    notify: tuple[str, ...]  # "schedule:infrastructure", "person:a@b", "team:support", "role:admin"
    wait: timedelta
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True)
class UrgencyClass:
    """By which ways a class of urgency tries to reach people."""

    urgency: Urgency
    channels: tuple[Way, ...]
    fallback: tuple[Way, ...]
    acknowledge_within: timedelta
    floor: tuple[Way, ...] = ()  # ways that nobody's own rules may leave out


@dataclass(frozen=True, slots=True)
class Route:
    """What the rule book says about an alert. An incident keeps the one it was given, whatever happens to the book."""

    rule: str
    urgency: Urgency
    policy: str
    group_by: tuple[str, ...]
    steps: tuple[Step, ...]
    repeat: int  # how often the whole ladder is walked again after its first time
    channels: tuple[Way, ...]
    fallback: tuple[Way, ...]
    acknowledge_within: timedelta
    match: tuple[str, ...] = ()  # the rule's matchers as written, for "why"
    book_version: str = ""
    timing: Timing = AT_ONCE
    floor: tuple[Way, ...] = ()  # ways that nobody's own rules may leave out
    round_ends: int = 0  # of steps that stand behind told ones: the level at which each was told once; 0: all of them

    def is_round_over(self, level: int) -> bool:
        """Whether each step was told once by then: nobody new is left to go on to."""
        return level >= (self.round_ends or len(self.steps))


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of a person or a team on one channel."""

    channel: str  # email, sms, ntfy, webpush, pagerduty
    address: str  # as stored: ciphertext for a secret (a PagerDuty key)
    address_id: str  # a hash of the plain address: equal for equal addresses
    id: int = 0
    verified: bool = True
    failing: str = ""  # why a provider refuses it for good, since its last success
    on_trust: bool = False  # nothing has shown yet that a message arrives there

    @property
    def proven(self) -> bool:
        return self.verified and not self.on_trust


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    role: Role
    language: str = "en"
    timezone: str = "UTC"
    contacts: tuple[Contact, ...] = ()
    id: int = 0
    wishes: tuple[tuple[Urgency, tuple[Wish, ...]], ...] = ()  # their own notification rules, by class
    quiet: Quiet | None = None

    def wishes_for(self, urgency: Urgency) -> tuple[Wish, ...]:
        return next((wishes for of, wishes in self.wishes if of is urgency), ())


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    members: tuple[str, ...]  # e-mail addresses, in order
    contacts: tuple[Contact, ...] = ()
    id: int = 0


class Suppressor(StrEnum):
    """What can keep an alert from telling anybody."""

    SILENCE = "silence"  # somebody asked for it, until a time
    MAINTENANCE = "maintenance"  # a window that was planned, once or again and again
    INHIBITION = "inhibition"  # something bigger fires, of which it is a part


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why nobody is told, and until when."""

    kind: Suppressor
    id: int  # of the silence or window; of an inhibition the incident whose alert inhibits
    until: datetime
    reason: str = ""
    author: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"


class Matching(Protocol):
    """A condition on labels (rules/matchers.py has it)."""

    @property
    def matches(self) -> Callable[[Mapping[str, str]], bool]: ...


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence or a maintenance window: whom it hides, and in which spans of time."""

    id: int
    kind: Suppressor
    match: tuple[Matching, ...]
    spans: tuple[tuple[datetime, datetime], ...]  # the present one, if it has begun, and those to come
    reason: str = ""
    author: str = ""
    spares: bool = False  # emergencies are told all the same


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who can be told, and what keeps us from it, as the database had it at one moment."""

    people: Mapping[str, Person] = field(default_factory=dict)  # by e-mail address
    teams: Mapping[str, Team] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    addresses: frozenset[tuple[str, str]] = frozenset()  # (channel, address_id) of every contact there is
    silences: tuple[Silence, ...] = ()  # that have not ended
    failing: frozenset[tuple[str, str]] = frozenset()  # (channel, address_id) of contacts that a provider refuses

    def by_id(self, number: int | None) -> Person | None:
        return next((one for one in self.people.values() if one.id == number), None)


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told by one contact."""

    who: str  # the person's e-mail address, or "team:support"
    name: str
    contact: Contact
    way: Way
    person_id: int = 0
    timezone: str = "UTC"
    language: str = "en"
    after: timedelta = timedelta()  # how long after the step begins
    own: bool = False  # as the person's own rules say
    held: bool = False  # until the end of their quiet hours


@dataclass(frozen=True, slots=True)
class NotTold:
    """Somebody is not told, and why: an answer to "why was nobody called?"."""

    who: str
    reason: str
