"""What reports need: facts fixed when they happen, sums by day, weekly letters, pages for guests."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_ack_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("team", sa.String(length=100), server_default="", nullable=False))
        batch_op.add_column(sa.Column("alert_name", sa.String(length=200), server_default="", nullable=False))
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weekly", sa.Boolean(), nullable=True))
    _sums()
    _letters()
    op.execute("INSERT INTO fact (key, value, at) VALUES ('fill:incident', '0', 0)")  # which 0016 does


def _day(name: str = "day") -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team", sa.String(length=100), nullable=False),
    ]


def _numbers(*names: str) -> list[sa.Column[object]]:
    big = ("alerts", "n")
    return [sa.Column(name, sa.BigInteger() if name in big else sa.Integer(), nullable=False) for name in names]


def _key(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in names]


def _sums() -> None:
    op.create_table(
        "stat_core",
        *_day(),
        *_key("urgency"),
        *_numbers(
            "incidents", "alerts", "acked", "resolved", "by_person", "eligible", "in_time", "escalated", "hidden",
            "notifications", "failed", "pages", "off_pages", "sleep_pages",
        ),
        sa.PrimaryKeyConstraint("day", "team", "urgency"),
    )  # fmt: skip
    op.create_table(
        "stat_hist",
        *_day(),
        *_key("urgency"),
        sa.Column("metric", sa.String(length=32), nullable=False),
        *_key("bucket"),
        *_numbers("n"),
        sa.PrimaryKeyConstraint("day", "team", "urgency", "metric", "bucket"),
    )
    minutes = [f"{what}_{minute}" for what in ("cleared", "spared") for minute in range(1, 6)]
    op.create_table(
        "stat_alert",
        *_day("week"),
        *_key("urgency"),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        *_numbers("incidents", "alerts", "pages", "acted", "eligible", "in_time", *minutes),
        sa.PrimaryKeyConstraint("week", "team", "urgency", "name", "service"),
    )
    op.create_table(
        "stat_person",
        *_day(),
        *_key("person_id", "hour"),
        *_numbers("pages"),
        sa.Column("night", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("day", "team", "person_id", "hour"),
    )
    op.create_table(
        "stat_channel",
        *_day(),
        *_key("urgency"),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "team", "urgency", "channel", "status"),
    )


def _letters() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("delivery_id"),
    )
    op.create_index("letter_once", "letter", ["person_id", "week"], unique=True)
    op.create_table(
        "guest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM fact WHERE key = 'fill:incident'")
    for table in ("guest", "letter", "stat_channel", "stat_person", "stat_alert", "stat_hist", "stat_core"):
        op.drop_table(table)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("weekly")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        for name in ("alert_name", "team", "first_ack_at"):
            batch_op.drop_column(name)
