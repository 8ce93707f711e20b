"""Silences and maintenance windows, what they hid, inhibition, heartbeats, rhythms, and alerts that go stale."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stale_after", sa.Integer(), nullable=True))
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suppressed_by", sa.String(length=32), nullable=True))
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attached", sa.String(length=32), nullable=True))
    for table, column in (("incident", "suppressed_by"), ("alert", "attached")):
        where = sa.text(f"{column} IS NOT NULL")
        name = f"{table}_{'suppressed' if table == 'incident' else 'attached'}"
        op.create_index(name, table, [column], unique=False, postgresql_where=where, sqlite_where=where)
    _silences()
    _heartbeats()


def _silences() -> None:
    op.create_table(
        "silence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("wall_start", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("silence_next_at", "silence", ["next_at"], unique=False, postgresql_where=due, sqlite_where=due)
    op.create_table(
        "hidden_alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("silence_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["silence_id"], ["silence.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    columns = ["silence_id", "until", "source_id", "fingerprint"]
    op.create_index("hidden_alert_once", "hidden_alert", columns, unique=True)
    op.create_index("hidden_alert_at", "hidden_alert", ["at"], unique=False)
    op.create_table(
        "inhibitor",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", "source_id", "fingerprint"),
    )


def _heartbeats() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("grace", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("ending", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("silent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("name"),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("heartbeat_due", "heartbeat", ["due_at"], unique=False, postgresql_where=due, sqlite_where=due)
    op.create_table(
        "rhythm",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("pauses", sa.Text(), nullable=False),
        sa.Column("silent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("source_id"),
    )


def downgrade() -> None:
    for table in ("rhythm", "heartbeat", "inhibitor", "hidden_alert", "silence"):
        op.drop_table(table)
    op.drop_index("alert_attached", table_name="alert")
    op.drop_index("incident_suppressed", table_name="incident")
    for table, column in (("alert", "attached"), ("incident", "suppressed_by"), ("source", "stale_after")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
