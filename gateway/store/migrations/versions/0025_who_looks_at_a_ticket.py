"""Who has a ticket's page open."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "looking",
        sa.Column("id", big, nullable=False),
        sa.Column("incident_id", big, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("looking_once", "looking", ["incident_id", "person_id"], unique=True)
    op.create_index("looking_at", "looking", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("looking")
