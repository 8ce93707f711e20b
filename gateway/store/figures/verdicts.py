"""What people think of resolved incidents, one verdict a person, and how each rule and alert fares by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from gateway.store.tables import AlertRow, Incident, PersonRow
from gateway.store.tables.incident import Verdict

VALUES = ("useful", "not actionable", "false")
MOST = 20  # verdicts of one incident that are shown


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each was said of what one rule made of one kind of alert."""

    rule: str
    alertname: str
    useful: int
    not_actionable: int
    false: int
    calls_right: int
    calls_wrong: int

    @property
    def precision(self) -> tuple[int, int]:
        """Of so many calls that were judged so many should have been calls: (3, 4)."""
        return self.calls_right, self.calls_right + self.calls_wrong


def say(
    session: Session, incident: Incident, person_id: int, now: datetime, *, value: str | None, call: bool | None
) -> bool:
    """A person's verdict; what is None stays as it was said before. False if that changes nothing."""
    query = select(Verdict).where(Verdict.incident_id == incident.id, Verdict.person_id == person_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        found = Verdict(incident_id=incident.id, person_id=person_id, value="", call_right=None)
        found.urgency, found.rule = incident.urgency, incident.rule
        found.alertname, found.service = _alertname(session, incident.id), incident.service
        session.add(found)
    elif (value is None or value == found.value) and (call is None or call is found.call_right):
        return False
    found.at = now
    found.value = found.value if value is None else value
    found.call_right = found.call_right if call is None else call
    return True


def _alertname(session: Session, incident_id: int) -> str:
    first = select(AlertRow.labels).where(AlertRow.incident_id == incident_id).order_by(AlertRow.id).limit(1)
    return str((session.scalar(first) or {}).get("alertname", ""))


def of_incident(session: Session, incident_id: int) -> Sequence[tuple[Verdict, str]]:
    """With the names of who said it, the newest first."""
    query = (
        select(Verdict, PersonRow.name)
        .outerjoin(PersonRow, PersonRow.id == Verdict.person_id)
        .where(Verdict.incident_id == incident_id)
        .order_by(Verdict.at.desc(), Verdict.id.desc())
        .limit(MOST)
    )
    return [(row[0], row[1] or "") for row in session.execute(query)]


def tallies(session: Session, since: datetime, until: datetime) -> list[Tally]:
    """What was said within these moments, by rule and name of the alert."""

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    useful, vain, false = (count(Verdict.value == value) for value in VALUES)
    right, wrong = (count(Verdict.call_right.is_(said)) for said in (True, False))
    query = (
        select(Verdict.rule, Verdict.alertname, useful, vain, false, right, wrong)
        .where(Verdict.at >= since, Verdict.at < until)
        .group_by(Verdict.rule, Verdict.alertname)
        .order_by(Verdict.rule, Verdict.alertname)
    )
    return [Tally(row[0], row[1], *(int(number) for number in row[2:])) for row in session.execute(query)]
