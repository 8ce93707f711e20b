"""The list of what one person has in hand, as short a walk as the other lists."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ASSIGNED = sa.text("assignee_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("incident_assignee", table_name="incident")
    columns = ["assignee_id", "status", "urgency", "id"]
    op.create_index(
        "incident_hands", "incident", columns, unique=False, postgresql_where=ASSIGNED, sqlite_where=ASSIGNED
    )


def downgrade() -> None:
    op.drop_index("incident_hands", table_name="incident")
    columns = ["assignee_id", "id"]
    op.create_index(
        "incident_assignee", "incident", columns, unique=False, postgresql_where=ASSIGNED, sqlite_where=ASSIGNED
    )
