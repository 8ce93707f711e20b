"""How an act on many ended, if not by being done: stopped by whoever asked for it, or nobody was there to do it."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("bulk_job", sa.Column("ended", sa.String(length=8), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("bulk_job", "ended")
