"""Tickets that people know by another name than their desk does."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.create_table(
        "ticket_name",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("key", "source_id"),
    )
    op.execute("INSERT INTO fact (key, value, at) VALUES ('fill:ticket_name', '0', 0)")


def downgrade() -> None:
    op.execute("DELETE FROM fact WHERE key = 'fill:ticket_name'")
    op.drop_table("ticket_name")
