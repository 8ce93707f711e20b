"""Rows of the audit log seal one another; tokens that end by themselves; what the pages of sources and messages ask."""

import sqlalchemy as sa
from alembic import op

from gateway.store.schema import indexes

revision = "0008"
down_revision = "0007"


INDEXES = (
    indexes.New("audit_at", "audit", ["at"]),
    indexes.New("audit_actor", "audit", ["actor", "id"]),
    indexes.New("audit_action", "audit", ["action", "id"]),
    indexes.New("audit_target", "audit", ["target", "id"]),
    indexes.New("payload_refused", "payload", ["source_id", "received_at"], "error <> ''"),
    indexes.New("delivery_failed", "delivery", ["id"], "status = 'failed'"),
)


def upgrade() -> None:
    indexes.make(op, INDEXES)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hash", sa.String(length=64), server_default="", nullable=False))
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_address", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("expires_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("default_priority", sa.String(length=8), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_index("delivery_failed", table_name="delivery")
    op.drop_index("payload_refused", table_name="payload")
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("default_priority")
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_column("expires_at")
        batch_op.drop_column("last_address")
    for name in ("target", "action", "actor", "at"):
        op.drop_index(f"audit_{name}", table_name="audit")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_column("hash")
