"""Why an incident was told as it was, what people thought of it, what fixed it, and what it was merged into."""

import sqlalchemy as sa
from alembic import op

from gateway.store.schema import indexes

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    indexes.make(op, [indexes.New("incident_closed_key", "incident", ["dedup_key", "id"], "status = 'resolved'")])
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fixed_by", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.create_table(
        "rule_book",
        sa.Column("version", sa.String(16), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "ruling",
        sa.Column("id", big, primary_key=True),
        sa.Column("incident_id", big, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(10), nullable=False),
        sa.Column("book_version", sa.String(16), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
    )
    op.create_index("ruling_incident", "ruling", ["incident_id", "id"])
    op.create_table(
        "verdict",
        sa.Column("id", big, primary_key=True),
        sa.Column("incident_id", big, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.String(16), nullable=False),
        sa.Column("call_right", sa.Boolean(), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("alertname", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
    )
    op.create_index("verdict_once", "verdict", ["incident_id", "person_id"], unique=True)
    op.create_index("verdict_at", "verdict", ["at"])


def downgrade() -> None:
    for table in ("verdict", "ruling", "rule_book"):
        op.drop_table(table)
    op.drop_index("incident_closed_key", table_name="incident")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("merged_into")
        batch_op.drop_column("fixed_by")
