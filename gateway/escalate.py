"""Time passes: incidents nobody answered go one step up, messages that do not get through get their fallback."""

from datetime import datetime

from gateway import actions
from gateway.store import cases, outbox
from gateway.store.db import reading, transaction
from rules.lifecycle import Signal

LIMIT = 100  # incidents a round; the next round comes at once while there are more


def escalate_due(now: datetime) -> int:
    """The next step of every incident whose time has come, each in a transaction: a slow one holds up no other."""
    with reading() as session:
        due = cases.due(session, now, LIMIT)
    for incident_id in due:
        actions.act(incident_id, Signal.TIMER, actions.CLOCK, now)
    return len(due)


def fall_back_due(now: datetime) -> int:
    """The fallback for every message that is not out within its class's patience, or has expired."""
    with transaction() as session:
        impatient = outbox.impatient(session, now, LIMIT)
        gone = outbox.expired(session, now, LIMIT)
        stuck = [(incident, level, who, "not delivered in time", True) for incident, level, who in impatient]
        stuck += [(incident, level, who, "expired", False) for incident, level, _, who in gone]
        if not stuck:
            return 0
        changes = actions.changes_of(session, now)
        loaded = cases.load(session, [item[0] for item in stuck])
        for incident_id, level, who, why, patience in stuck:
            if incident_id in loaded:
                actions.fall_back(changes, loaded[incident_id], level, who, why, patience=patience)
        changes.write()
    return len(stuck)
