"""What people at the desk need: what they may take back, saved views, and the list's tabs as short walks."""

import sqlalchemy as sa
from alembic import op

from gateway.store.schema import indexes

revision = "0007"
down_revision = "0006"

AWAKE = "status <> 'resolved' AND snoozed_until IS NULL"
SNOOZED = "snoozed_until IS NOT NULL AND suppressed_by IS NULL"
HIDDEN = "suppressed_by IS NOT NULL"
OPEN = "status <> 'resolved'"
ASSIGNED = "assignee_id IS NOT NULL"
INDEXES = (
    ("incident_awake", ["status", "urgency", "id"], AWAKE),
    ("incident_snoozed", ["status", "urgency", "id"], SNOOZED),
    ("incident_hidden", ["status", "urgency", "id"], HIDDEN),
    ("incident_service", ["service", "status", "urgency", "id"], OPEN),
    ("incident_assignee", ["assignee_id", "id"], ASSIGNED),
    ("incident_loud", ["alert_count", "id"], OPEN),
)


def upgrade() -> None:
    indexes.make(op, [indexes.New(name, "incident", columns, where) for name, columns, where in INDEXES])
    op.create_table(
        "undo",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_undo_token", "undo", ["token"], unique=False)
    op.create_index("undo_at", "undo", ["at"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_saved_view_person_id", "saved_view", ["person_id"], unique=False)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("home", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("home")
    op.drop_table("saved_view")
    op.drop_table("undo")
    for name, _, _ in INDEXES:
        op.drop_index(name, table_name="incident")
