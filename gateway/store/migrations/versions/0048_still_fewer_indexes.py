"""Three indexes less to write for each new alert. An incident's first ruling is found by the incident's number.

Each index that goes holds what another one beside it holds as well: what is awake stood in the list of all, too.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.schema.indexes import New, make

revision = "0048"
down_revision = "0047"
NEW = (
    New("incident_at_rest", "incident", ("status", "urgency", "id"),
        "(status = 'resolved' OR snoozed_until IS NOT NULL)"),
    New("payload_of_source", "payload", ("source_id", "received_at", "id")),
)  # fmt: skip
OLD = (
    New("incident_list", "incident", ("status", "urgency", "id")),
    New("payload_received", "payload", ("received_at",)),
    New("payload_source", "payload", ("source_id", "id")),
)


def upgrade() -> None:
    make(op, NEW)
    for one in OLD:
        op.drop_index(one.name, one.table)
    op.create_table(
        "opening",
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("book_version", sa.String(length=16), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id"),
    )


def downgrade() -> None:
    make(op, OLD)
    link = op.get_bind()
    last = {"last": link.execute(sa.text("SELECT coalesce(max(id), 0) FROM ruling")).scalar_one()}
    op.execute(
        "INSERT INTO ruling (incident_id, at, cause, book_version, labels, duty) "
        "SELECT incident_id, at, 'opened', book_version, labels, duty FROM opening ORDER BY incident_id"
    )
    later = "FROM ruling WHERE id <= :last AND incident_id IN (SELECT incident_id FROM opening)"
    columns = "incident_id, at, cause, book_version, labels, duty"  # their numbers say in which order they were ruled
    link.execute(sa.text(f"INSERT INTO ruling ({columns}) SELECT {columns} {later} ORDER BY id"), last)
    link.execute(sa.text(f"DELETE {later}"), last)
    op.drop_table("opening")
    for one in NEW:
        op.drop_index(one.name, one.table)
