"""What the author of a silence, or of a window that comes once, is told: it begins, it ends soon, it is over."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from gateway import log
from gateway.lists.watching import phones
from gateway.store.outgoing import notes
from gateway.store.outgoing.notes import Note
from gateway.store.tables import SilenceRow
from gateway.store.types import micros
from gateway.world import world
from rules.duty.personal import quiet_until
from rules.telling.suppress import REMIND
from rules.words import Contact, Person, Way

BEGINS, ENDS, OVER = "silence_begins", "silence_ends", "silence_over"  # kinds of messages
AHEAD = timedelta(minutes=1)  # what begins sooner after it was made has only just been asked for


def begun(session: Session, row: SilenceRow, now: datetime) -> None:
    if not row.rule and row.starts_at - row.created_at > AHEAD:
        _tell(session, row, BEGINS, now)


def ends_soon(session: Session, row: SilenceRow, now: datetime) -> None:
    _tell(session, row, ENDS, now)


def ended(session: Session, row: SilenceRow, by: str, now: datetime) -> None:
    """By the clock, or by somebody else; not of what hardly lasted, nor of what never began."""
    lasted = row.ends_at - row.starts_at > 2 * REMIND or by
    if lasted and not row.rule and by != row.author and row.begun_at is not None:
        _tell(session, row, OVER, now)


def _tell(session: Session, row: SilenceRow, kind: str, now: datetime) -> None:
    """By push; in quiet hours, or where nothing takes push, by e-mail. Once for each beginning, and for each end."""
    person = world().roll.current(session).people.get(row.author_email)
    if person is None:
        log.info("silence_author_unknown", silence=row.id)
        return
    way, contacts = _ways(person, now)
    for contact in contacts:
        once = f"{kind.removeprefix('silence_')}:{row.id}:{micros(row.ends_at)}"
        notes.promise(session, person, contact, Note(way, kind, once, row.id), now)


def _ways(person: Person, now: datetime) -> tuple[Way, list[Contact]]:
    pushed = phones(person) if quiet_until(person, now) is None else []
    mailed = [one for one in person.contacts if one.channel == Way.EMAIL.value and one.verified]
    return (Way.PUSH, pushed) if pushed else (Way.EMAIL, mailed[:1])
