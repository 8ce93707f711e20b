"""When the alerts of one incident began to fire, as far as it matters to whether there are enough of them."""

from sqlalchemy.orm import Session

from gateway.store.sql import bulk


def began(session: Session, incident_id: int, most: int) -> dict[tuple[int, str], int]:
    """By source and fingerprint: when it began last, of the newest ones."""
    sql = "SELECT source_id, fingerprint, fired FROM alert WHERE incident_id = {} ORDER BY fired DESC LIMIT {}"
    return {(row[0], row[1]): row[2] for row in bulk.select_plain(session, sql, incident_id, most)}
