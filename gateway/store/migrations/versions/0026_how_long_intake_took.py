"""How long it took to write down what a sender sent: for the page of its source."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("payload", sa.Column("took", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("payload") as table:
        table.drop_column("took")
