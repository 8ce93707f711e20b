"""For how long somebody's transaction has kept PostgreSQL from clearing dead rows, and how many have passed since."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.store.db import is_postgres

# VACUUM holds nothing back, and neither do transactions in other databases. Whose beginning we may not see still has an
# age in transactions, and so has a replication slot, which is nobody's.
_HELD = text("""
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - begun)), 0), coalesce(max(passed), 0) FROM (
        SELECT xact_start AS begun, greatest(age(backend_xmin), age(backend_xid)) AS passed FROM pg_stat_activity a
        WHERE (datname = current_database() OR datname IS NULL) AND pid <> pg_backend_pid()
          AND backend_type IN ('client backend', 'walsender') AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
        UNION ALL SELECT prepared, age(transaction) FROM pg_prepared_xacts WHERE database = current_database()
        UNION ALL SELECT NULL, age(xmin) FROM pg_replication_slots WHERE xmin IS NOT NULL) AS held
""")


@dataclass(frozen=True, slots=True)
class Held:
    """Both are 0 where nobody holds anything back, as on SQLite."""

    seconds: float = 0.0  # since the oldest transaction began
    passed: int = 0  # transactions that have written since


def held(session: Session) -> Held:
    if not is_postgres(session):
        return Held()
    seconds, passed = session.execute(_HELD).one()
    return Held(float(seconds), int(passed))
