"""By which request each line of the audit log was written, to find all lines of one."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("audit", sa.Column("request", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("audit", "request")
