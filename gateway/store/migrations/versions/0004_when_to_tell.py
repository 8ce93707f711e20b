"""Incidents can be held back, flap, and be acknowledged for a time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phase", sa.String(length=10), server_default="", nullable=False))
        batch_op.add_column(sa.Column("changes", sa.Text(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("changes")
        batch_op.drop_column("phase")
