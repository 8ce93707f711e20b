"""What is too much for one person goes out as one message: each that is in it says in which."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bundle_id", sa.BigInteger(), nullable=True))
    bundled = sa.text("bundle_id IS NOT NULL")
    op.create_index(
        "delivery_bundle", "delivery", ["bundle_id"], unique=False, postgresql_where=bundled, sqlite_where=bundled
    )


def downgrade() -> None:
    op.drop_index("delivery_bundle", table_name="delivery")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_column("bundle_id")
