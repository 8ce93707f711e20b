"""The facts that reports need of incidents which were there before 0010: portion by portion, while others serve."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.store.schema.portions import fill

revision = "0016"
down_revision = "0015"

FIRST_ACK = """
    UPDATE incident SET first_ack_at = coalesce((SELECT min(e.at) FROM entry e
        WHERE e.incident_id = incident.id AND e.kind = 'acknowledged'), ack_at)
    WHERE id >= :first AND id <= :last AND (ack_at IS NOT NULL OR status <> 'triggered')
"""
KNOWN = """
    SELECT i.id, i.kind, i.title, i.route,
        (SELECT a.labels FROM alert a WHERE a.incident_id = i.id ORDER BY a.id LIMIT 1)
    FROM incident i WHERE i.id >= :first AND i.id <= :last
"""


def upgrade() -> None:
    fill(op.get_context(), "fill:incident", "incident", portion)


def portion(link: sa.Connection, ids: Sequence[int]) -> None:
    teams = {row[0]: json.loads(row[1]) for row in link.execute(sa.text("SELECT name, members FROM team ORDER BY id"))}
    schedules = {row[0]: row[1] for row in link.execute(sa.text("SELECT name, team FROM schedule"))}
    bounds = {"first": ids[0], "last": ids[-1]}
    link.execute(sa.text(FIRST_ACK), bounds)
    values = [
        {"id": id_, "team": _team(route, teams, schedules)[:100], "name": _name(kind, labels, title)}
        for id_, kind, title, route, labels in link.execute(sa.text(KNOWN), bounds)
    ]
    link.execute(sa.text("UPDATE incident SET team = :team, alert_name = :name WHERE id = :id"), values)


def _name(kind: str, labels: str | None, title: str) -> str:
    return "" if kind == "ticket" else str(json.loads(labels or "{}").get("alertname") or title)[:200]


def _team(route: str, teams: dict[str, list[str]], schedules: dict[str, str]) -> str:
    steps = json.loads(route).get("steps") or [{}]
    for target in steps[0].get("notify", ()):
        kind, _, name = str(target).partition(":")
        found = {"team": name, "schedule": schedules.get(name, "")}.get(kind, "")
        if kind == "person":
            found = next((team for team, members in teams.items() if name in members), "")
        if found:
            return found
    return ""


def downgrade() -> None:
    """There is nothing to take back: the columns go with 0010."""
