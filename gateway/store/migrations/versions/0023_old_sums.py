"""The sums there are already, in the new tables; the old ones go."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.store.schema.portions import fill
from rules.reports import lanes

revision = "0023"
down_revision = "0022"

DAYS = "(SELECT day AS id FROM stat_hist UNION SELECT day FROM stat_person UNION SELECT week FROM stat_alert) days"
AT_ONCE = 4  # some ten thousand rows each where there are a million incidents in a year
TOTAL = -1  # the bucket that held the sum
COUNTS = (
    "incidents, alerts, pages, acted, eligible, in_time, cleared_1, cleared_2, cleared_3, cleared_4, cleared_5, "
    "spared_1, spared_2, spared_3, spared_4, spared_5"
)
SAMPLES = """
    SELECT day, team, urgency, metric, bucket, n FROM stat_hist WHERE day >= :first AND day <= :last
    ORDER BY day, team, urgency, metric
"""
LOADS = """
    SELECT day, team, person_id, hour, pages, night FROM stat_person WHERE day >= :first AND day <= :last
    ORDER BY day, team, person_id
"""
NAMES = f"""
    INSERT INTO stat_name (span, day, team, urgency, name, service, {COUNTS})
    SELECT 7, week, team, urgency, name, service, {COUNTS} FROM stat_alert WHERE week >= :first AND week <= :last
"""  # noqa: S608 - our own words
SAMPLE = """
    INSERT INTO stat_sample (span, day, team, urgency, metric, buckets, total)
    VALUES (1, :day, :team, :urgency, :metric, :buckets, :total)
"""
LOAD = """
    INSERT INTO stat_load (span, day, team, person_id, pages, nights)
    VALUES (1, :day, :team, :person, :pages, :nights)
"""


def upgrade() -> None:
    fill(op.get_context(), "fill:sums", DAYS, portion, AT_ONCE, lock=False)
    for old in ("stat_hist", "stat_person", "stat_alert"):
        op.drop_table(old)


def portion(link: sa.Connection, days: Sequence[int]) -> None:
    bounds = {"first": days[0], "last": days[-1]}
    counted, paged = link.execute(sa.text(SAMPLES), bounds), link.execute(sa.text(LOADS), bounds)
    samples = [_sample(key, rows) for key, rows in groupby(counted, itemgetter(0, 1, 2, 3))]
    loads = [_load(key, rows) for key, rows in groupby(paged, itemgetter(0, 1, 2))]
    for sql, values in ((SAMPLE, samples), (LOAD, loads)):
        if values:
            link.execute(sa.text(sql), values)
    link.execute(sa.text(NAMES), bounds)


def _sample(key: tuple[Any, ...], rows: Iterable[sa.Row[Any]]) -> dict[str, object]:
    counts = {row.bucket: row.n for row in rows}
    total = counts.pop(TOTAL, 0)
    values = (*key, f"{lanes.packed(counts):x}", total)
    return dict(zip(("day", "team", "urgency", "metric", "buckets", "total"), values, strict=True))


def _load(key: tuple[Any, ...], rows: Iterable[sa.Row[Any]]) -> dict[str, object]:
    known = list(rows)
    nights = sorted({row.night for row in known if row.night is not None})
    pages = lanes.packed({row.hour: row.pages for row in known})
    values = (*key, f"{pages:x}", ",".join(map(str, nights)))
    return dict(zip(("day", "team", "person", "pages", "nights"), values, strict=True))


def downgrade() -> None:
    """Empty: the worker counts again."""
    op.execute("DELETE FROM fact WHERE key = 'rollups'")
    _table("stat_hist", "day", {"urgency": 0, "metric": 32, "bucket": 0}, ["n"])
    _table("stat_person", "day", {"person_id": 0, "hour": 0}, ["pages", "night"])
    _table("stat_alert", "week", {"urgency": 0, "name": 200, "service": 200}, COUNTS.split(", "))


def _table(name: str, day: str, key: dict[str, int], rest: Sequence[str]) -> None:
    """`key`: how long a text is, 0 for a number."""
    keys = {day: 0, "team": 100} | key
    columns = [
        sa.Column(one, sa.String(length=size) if size else sa.Integer(), nullable=False) for one, size in keys.items()
    ]
    counts = [
        sa.Column(one, sa.BigInteger() if one in ("n", "alerts") else sa.Integer(), nullable=one == "night")
        for one in rest
    ]
    op.create_table(name, *columns, *counts, sa.PrimaryKeyConstraint(*keys))
