"""Services day by day, so that their pages need not look through incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "stat_service",
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("urgency", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("service", "day", "urgency"),
    )
    op.create_index("stat_service_day", "stat_service", ["day"], unique=False)


def downgrade() -> None:
    op.drop_table("stat_service")
