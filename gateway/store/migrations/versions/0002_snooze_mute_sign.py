"""Incidents can be snoozed, alerts muted until they clear, and what is sent to us signed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("snoozed_until", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("snoozed_firing", sa.Integer(), nullable=True))
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("muted", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_column("sealed")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_column("muted")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("snoozed_firing")
        batch_op.drop_column("snoozed_until")
