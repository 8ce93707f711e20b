"""Of each day more is counted: what came back, who was not reached, and what people said it was worth."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
COLUMNS = ("reopened", "unreached", "judged", "judged_false")


def upgrade() -> None:
    with op.batch_alter_table("stat_core") as table:
        for name in COLUMNS:
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("stat_core") as table:
        for name in COLUMNS:
            table.drop_column(name)
