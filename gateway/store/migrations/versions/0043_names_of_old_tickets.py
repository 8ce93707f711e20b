"""The names of the tickets that were there before 0042: portion by portion, while others serve."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.store.schema.portions import fill

revision = "0043"
down_revision = "0042"

KNOWN = """
    SELECT i.ticket, a.source_id, a.fingerprint FROM incident i JOIN alert a ON a.incident_id = i.id AND a.latest
    WHERE i.id >= :first AND i.id <= :last AND i.kind = 'ticket' AND i.ticket IS NOT NULL
"""
NAME = """
    INSERT INTO ticket_name (key, source_id, fingerprint) VALUES (:key, :source, :print)
    ON CONFLICT (key, source_id) DO NOTHING
"""


def upgrade() -> None:
    fill(op.get_context(), "fill:ticket_name", "incident", portion)


def portion(link: sa.Connection, ids: Sequence[int]) -> None:
    bounds = {"first": ids[0], "last": ids[-1]}
    told = [(json.loads(ticket).get("key"), *rest) for ticket, *rest in link.execute(sa.text(KNOWN), bounds)]
    names = [{"key": key, "source": source, "print": known} for key, source, known in told if key and key != known]
    if names:
        link.execute(sa.text(NAME), names)


def downgrade() -> None:
    """There is nothing to take back: the table goes with 0042."""
