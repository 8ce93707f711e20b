"""People's sign-ins, failed attempts and the set-up link, as rows, always inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from gateway.secrets import digest
from gateway.store.db import locked, upsert
from gateway.store.directory import people
from gateway.store.sql import bulk
from gateway.store.sql.bulk import Question
from gateway.store.tables import ContactRow, Counter, Fact, PersonRow, SignIn, Token
from gateway.store.types import micros, moment
from rules.words import Role

_FIND = """
    SELECT s.id, s.csrf, s.last_seen_at, p.id, p.email, p.name, p.role, p.language, p.timezone, p.theme, p.exact_times,
           p.single_keys, p.own_keys, p.zone_asked
    FROM sign_in s JOIN person p ON p.id = s.person_id
    WHERE s.hash = {} AND s.expires_at > {} AND (s.lasting OR s.last_seen_at > {}) AND p.active
"""  # every page asks: the same as _counts(), without the way through SQLAlchemy
SETUP = "setup"  # the fact that keeps the hash of the set-up link


@dataclass(frozen=True, slots=True)
class Signed:
    """A sign-in and whose it is."""

    id: int
    csrf: str
    last_seen_at: datetime
    person_id: int
    email: str
    name: str
    role: Role
    language: str
    timezone: str
    theme: str
    exact_times: bool = False
    single_keys: bool = True
    own_keys: str = ""
    zone_asked: bool = False


def find(session: Session, key_hash: str, now: datetime, idle: timedelta) -> Signed | None:
    """The sign-in of this key, if it still counts and the person may still come in."""
    question = Question(_FIND, (key_hash, micros(now), micros(now - idle)))
    rows = bulk.several(session, [question])[0]
    if not rows:
        return None
    id_, csrf, seen, person_id, email, name, role, language, timezone, theme, exact, keys, own, asked = rows[0]
    taste = (language, timezone, theme, bool(exact), bool(keys), own, bool(asked))
    return Signed(id_, csrf, moment(seen), person_id, email, name, Role(role), *taste)


def _counts(now: datetime, idle: timedelta) -> tuple[ColumnElement[bool], ...]:
    """Not ended, and used lately; of a device on which somebody wants to stay signed in only the first."""
    return SignIn.expires_at > now, or_(SignIn.lasting, SignIn.last_seen_at > now - idle)


def version(session: Session) -> tuple[int, ...]:
    """Another one whenever a sign-in began or ended; SQLite may give an ended one's number to the next."""
    sql = "SELECT count(*), coalesce(sum(id), 0), coalesce(max(created_at), 0) FROM sign_in"
    return tuple(int(value) for row in bulk.select_plain(session, sql) for value in row)


def of_person(session: Session, person_id: int, now: datetime, idle: timedelta) -> list[SignIn]:
    """Where a person is signed in, the latest first."""
    mine = select(SignIn).where(SignIn.person_id == person_id, *_counts(now, idle))
    return list(session.scalars(mine.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc()).limit(200)))


def end_of_person(session: Session, person_id: int, sign_in_id: int) -> bool:
    """Only one of their own. False if there is no such one."""
    mine = delete(SignIn).where(SignIn.person_id == person_id, SignIn.id == sign_in_id)
    return session.execute(mine.returning(SignIn.id)).first() is not None


def end_others(session: Session, person_id: int, but: int) -> None:
    session.execute(delete(SignIn).where(SignIn.person_id == person_id, SignIn.id != but))


def add(session: Session, sign_in: SignIn) -> None:
    over = SignIn.expires_at <= sign_in.created_at
    session.execute(delete(SignIn).where(SignIn.person_id == sign_in.person_id, over))
    session.add(sign_in)


def touch(session: Session, sign_in_id: int, address: str, now: datetime) -> None:
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now, address=address))


def end(session: Session, sign_in_id: int) -> None:
    session.execute(delete(SignIn).where(SignIn.id == sign_in_id))


def end_all(session: Session, person_id: int, now: datetime) -> None:
    """Everywhere, programs that ask in their name among it."""
    session.execute(delete(SignIn).where(SignIn.person_id == person_id))
    theirs = update(Token).where(Token.person_id == person_id, Token.revoked_at.is_(None))
    session.execute(theirs.values(revoked_at=now))


def person_by_email(session: Session, email: str) -> PersonRow | None:
    return session.scalars(select(PersonRow).where(PersonRow.email == email)).one_or_none()


def count_attempt(session: Session, key: str, now: datetime, free: int, first_pause: timedelta) -> timedelta:
    """Count one more attempt and say zero; or count nothing and say how long to wait.

    Counting comes before looking at the password: a hundred guesses at once must not all find the door open. `free`
    attempts cost nothing; each one after them doubles the pause, and a day of silence forgets all.
    """
    fresh = upsert(session, Counter, [{"key": key, "since": now, "count": 0}])
    session.execute(fresh.on_conflict_do_nothing(index_elements=["key"]))
    row: Counter = session.scalars(locked(select(Counter).where(Counter.key == key))).one()
    silence = now - row.since
    if (row.count < free and silence > first_pause) or silence > timedelta(days=1):
        row.count, row.since = 0, now
    if row.count >= free:
        pause: timedelta = first_pause * (1 << min(row.count - free, 6))
        if silence < pause:
            return pause - silence
        row.since = now
    row.count += 1
    if row.count == free:
        row.since = now
    return timedelta(0)


def forget_attempts(session: Session, key: str) -> None:
    session.execute(delete(Counter).where(Counter.key == key))


def has_admin(session: Session) -> bool:
    """Whether somebody can sign in who may do everything. An imported administrator without a password cannot."""
    able = exists().where(PersonRow.role == Role.ADMIN.value, PersonRow.active, PersonRow.password_hash.is_not(None))
    return bool(session.execute(select(able)).scalar_one())


def keep_setup(session: Session, key_hash: str, now: datetime) -> None:
    row = {"key": SETUP, "value": key_hash, "at": now}
    kept = upsert(session, Fact, [row])
    fresh = {"value": kept.excluded.value, "at": kept.excluded.at}
    session.execute(kept.on_conflict_do_update(index_elements=["key"], set_=fresh))


def setup_hash(session: Session, *, lock: bool = False) -> str:
    query = select(Fact.value).where(Fact.key == SETUP)
    return session.execute(locked(query) if lock else query).scalar_one_or_none() or ""


def drop_setup(session: Session) -> None:
    session.execute(delete(Fact).where(Fact.key == SETUP))


def make_admin(session: Session, person: PersonRow) -> int:
    """The first administrator: a new person, or an imported one who gets a password. The address is told, on trust."""
    known = person_by_email(session, person.email)
    if known is None:
        session.add(person)
        session.flush()
        known = person
    known.name, known.role, known.active = person.name, person.role, True
    known.password_hash = person.password_hash
    if not session.execute(select(ContactRow.id).where(ContactRow.person_id == known.id).limit(1)).first():
        mail = ContactRow(person_id=known.id, channel="email", address=known.email, address_id=digest(known.email))
        mail.position, mail.verified_at, mail.own, mail.on_trust = 0, person.created_at, True, True
        session.add(mail)
    people.bump(session, person.created_at)
    return known.id


def set_password(session: Session, person_id: int, password_hash: str) -> None:
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(password_hash=password_hash))


def set_taste(session: Session, person_id: int, language: str, theme: str) -> None:
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(language=language, theme=theme))
