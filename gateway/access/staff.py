"""What administrators do about people and teams, and what people say about themselves; each with its audit row."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, Signer
from sqlalchemy.orm import Session

from gateway.access.links import keys
from gateway.actions import Actor
from gateway.secrets import digest
from gateway.store.db import transaction
from gateway.store.directory import people, shifts, signins
from gateway.store.directory import staff as store
from gateway.store.tables import ContactRow, PersonRow, ScheduleRow, TeamRow
from gateway.store.types import micros, moment
from gateway.store.upkeep import audit
from gateway.world import world
from rules.reading.person_keys import EMAIL
from rules.texts.text import clean_text, one_line
from rules.times.walltime import is_zone, zone_of
from rules.words import Role

LINK_HOLDS = timedelta(days=7)
_LINK = re.compile(r"([1-9][0-9]{0,8}):([0-9]{16})", re.ASCII)
LAST_ADMIN = "Somebody has to be an administrator: make another one first."
LANGUAGES = ("en", "ru")


@dataclass(frozen=True, slots=True)
class Given:
    """What a form says about a person."""

    email: str
    name: str
    role: str
    language: str
    timezone: str

    @staticmethod
    def of(form: Mapping[str, str]) -> "Given":
        def line(name: str, most: int) -> str:
            return one_line(clean_text(form.get(name, ""))).strip()[:most]

        return Given(
            line("email", 254).lower(), line("name", 100), line("role", 16), line("language", 8), line("timezone", 64)
        )

    def complaint(self) -> str:
        if not EMAIL.fullmatch(self.email):
            return "This is not an e-mail address."
        if not self.name:
            return "A name is needed: others see it on the timeline."
        if self.role not in tuple(Role) or self.language not in LANGUAGES:
            return "Choose a role and a language."
        return "" if is_zone(self.timezone) else "This is not a time zone: write it like Europe/Berlin."


def add_person(given: Given, by: Actor, now: datetime) -> tuple[int, str]:
    """The new person's number, or what is wrong. Their e-mail address is their first contact, to be confirmed."""
    wrong = given.complaint()
    if wrong:
        return 0, wrong
    with transaction() as session:
        try:
            row = people.create_user(session, given.email, given.name, Role(given.role), None, now)
        except people.PersonExists:
            return 0, "There is somebody with this address already."
        row.language, row.timezone = given.language, given.timezone
        mail = ContactRow(person_id=row.id, channel="email", address=row.email, address_id=digest(row.email), own=True)
        mail.position, mail.verified_at = 0, None
        session.add(mail)
        audit.note(session, now, by.account, "person add", row.email, by.how, role=row.role)
        return row.id, ""


def edit_person(number: int, given: Given, teams: Sequence[str], by: Actor, now: datetime) -> str:
    """What is wrong, or nothing. The e-mail address stays: it is the person's name everywhere."""
    with transaction() as session:
        row = store.person(session, number)
        if row is None:
            return "unknown"
        given = Given(row.email, given.name, given.role, given.language, given.timezone)
        wrong = given.complaint()
        if not wrong and given.role != Role.ADMIN and store.admins(session) == [number]:
            wrong = LAST_ADMIN
        if wrong:
            return wrong
        before = {"name": row.name, "role": row.role, "language": row.language, "timezone": row.timezone}
        after = {"name": given.name, "role": given.role, "language": given.language, "timezone": given.timezone}
        row.name, row.role, row.language, row.timezone = given.name, given.role, given.language, given.timezone
        changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
        moved = _set_teams(session, row.email, teams)
        audit.note(session, now, by.account, "person edit", row.email, by.how, changed=changed, teams=moved)
        people.bump(session, now)
    return ""


def _set_teams(session: Session, email: str, wanted: Sequence[str]) -> list[str]:
    moved = []
    for team in store.teams(session):
        if (email in team.members) != (team.name in wanted):
            added = team.name in wanted
            team.members = [*team.members, email] if added else [one for one in team.members if one != email]
            moved.append(f"{'+' if added else '-'}{team.name}")
    return moved


def leave(number: int, instead: str, by: Actor, now: datetime) -> str:
    """Somebody has left: never told again, signed out everywhere; `instead` takes their turns. Says what is wrong."""
    with transaction() as session:
        row = store.person(session, number)
        if row is None:
            return "unknown"
        if store.admins(session) == [number]:
            return LAST_ADMIN
        row.active, row.left_at = False, now
        signins.end_all(session, number, now)
        _set_teams(session, row.email, [])
        heir = signins.person_by_email(session, instead) if instead else None
        if heir is not None and heir.active and heir.role != Role.VIEWER:
            for schedule in store.schedules(session):
                _hand_over(schedule, row.email, heir.email, now)
        audit.note(session, now, by.account, "person left", row.email, by.how, instead=instead)
        people.bump(session, now)
    return ""


def _hand_over(schedule: ScheduleRow, old: str, new: str, now: datetime) -> None:
    """From now on it is the other's turn. What was stays: a layer that has begun ends, above the one that goes on."""
    here = now.astimezone(zone_of(schedule.timezone)).replace(tzinfo=None)
    layers = list[dict[str, Any]]()
    for layer in schedule.layers:
        members = layer.get("members", ())
        over = "until" in layer and datetime.fromisoformat(layer["until"]) <= here
        if old not in members or over:
            layers.append(layer)
            continue
        layers.append({**layer, "members": [new if one == old else one for one in members]})
        if datetime.fromisoformat(layer["start"]) < here:
            layers.append({**layer, "until": here.isoformat()})
    if layers != schedule.layers:
        schedule.layers = layers


def come_back(number: int, by: Actor, now: datetime) -> bool:
    with transaction() as session:
        row = store.person(session, number)
        if row is None:
            return False
        if row.left_at is not None:
            shifts.resume(session, row.email, row.left_at, now)
        row.active, row.left_at = True, None
        audit.note(session, now, by.account, "person back", row.email, by.how)
        people.bump(session, now)
        return True


def sign_out(number: int, by: Actor, now: datetime) -> bool:
    with transaction() as session:
        row = store.person(session, number)
        if row is None:
            return False
        signins.end_all(session, number, now)
        audit.note(session, now, by.account, "person signed out", row.email, by.how)
        return True


def keep_team(name: str, members: Sequence[str], by: Actor, now: datetime, *, new: bool = False) -> str:
    """What is wrong, or nothing. Members keep their order; new ones come last."""
    with transaction() as session:
        row = store.team(session, name)
        if new and row is not None:
            return "There is a team of this name already."
        if new:
            if not name or len(name) > 100 or "/" in name:
                return "A name is needed, without a slash."
            row = TeamRow(name=name, members=[])
            session.add(row)
        if row is None:
            return "unknown"
        known = [one for one in row.members if one in members]
        row.members = [*known, *(one for one in members if one not in known)]
        audit.note(session, now, by.account, "team add" if new else "team edit", name, by.how, members=row.members)
        people.bump(session, now)
    return ""


def make_link(number: int, by: Actor, now: datetime) -> str:
    """A link by which somebody sets a password: it holds for a week, and until a password is set."""
    with transaction() as session:
        row = store.person(session, number)
        if row is None or not row.active:
            return ""
        until = micros(now + LINK_HOLDS)
        packed = base64.urlsafe_b64encode(f"{row.id}:{until}".encode()).rstrip(b"=")
        audit.note(session, now, by.account, "password link", row.email, by.how)
        return _signer(row.password_hash).sign(packed).decode()


def read_link(session: Session, token: str, now: datetime) -> PersonRow | None:
    """Whose password it sets; None if it does not count (any more)."""
    packed = token.rpartition(".")[0]
    try:
        plain = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except ValueError:
        return None
    found = _LINK.fullmatch(plain)
    row = store.person(session, int(found[1])) if found else None
    ends = moment(int(found[2])) if found else now
    if row is None or not row.active or ends <= now:
        return None
    try:
        _signer(row.password_hash).unsign(token)
    except BadSignature:
        return None
    return row


def use_link(token: str, hashed: str, now: datetime) -> int:
    """The person's number; 0 if the link does not count. It ends with its use: it hangs on the password before it."""
    with transaction() as session:
        row = read_link(session, token, now)
        if row is None:
            return 0
        row.password_hash = hashed
        signins.end_all(session, row.id, now)
        audit.note(session, now, row.email, "password set", row.email, "link")
        return row.id


def _signer(password_hash: str | None) -> Signer:
    salt = f"nabat.password.{digest(password_hash or '')}"
    return Signer(keys(world().settings.secret_key), salt=salt, digest_method=hashlib.sha256)
