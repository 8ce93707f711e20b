"""Which form a word on the status page came by: sent twice it is published once, and again after it was taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.add_column("notice_update", sa.Column("once", sa.String(length=64), nullable=False, server_default=""))
    mine = sa.text("once <> '' AND withdrawn_at IS NULL")
    op.create_index(
        "notice_update_once", "notice_update", ["once"], unique=True, postgresql_where=mine, sqlite_where=mine
    )


def downgrade() -> None:
    op.drop_index("notice_update_once", "notice_update")
    op.drop_column("notice_update", "once")
