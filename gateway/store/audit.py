"""The audit log: who did what to what, when, and by which way. Only ever added to."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gateway.store.tables import Audit


def note(session: Session, now: datetime, actor: str, action: str, target: str, how: str, **detail: Any) -> None:
    """One line, inside the transaction that does it: nothing is done without it, and it tells of nothing undone.

    `actor` is what cannot be shared: an e-mail address or the name of a token, not the name that a person shows.
    `how` is the way in: dashboard, link, api, pagerduty, command.
    """
    session.add(Audit(at=now, actor=actor, action=action, target=target, detail={"how": how, **detail}))
