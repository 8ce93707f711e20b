"""Tickets: the list of a service desk's own is walked without the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    tickets = sa.text("kind = 'ticket'")
    op.create_index(
        "incident_ticket", "incident", ["status", "id"], unique=False, postgresql_where=tickets, sqlite_where=tickets
    )


def downgrade() -> None:
    op.drop_index("incident_ticket", "incident")
