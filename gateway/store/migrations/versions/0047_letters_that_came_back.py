"""To which subscribers of the status page a letter came back for good."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("bounced_at", sa.BigInteger(), nullable=True))
    op.add_column("subscriber", sa.Column("bounce", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("subscriber", "bounce")
    op.drop_column("subscriber", "bounced_at")
