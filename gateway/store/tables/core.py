"""The tables all turns about: who sends, incidents, their alerts and timeline, the messages promised of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.base import (
    ASSIGNED,
    AT_REST,
    ATTACHED,
    AWAKE,
    BUNDLED,
    DIGEST,
    DONE,
    DUE,
    FAILED,
    LATEST,
    LOUD,
    OF_SERVICE,
    OPEN,
    PATIENT,
    QUEUED,
    RESOLVED,
    SNOOZED,
    SUPPRESSED,
    TICKETS,
    WAITING,
    Base,
    Big,
)


class Source(Base):
    """Who sends to us. Several tokens may belong to one source, so an HA pair is one source."""

    __tablename__ = "source"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    stale_after: Mapped[int | None]  # seconds without a word after which an alert of it is taken for over
    default_priority: Mapped[str] = mapped_column(String(8), server_default="")  # of tickets that name none we know
    account: Mapped[str] = mapped_column(String(300), server_default="")  # a desk's that we write as, by all its names


class Token(Base):
    """A key for machines: kind 'ingest' belongs to a source, kind 'api' has scopes. Only its hash is kept.

    Kind 'signing' signs what a source sends. We must compute with it, so it is kept, sealed.
    """

    __tablename__ = "token"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)  # of kind 'api': whose own it is
    name: Mapped[str] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[str | None]  # ciphertext of a signing secret
    ending: Mapped[str] = mapped_column(String(8))  # its last characters, to tell two apart
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_address: Mapped[str] = mapped_column(String(64), server_default="")  # from where; of kind 'api'
    expires_at: Mapped[datetime | None]  # from then on it is as good as revoked
    revoked_at: Mapped[datetime | None]


class Incident(Base):
    """One thing somebody must deal with. At most one open incident has a given dedup_key."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(Big, primary_key=True)  # the number people say
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    dedup_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(8))
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    status: Mapped[str] = mapped_column(String(16))
    urgency: Mapped[int]  # rank: 0 emergency, 1 urgent, 2 fast, 3 ordinary
    title: Mapped[str]
    service: Mapped[str]
    rule: Mapped[str]
    policy: Mapped[str]
    route: Mapped[dict[str, Any]]  # as the rule book said when it opened; later edits do not reach it
    level: Mapped[int]  # steps told so far
    next_at: Mapped[datetime | None]  # the next step, or the end of a snooze; none when the clock has nothing to do
    snoozed_until: Mapped[datetime | None]  # set only while it is snoozed
    snoozed_firing: Mapped[int | None]  # how many of its alerts fired then: more of them wake it
    suppressed_by: Mapped[str | None] = mapped_column(String(32))  # then it is a silence, say, that snoozes it
    phase: Mapped[str] = mapped_column(String(10), server_default="")  # what its clock does beside the ladder
    changes: Mapped[list[Any]] = mapped_column(server_default="[]")  # when it began and ceased to fire, if that counts
    opened_at: Mapped[datetime]
    started_at: Mapped[datetime]  # startsAt of its first alert
    updated_at: Mapped[datetime]
    ack_due_at: Mapped[datetime]  # opened_at + the target valid then
    ack_at: Mapped[datetime | None]
    ack_by: Mapped[str | None]  # a name to show
    first_ack_at: Mapped[datetime | None]  # the first by anybody, whatever came after it
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    resolve_kind: Mapped[str | None] = mapped_column(String(8))  # person, auto, healed (nobody was told yet), merged
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    alert_count: Mapped[int]  # episodes: distinct (fingerprint, startsAt)
    truncated: Mapped[int]  # how many alerts the sender says it cut off
    fixed_by: Mapped[str] = mapped_column(server_default="")  # what fixed it, in a line, if somebody said so
    merged_into: Mapped[int | None] = mapped_column(BigInteger)  # the incident that its alerts went to
    is_test: Mapped[bool]
    local_hour: Mapped[int]  # 0..167: hour of the week of opening in the book's zone
    night: Mapped[bool]  # opened between 22:00 and 07:00 there
    team: Mapped[str] = mapped_column(String(100), server_default="")  # whose work it was when it opened
    alert_name: Mapped[str] = mapped_column(String(200), server_default="")  # of its first alert; a ticket has none
    ticket: Mapped[dict[str, Any] | None]  # the last word about a ticket

    __table_args__ = (
        Index("incident_open_key", "dedup_key", unique=True, postgresql_where=OPEN, sqlite_where=OPEN),
        Index("incident_closed_key", "dedup_key", "id", postgresql_where=RESOLVED, sqlite_where=RESOLVED),
        Index("incident_next_at", "next_at", postgresql_where=DUE, sqlite_where=DUE),
        Index("incident_at_rest", "status", "urgency", "id", postgresql_where=AT_REST, sqlite_where=AT_REST),
        Index("incident_opened", "opened_at"),
        Index("incident_ticket", "status", "id", postgresql_where=TICKETS, sqlite_where=TICKETS),
        # The list of what is not resolved, tab by tab, however many of the others there are.
        Index("incident_awake", "status", "urgency", "id", postgresql_where=AWAKE, sqlite_where=AWAKE),
        Index("incident_snoozed", "status", "urgency", "id", postgresql_where=SNOOZED, sqlite_where=SNOOZED),
        Index("incident_hidden", "status", "urgency", "id", postgresql_where=SUPPRESSED, sqlite_where=SUPPRESSED),
        Index(
            "incident_of_service",
            "service",
            "status",
            "urgency",
            "id",
            postgresql_where=OF_SERVICE,
            sqlite_where=OF_SERVICE,
        ),
        Index(
            "incident_hands", "assignee_id", "status", "urgency", "id", postgresql_where=ASSIGNED, sqlite_where=ASSIGNED
        ),
        Index("incident_of_several", "alert_count", "id", postgresql_where=LOUD, sqlite_where=LOUD),
        Index("incident_suppressed", "suppressed_by", postgresql_where=SUPPRESSED, sqlite_where=SUPPRESSED),
    )


class AlertRow(Base):
    """What we know of one alert: of all its messages three maxima (rules/episodes.py), and its last words.

    An alert that comes back after its incident was resolved gets a new row in the new incident; `latest` marks the row
    that speaks for the fingerprint now.
    """

    __tablename__ = "alert"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    latest: Mapped[bool]
    incident_id: Mapped[int | None] = mapped_column(Big)  # none: a resolve of what was never seen firing
    firing: Mapped[bool]
    muted: Mapped[bool] = mapped_column(server_default=false())  # resolved by a person while firing: until it clears
    attached: Mapped[str | None] = mapped_column(String(32))  # by inhibition: it fires in a bigger one's incident
    fired: Mapped[int] = mapped_column(BigInteger)
    resolved: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int]  # messages, repeats too
    title: Mapped[str]
    severity: Mapped[str] = mapped_column(String(8))
    labels: Mapped[dict[str, Any]]
    annotations: Mapped[dict[str, Any]]
    url: Mapped[str]
    clock_suspect: Mapped[bool]
    word_at: Mapped[int] = mapped_column(BigInteger)  # a ticket's updated_at: an older word changes no text
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]

    __table_args__ = (
        Index("alert_latest", "source_id", "fingerprint", unique=True, postgresql_where=LATEST, sqlite_where=LATEST),
        Index("alert_incident", "incident_id"),
        Index("alert_attached", "attached", postgresql_where=ATTACHED, sqlite_where=ATTACHED),
    )


class Entry(Base):
    """One line of an incident's timeline. Only ever inserted; the newest id tells live pages of a change."""

    __tablename__ = "entry"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str]
    detail: Mapped[dict[str, Any]]

    __table_args__ = (Index("entry_incident", "incident_id", "id"),)


class Delivery(Base):
    """One message to one address: the outbox, and afterwards its history.

    status: queued → sending → sent → delivered; queued again for a later attempt; failed (for good, or expired),
    cancelled (answered meanwhile), logged (no provider is configured), bundled (said by the message `bundle_id`).
    """

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    incident_id: Mapped[int] = mapped_column(Big)
    once: Mapped[str] = mapped_column(String(64))  # incident, level, kind, address: no double promise
    kind: Mapped[str] = mapped_column(
        String(16)
    )  # opened, escalated, assigned, acknowledged, resolved, flapping, reopened, reminder
    level: Mapped[int]
    part: Mapped[str] = mapped_column(String(8))  # primary, fallback, later, held, also, news, again
    way: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]  # ciphertext where the channel's addresses are secret
    address_id: Mapped[str] = mapped_column(String(64))
    contact_id: Mapped[int | None]
    person_id: Mapped[int | None]
    who: Mapped[str]  # the person's e-mail address, or team:NAME
    name: Mapped[str]
    rank: Mapped[int]  # emergencies first
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    ambiguous: Mapped[int]  # attempts after which the provider may have acted though we heard no answer
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    fallback_at: Mapped[datetime | None]  # when the fallback of its class starts, if it is not out by then
    leased_until: Mapped[int | None] = mapped_column(BigInteger)  # the database's clock, microseconds
    lease: Mapped[int]  # the fencing token: counts up with every lease
    finished_at: Mapped[datetime | None]
    latency_ms: Mapped[int | None]  # created to the provider's answer
    provider_ref: Mapped[str]
    error: Mapped[str]
    local_mow: Mapped[int | None]  # minute of the week 0..10079 in the person's zone at sending
    local_night: Mapped[str | None] = mapped_column(String(10))  # local date of (local time - 7 h)
    bundle_id: Mapped[int | None] = mapped_column(BigInteger)  # the message that says it together with others
    is_page: Mapped[bool]  # a call, SMS or push not within 60 s of the person's previous one

    __table_args__ = (
        Index("delivery_due", "channel", "rank", "due_at", postgresql_where=WAITING, sqlite_where=WAITING),
        Index("delivery_once", "incident_id", "once", unique=True),
        Index(
            "delivery_digest", "once", unique=True, postgresql_where=DIGEST, sqlite_where=DIGEST
        ),  # of many incidents
        Index("delivery_roll_up", "person_id", "finished_at", postgresql_where=DIGEST, sqlite_where=DIGEST),
        Index("delivery_fallback", "fallback_at", postgresql_where=PATIENT, sqlite_where=PATIENT),
        Index("delivery_expiry", "expires_at", postgresql_where=QUEUED, sqlite_where=QUEUED),
        Index("delivery_bundle", "bundle_id", postgresql_where=BUNDLED, sqlite_where=BUNDLED),
        Index("delivery_done", "person_id", "finished_at", postgresql_where=DONE, sqlite_where=DONE),
        Index("delivery_failed", "id", postgresql_where=FAILED, sqlite_where=FAILED),
    )
