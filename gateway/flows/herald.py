"""What people are told about themselves goes out: beside the loop, by the first of their ways that takes it."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask

from gateway import channels, log, metrics
from gateway.access.vapid import given_to
from gateway.channels import Message, PermanentFailure, TemporaryFailure
from gateway.demo.mark import is_invented
from gateway.flows import failing
from gateway.flows.apart import apart
from gateway.outward.masking import mask
from gateway.outward.wording import Wording
from gateway.secrets import BadSecret
from gateway.store.db import db, reading, transaction
from gateway.store.directory import contacts
from gateway.store.outgoing import notices
from gateway.store.tables import ContactRow, PersonalNotice, PersonRow
from gateway.store.types import micros, moment
from gateway.world import World

ORDER = ("email", "webpush", "ntfy", "sms")  # nobody is called because a contact of theirs is broken
WAYS = {"email": "E-mail", "sms": "SMS", "webpush": "Push", "ntfy": "Push", "pagerduty": "Phone call"}


@dataclass(slots=True)
class Herald:
    """One worker's share of it."""

    app: Flask
    world: World
    thread: threading.Thread | None = field(default=None)

    def start_due(self, now: datetime) -> None:
        if self.thread is not None and self.thread.is_alive():
            return
        with reading() as session:
            if not notices.due(session, now, 1):
                return
        self.thread = threading.Thread(target=self._beside, args=(now,), name="herald", daemon=True)
        self.thread.start()

    def _beside(self, now: datetime) -> None:
        with self.app.app_context():
            try:
                tell_due(self.world, now)
            except Exception as problem:  # noqa: BLE001 - a database that is away, a bug: the next turn comes all the same
                failing.tell("worker_job_failed", problem, job="herald")
                metrics.worker_errors.labels("herald").inc()
            finally:
                db.session.remove()


@dataclass(frozen=True, slots=True)
class _Way:
    channel: str
    address: str  # as stored
    env: Mapping[str, str]


def tell_due(world: World, now: datetime) -> int:
    """All that is due. Returns how many were told."""
    with reading() as session:
        waiting = [(row.id, row.due_at) for row in notices.due(session, now) if row.due_at is not None]
    return sum(_guarded(world, number, due, now) for number, due in waiting)


def _guarded(world: World, number: int, due: datetime, now: datetime) -> bool:
    return apart(
        "herald", lambda: _tell(world, number, due, now), lambda: _give_up(number, due, now), notice=number
    )  # fmt: skip


def _give_up(number: int, due: datetime, now: datetime) -> bool:
    """Of what cannot be told. Always False."""
    with transaction() as session:
        notices.claim(session, number, due, now)
        notices.settle(session, number, "", "it could not be told, see the log", now)
    return False


def _tell(world: World, number: int, due: datetime, now: datetime) -> bool:
    with transaction() as session:
        if not notices.claim(session, number, due, now):
            return False
        row = session.get_one(PersonalNotice, number, populate_existing=True)
        person = session.get_one(PersonRow, row.person_id)
        skip = row.detail.get("contact")
        usable = [one for one in contacts.of_person(session, person.id) if _usable(one) and one.id != skip]
        usable.sort(key=lambda one: ORDER.index(one.channel))
        ways = [
            _Way(one.channel, one.address, {**world.settings.env, **given_to(one.channel, session, world.vault, now)})
            for one in usable
        ]
        asked = row.kind == "reach" and row.detail.get("by")
        if asked and not ways:  # there is nothing but the address they sign in by
            ways = [_Way("email", person.email, world.settings.env)]
        email, title, text = person.email, *_words(row, person, world)
        said = title, text, person.language, "oncall/me" if row.kind == "duty" else "me/contact"
        # The same on every try, and no other's: by it what comes twice is known, and thrown away.
        mark = micros(row.created_at) + row.id, f"personal-{row.id}"
        person_id, kind = row.person_id, row.kind
    way, error = _send(world, ways, email, said, mark)
    with transaction() as session:
        notices.settle(session, number, way, error, now)
    log.info("personal_notice", person=person_id, kind=kind, way=way or "none")
    return bool(way)


def _usable(one: ContactRow) -> bool:
    return one.channel in ORDER and one.verified_at is not None and one.failed_at is None


def _send(
    world: World, ways: Sequence[_Way], email: str, said: tuple[str, str, str, str], mark: tuple[int, str]
) -> tuple[str, str]:
    """The channel that took it, and what the others said. Where none has a provider it goes to the log."""
    (title, text, language, page), (number, name) = said, mark
    url, errors, unset = f"{world.settings.public_url}/{page}", list[str](), 0
    for way in ways:
        if is_invented(email) or channels.missing(way.channel, way.env):
            unset += 1
            continue
        try:
            address = world.vault.open(way.address) if channels.find(way.channel).SECRET else way.address
            message = Message(
                number, 0, name, "reminder", address, title, text, url=url, urgency="fast",
                language=language, links=((Wording(language, "UTC").word("Open"), url),),
            )  # fmt: skip
            channels.carrier(way.channel, way.env).send(message, way.env)
        except (PermanentFailure, TemporaryFailure, BadSecret) as failure:
            errors.append(f"{way.channel}: {mask(str(failure), way.env)}")
        else:
            return way.channel, "; ".join(errors)
    if unset and not errors:
        channels.find("log").send(Message(number, 0, name, "reminder", "", title, text), {})
        return "log", ""
    return "", "; ".join(errors) or "no other way to reach them"


def _words(row: PersonalNotice, person: PersonRow, world: World) -> tuple[str, str]:
    """Title and text in the person's words."""
    word = Wording(person.language, person.timezone).word
    detail, page = row.detail, f"{world.settings.public_url}/me/contact"
    if row.kind == "contact":
        title = word("A way of reaching you no longer works")
        way = word(WAYS.get(str(detail["channel"]), "Push"))
        lines = [word("%(way)s: %(why)s", way=way, why=detail["why"])]
        lines.append(word("Until it is mended you are told by your other ways. Your contacts: %(page)s", page=page))
        return title, "\n".join(lines)
    if row.kind == "duty":
        return _duty(detail, Wording(person.language, person.timezone), world)
    mine = row.kind == "reach"
    title = word("In the next 14 days you could not be reached as you should") if mine else word(
        "People who could not be reached in the next 14 days"
    )  # fmt: skip
    if not mine and all(one["kind"] == "gap" for one in detail["findings"]):
        title = word("Hours of the next 28 days with nobody on call")
    lines = [_finding(one, word) for one in detail["findings"]]
    where = page if mine else f"{world.settings.public_url}/people"
    return title, "\n".join([*lines, where])


def _duty(detail: Mapping[str, Any], wording: Wording, world: World) -> tuple[str, str]:
    """Somebody else has put them on call."""
    title = wording.word("%(name)s has put you on call", name=detail["by"])
    begins, ends = (wording.when(moment(int(detail[name]))) for name in ("from", "to"))
    lines = [
        f"{detail['schedule']}: {begins} – {ends}",
        str(detail["reason"]),
        f"{world.settings.public_url}/oncall/me",
    ]
    return title, "\n".join(line for line in lines if line)


def _finding(one: Mapping[str, Any], word: Any) -> str:
    name = f"{one['name']}: " if one.get("name") else ""
    words = {
        "nothing": "no verified contact at all for: %(what)s",
        "lacks": "no working contact for: %(what)s",
        "ended": "a browser no longer takes push: %(what)s",
        "failing": "a contact fails: %(what)s",
        "gap": "nobody is on call: %(what)s",
        "zone": "an unknown time zone is read as UTC: %(what)s",
        "left": "has left and still stands in: %(what)s",
    }
    return name + str(word(words[str(one["kind"])], what=one["what"]))
