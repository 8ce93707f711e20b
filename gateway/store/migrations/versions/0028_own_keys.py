"""The single keys that somebody chose instead of the usual ones."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("own_keys", sa.String(100), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.drop_column("own_keys")
