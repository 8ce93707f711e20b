"""On call: overrides, swaps, secret addresses of calendars, imported calendars, and when a schedule has to cover."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("covers", sa.Text(), server_default="", nullable=False))
    _shifts()
    _calendars()


def _shifts() -> None:
    op.create_table(
        "oncall_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("swap_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_oncall_override_schedule_id"), "oncall_override", ["schedule_id"], unique=False)
    op.create_index("oncall_override_ends_at", "oncall_override", ["ends_at"], unique=False)
    op.create_table(
        "oncall_swap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("asker", sa.String(length=254), nullable=False),
        sa.Column("asked", sa.String(length=254), nullable=False),
        sa.Column("gives_from", sa.BigInteger(), nullable=False),
        sa.Column("gives_to", sa.BigInteger(), nullable=False),
        sa.Column("takes_from", sa.BigInteger(), nullable=True),
        sa.Column("takes_to", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_oncall_swap_schedule_id"), "oncall_swap", ["schedule_id"], unique=False)
    due = sa.text("next_at IS NOT NULL")
    op.create_index(
        "oncall_swap_next_at", "oncall_swap", ["next_at"], unique=False, postgresql_where=due, sqlite_where=due
    )


def _calendars() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("schedule_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    for column in ("person_id", "schedule_id"):
        op.create_index(op.f(f"ix_calendar_feed_{column}"), "calendar_feed", [column], unique=False)
    op.create_table(
        "imported_calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("duties", sa.Text(), nullable=False),
        sa.Column("doubts", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("good_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("schedule_id", "key"),
    )
    op.create_index("imported_calendar_next_at", "imported_calendar", ["next_at"], unique=False)


def downgrade() -> None:
    for table in ("imported_calendar", "calendar_feed", "oncall_swap", "oncall_override"):
        op.drop_table(table)
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.drop_column("covers")
