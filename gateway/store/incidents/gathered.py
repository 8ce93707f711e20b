"""When the alerts of one incident began to fire, as far as it matters to whether there are enough of them."""

from sqlalchemy.orm import Session

from gateway.store.sql import bulk

MOST = 1000  # alerts of an incident that are looked at where silences have hidden some of them


def began(session: Session, incident_id: int, most: int) -> dict[tuple[int, str], int]:
    """By source and fingerprint: when it began last, of the newest ones; what is part of something bigger is none."""
    sql = (
        "SELECT source_id, fingerprint, fired FROM alert WHERE incident_id = {} AND attached IS NULL "
        "ORDER BY fired DESC LIMIT {}"
    )
    return {(row[0], row[1]): row[2] for row in bulk.select_plain(session, sql, incident_id, most)}


def over_in_silence(session: Session, incident_id: int, since: int) -> set[tuple[int, str]]:
    """Of those that began since then what began and ended within a silence, or a window: nobody was to hear of it."""
    sql = (
        "SELECT a.source_id, a.fingerprint FROM hidden_alert h JOIN silence s ON s.id = h.silence_id "
        "JOIN alert a ON a.source_id = h.source_id AND a.fingerprint = h.fingerprint "
        "WHERE h.at >= {} AND h.incident_id = {} AND a.incident_id = h.incident_id AND NOT a.firing "
        "AND h.at >= a.fired AND CASE WHEN s.ended_at < h.until THEN s.ended_at ELSE h.until END >= a.ended"
    )
    return {(row[0], row[1]) for row in bulk.select_plain(session, sql, since, incident_id)}


def began_anew(session: Session, incident_id: int, since: int) -> bool:
    """Whether one fires that did not then: it is new, or had ended before."""
    sql = (
        "SELECT 1 FROM alert WHERE incident_id = {} AND firing AND latest AND attached IS NULL "
        "AND (first_seen_at > {} OR (fired > {} AND ended < {})) LIMIT 1"
    )
    return bool(bulk.select_plain(session, sql, incident_id, since, since, since))
