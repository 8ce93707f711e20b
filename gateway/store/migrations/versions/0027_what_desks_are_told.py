"""Where service desks hear who works on their tickets, and what each was told."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "desk_address",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("source_id"),
    )
    op.create_table(
        "desk_word",
        sa.Column("id", big, nullable=False),
        sa.Column("incident_id", big, nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    waiting = sa.text("status = 'queued'")
    op.create_index("desk_word_due", "desk_word", ["due_at"], postgresql_where=waiting, sqlite_where=waiting)
    op.create_index("desk_word_incident", "desk_word", ["incident_id", "id"])


def downgrade() -> None:
    op.drop_table("desk_word")
    op.drop_table("desk_address")
