"""A contact may be told of alerts before anything has shown that it arrives there, and then it is known."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    with op.batch_alter_table("contact") as table:
        table.add_column(sa.Column("on_trust", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("contact") as table:
        table.drop_column("on_trust")
