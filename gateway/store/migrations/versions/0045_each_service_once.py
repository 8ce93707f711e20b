"""A service stands on the status page once; where two administrators had put it there twice, the first one stays."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"

WORST_LAST = ("working", "maintenance", "slow", "down")
SHOWN = "SELECT id, service, names FROM component WHERE removed_at IS NULL ORDER BY id"
OFF = "UPDATE component SET removed_at = created_at WHERE id = :id"
NAMED = "UPDATE component SET names = :names WHERE id = :id"
SAID = "UPDATE notice_update SET states = :states WHERE id = :id"


def upgrade() -> None:
    link = op.get_bind()
    if link.dialect.name == "postgresql":
        link.execute(sa.text("LOCK TABLE component IN SHARE ROW EXCLUSIVE MODE"))
    twins = _twins(link)
    if twins:
        _said_of_the_first(link, twins)
        link.execute(sa.text("UPDATE fact SET value = value || '+' WHERE key = 'status page version'"))
    shown = sa.text("removed_at IS NULL")
    op.create_index("component_once", "component", ["service"], unique=True, postgresql_where=shown, sqlite_where=shown)


def _twins(link: sa.Connection) -> dict[str, str]:
    """By the number of each that goes: the number of the one that stays, which gets the names that it has not."""
    first: dict[str, tuple[int, dict[str, str]]] = {}
    found = {}
    for number, service, names in link.execute(sa.text(SHOWN)).all():
        stays, known = first.setdefault(service, (number, json.loads(names)))
        if stays != number:
            found[str(number)] = str(stays)
            known.update({**json.loads(names), **known})
            link.execute(sa.text(NAMED), {"names": json.dumps(known, ensure_ascii=False), "id": stays})
            link.execute(sa.text(OFF), {"id": number})
    return found


def _said_of_the_first(link: sa.Connection, twins: dict[str, str]) -> None:
    """What notices said of one that goes they say of the one that stays: of two words the worse."""
    for number, text in link.execute(sa.text("SELECT id, states FROM notice_update")).all():
        states = json.loads(text)
        if not twins.keys() & states.keys():
            continue
        merged: dict[str, str] = {}
        for name, state in states.items():
            stays = twins.get(name, name)
            merged[stays] = max(state, merged.get(stays, state), key=WORST_LAST.index)
        link.execute(sa.text(SAID), {"states": json.dumps(merged), "id": number})


def downgrade() -> None:
    op.drop_index("component_once", "component")
