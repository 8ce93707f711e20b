"""How people are told: own rules, quiet hours, codes, contacts that fail, what is said to them, who is out of reach."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

FALSE, TRUE = sa.false(), sa.true()
COLUMNS: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("person", sa.Column("notify", sa.Text(), nullable=False, server_default="{}")),
    ("person", sa.Column("quiet_hours", sa.Text(), nullable=False, server_default="")),
    ("person", sa.Column("exact_times", sa.Boolean(), nullable=False, server_default=FALSE)),
    ("person", sa.Column("single_keys", sa.Boolean(), nullable=False, server_default=TRUE)),
    ("contact", sa.Column("own", sa.Boolean(), nullable=False, server_default=FALSE)),
    ("contact", sa.Column("failed_at", sa.BigInteger(), nullable=True)),
    ("contact", sa.Column("failure", sa.Text(), nullable=False, server_default="")),
    ("contact", sa.Column("tested_at", sa.BigInteger(), nullable=True)),
    ("contact", sa.Column("seen_at", sa.BigInteger(), nullable=True)),
    ("sign_in", sa.Column("address", sa.Text(), nullable=False, server_default="")),
    ("sign_in", sa.Column("lasting", sa.Boolean(), nullable=False, server_default=FALSE)),
)


def upgrade() -> None:
    for table in ("person", "contact", "sign_in"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for _, column in (one for one in COLUMNS if one[0] == table):
                batch_op.add_column(column)
    op.create_table(
        "contact_code",
        sa.Column("contact_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id"),
    )
    _notices()
    _findings()


def _notices() -> None:
    op.create_table(
        "personal_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("once"),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "personal_notice_due", "personal_notice", ["due_at"], unique=False, postgresql_where=due, sqlite_where=due
    )
    op.create_index("ix_personal_notice_person_id", "personal_notice", ["person_id"], unique=False)


def _findings() -> None:
    op.create_table(
        "reach_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("passed_on_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_reach_finding_person_id", "reach_finding", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("reach_finding")
    op.drop_table("personal_notice")
    op.drop_table("contact_code")
    for table in ("person", "contact", "sign_in"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for _, column in (one for one in COLUMNS if one[0] == table):
                batch_op.drop_column(column.name)
