"""A token may be a person's own: whoever asks with it is that person, and may do what their role may."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    with op.batch_alter_table("token") as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        batch_op.create_index("ix_token_person_id", ["person_id"], unique=False)
        batch_op.create_foreign_key("token_person_id_fkey", "person", ["person_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("token") as batch_op:
        batch_op.drop_constraint("token_person_id_fkey", type_="foreignkey")
        batch_op.drop_index("ix_token_person_id")
        batch_op.drop_column("person_id")
