"""The list of what one person has in hand, as short a walk as the other lists."""

import sqlalchemy as sa
from alembic import op

from gateway.store.schema import indexes

revision = "0015"
down_revision = "0014"

ASSIGNED = sa.text("assignee_id IS NOT NULL")


def upgrade() -> None:
    columns = ["assignee_id", "status", "urgency", "id"]
    indexes.make(op, [indexes.New("incident_hands", "incident", columns, "assignee_id IS NOT NULL")])
    op.drop_index("incident_assignee", table_name="incident")


def downgrade() -> None:
    op.drop_index("incident_hands", table_name="incident")
    columns = ["assignee_id", "id"]
    op.create_index(
        "incident_assignee", "incident", columns, unique=False, postgresql_where=ASSIGNED, sqlite_where=ASSIGNED
    )
