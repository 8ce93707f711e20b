"""What all tables stand on: the column types, the keys, and the conditions of partial indexes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, text
from sqlalchemy.orm import DeclarativeBase, registry

from gateway.store.types import Json, Moment

OPEN = text("status <> 'resolved'")  # literal: a bound value would not match the partial index (docs/ARCHITECTURE.md)
RESOLVED = text("status = 'resolved'")
WAITING = text("status IN ('queued', 'sending')")
QUEUED = text("status = 'queued'")
PATIENT = text("fallback_at IS NOT NULL")
LATEST = text("latest")
BUNDLED = text("bundle_id IS NOT NULL")
DUE = text("next_at IS NOT NULL")
SUPPRESSED = text("suppressed_by IS NOT NULL")
ATTACHED = text("attached IS NOT NULL")
FAILED = text("status = 'failed'")
REFUSED = text("error <> ''")
AWAITED = text("due_at IS NOT NULL")
AWAKE = text("status <> 'resolved' AND snoozed_until IS NULL")
AT_REST = text("(status = 'resolved' OR snoozed_until IS NOT NULL)")  # all others
IN_REPORTS = text("NOT is_test AND coalesce(resolve_kind, '') <> 'merged'")
SNOOZED = text("snoozed_until IS NOT NULL AND suppressed_by IS NULL")
NAMED = text("service <> ''")
SEVERAL = text("alert_count > 1")
OF_SERVICE = text("service <> '' AND status <> 'resolved'")
LOUD = text("alert_count > 1 AND status <> 'resolved'")
DIGEST = text("kind = 'digest'")
DONE = text("finished_at IS NOT NULL")
TICKETS = text("kind = 'ticket'")
ASSIGNED = text("assignee_id IS NOT NULL")
UNTOLD = text("NOT told")
TOPIC_WAITS = text("state = 'waiting'")
ON_PAGE = text("removed_at IS NULL")
BY_FORM = text("once <> '' AND withdrawn_at IS NULL")
FOR_INCIDENT = text("incident_id IS NOT NULL")
# What comes with every alert: PostgreSQL does not look whether its source is there, since no source is ever deleted.
UNCHECKED = frozenset({"incident", "alert", "payload", "quarantined_item"})
COUNTED = 1000  # open incidents are not counted further: nobody acts differently on 1,000 than on 100,000
Big = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only INTEGER keys


class Base(DeclarativeBase):
    registry = registry(type_annotation_map={datetime: Moment, dict[str, Any]: Json, list[Any]: Json, str: Text})
