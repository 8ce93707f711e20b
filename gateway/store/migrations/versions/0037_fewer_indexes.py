"""Less to write for each alert that comes in: fewer indexes, and none of them of what nobody looks up.

PostgreSQL no longer looks at the source for each alert, incident and payload: sources are never deleted, and each look
costs as much as an index. SQLite, where it costs nothing, goes on.
"""

from alembic import op

from gateway.store.schema.indexes import New, make

revision = "0037"
down_revision = "0036"
NEW = (
    New("incident_of_service", "incident", ("service", "status", "urgency", "id"),
        "service <> '' AND status <> 'resolved'"),
    New("incident_of_several", "incident", ("alert_count", "id"), "alert_count > 1 AND status <> 'resolved'"),
    New("delivery_once", "delivery", ("incident_id", "once"), unique=True),
    New("delivery_digest", "delivery", ("once",), "kind = 'digest'", unique=True),
    New("delivery_roll_up", "delivery", ("person_id", "finished_at"), "kind = 'digest'"),
    New("delivery_done", "delivery", ("person_id", "finished_at"), "finished_at IS NOT NULL"),
)  # fmt: skip
OLD = (
    ("incident_service", "incident", ["service", "status", "urgency", "id"], "status <> 'resolved'"),
    ("incident_loud", "incident", ["alert_count", "id"], "status <> 'resolved'"),
    ("delivery_incident", "delivery", ["incident_id", "id"], None),
    ("delivery_person", "delivery", ["person_id", "finished_at"], None),
)
UNCHECKED = ("incident", "alert", "payload", "quarantined_item")
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}  # SQLite gave the old one none


def upgrade() -> None:
    make(op, NEW)
    postgres = op.get_context().dialect.name == "postgresql"
    for name, table, *_ in OLD:
        op.drop_index(name, table)
    if postgres:
        op.drop_constraint("delivery_once_key", "delivery", type_="unique")
        for table in UNCHECKED:
            op.drop_constraint(f"{table}_source_id_fkey", table, type_="foreignkey")
    else:
        with op.batch_alter_table("delivery", naming_convention=NAMES) as changed:
            changed.drop_constraint("uq_delivery_once", type_="unique")


def downgrade() -> None:
    make(op, [New(name, table, columns, where or "") for name, table, columns, where in OLD])
    postgres = op.get_context().dialect.name == "postgresql"
    if postgres:
        for table in UNCHECKED:
            op.create_foreign_key(f"{table}_source_id_fkey", table, "source", ["source_id"], ["id"])
        op.create_unique_constraint("delivery_once_key", "delivery", ["once"])
    else:
        with op.batch_alter_table("delivery") as changed:
            changed.create_unique_constraint("uq_delivery_once", ["once"])  # upgrade() looks for this name
    for one in NEW:
        op.drop_index(one.name, one.table)
