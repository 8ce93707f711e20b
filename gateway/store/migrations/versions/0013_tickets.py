"""Tickets: the list of a service desk's own is walked without the rest."""

from alembic import op

from gateway.store.schema import indexes

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    indexes.make(op, [indexes.New("incident_ticket", "incident", ["status", "id"], "kind = 'ticket'")])


def downgrade() -> None:
    op.drop_index("incident_ticket", "incident")
