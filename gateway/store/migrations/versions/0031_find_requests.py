"""All lines of the audit log that one request wrote are found without a look at the others."""

from alembic import op

from gateway.store.schema import indexes

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    indexes.make(op, [indexes.New("audit_request", "audit", ["request", "id"])])


def downgrade() -> None:
    op.drop_index("audit_request", table_name="audit")
