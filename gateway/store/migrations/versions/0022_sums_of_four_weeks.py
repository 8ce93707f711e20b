"""Sums of reports in fewer rows: durations and hours as one number each, and names in blocks of four weeks too."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

COUNTS = (
    "incidents", "pages", "acted", "eligible", "in_time",
    *(f"cleared_{minute}" for minute in range(1, 6)), *(f"spared_{minute}" for minute in range(1, 6)),
)  # fmt: skip


def upgrade() -> None:
    _table("stat_sample", _numbers("urgency"), _texts(32, "metric"), [_text("buckets"), _large("total")])
    _table("stat_load", _numbers("person_id"), [], [_text("pages"), _text("nights")])
    names = _texts(200, "name", "service")
    _table("stat_name", _numbers("urgency"), names, [*_numbers(*COUNTS), _large("alerts")])
    op.execute("INSERT INTO fact (key, value, at) VALUES ('fill:sums', '-1', 0)")  # which 0023 does


def _table(name: str, numbers: list[sa.Column[Any]], texts: list[sa.Column[Any]], rest: list[sa.Column[Any]]) -> None:
    key = [*_numbers("span", "day"), *_texts(100, "team"), *numbers, *texts]
    op.create_table(name, *key, *rest, sa.PrimaryKeyConstraint(*(column.name for column in key)))


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _texts(size: int, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(length=size), nullable=False) for name in names]


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _large(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def downgrade() -> None:
    op.execute("DELETE FROM fact WHERE key = 'fill:sums'")
    for table in ("stat_name", "stat_load", "stat_sample"):
        op.drop_table(table)
