"""The password asked anew of who is signed in: to change it, or to make a token of their own."""

from collections.abc import Sequence

from gateway.access import passwords
from gateway.access.auth import ATTEMPTS, PAUSE, WAY, Visit
from gateway.actions import Actor
from gateway.acts.sourcing import Made, NewToken, add_api_token
from gateway.store.db import db, transaction
from gateway.store.directory import signins
from gateway.store.senders.sources import SCOPES, NotPossible
from gateway.store.tables import PersonRow
from gateway.store.upkeep import audit
from rules.words import Role

TOO_MANY = "Too many tries. Wait a minute."
NOT_RIGHT = "The present password is not right."


def change_password(visit: Visit, old: str, new: str) -> str:
    """What is wrong, or nothing; then sign-ins and tokens of the person have ended. Raises passwords.Busy."""
    wrong = passwords.complaint(new, visit.person.email, visit.person.name)
    if wrong:
        return wrong
    with passwords.seat():
        wrong = _wrong(visit, old)
        if wrong:
            return wrong
        kept = passwords.reckon(new)
        with transaction() as session:
            signins.forget_attempts(session, _key(visit))
            signins.set_password(session, visit.person.person_id, kept)
            signins.end_all(session, visit.person.person_id, visit.now)
            audit.note(session, visit.now, visit.person.email, "password changed", visit.person.email, WAY)
    return ""


def scopes_of(role: Role) -> tuple[str, ...]:
    """What a token of somebody with this role may be for; each route looks at the role as well, as the pages do."""
    return SCOPES if role is Role.ADMIN else SCOPES[:2]


def make_token(visit: Visit, password: str, name: str, scopes: Sequence[str], days: int | None) -> Made:
    """A token of one's own. A browser that is left open is not enough. Raises NotPossible, passwords.Busy."""
    person = visit.person
    if not set(scopes) <= set(scopes_of(person.role)):
        raise NotPossible("your role has no such scope")
    with passwords.seat():
        wrong = _wrong(visit, password)
    if wrong:
        raise NotPossible(wrong)
    with transaction() as session:
        signins.forget_attempts(session, _key(visit))
    actor = Actor(person.name or person.email, WAY, person.person_id, person.email)
    return add_api_token(NewToken(name, scopes, days, person.person_id), actor, visit.now)


def _wrong(visit: Visit, password: str) -> str:
    """Each try counts before it is looked at. To be called in a seat()."""
    with transaction() as session:
        wait = signins.count_attempt(session, _key(visit), visit.now, ATTEMPTS, PAUSE)
    if wait:
        return TOO_MANY
    kept = db.session().get_one(PersonRow, visit.person.person_id).password_hash
    db.session.rollback()  # no connection is held while we reckon
    return "" if passwords.matches(kept, password) else NOT_RIGHT


def _key(visit: Visit) -> str:
    return f"change:{visit.person.person_id}"
