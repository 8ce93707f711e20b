"""When somebody left: until then their turns and overrides stay as they were."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

LEFT = """
    UPDATE person SET left_at = (SELECT max(at) FROM audit WHERE action = 'person left' AND target = person.email)
    WHERE NOT active
"""


def upgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("left_at", sa.BigInteger(), nullable=True))
    op.execute(LEFT)


def downgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.drop_column("left_at")
