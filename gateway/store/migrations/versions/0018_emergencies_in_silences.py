"""A silence may leave emergencies alone; those that there are keep hiding them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    with op.batch_alter_table("silence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("page_emergencies", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("silence", schema=None) as batch_op:
        batch_op.drop_column("page_emergencies")
