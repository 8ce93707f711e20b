"""What programs say in bodies and addresses, read and checked: objects, texts, numbers, moments; else a problem."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.doors.ingest import problem
from gateway.doors.machine import questions
from gateway.doors.machine.door import Call, Refused, as_json
from gateway.loader import BadJson, load
from gateway.store.db import reading
from gateway.store.incidents import undos
from gateway.store.reading import readings
from gateway.world import world
from rules.lifecycle import NOTHING_DONE, Reason
from rules.texts.text import clean_text, one_line
from rules.times import walltime
from rules.words import Role

LARGEST = 64 * 1024  # bytes of a body
LARGEST_SMALL = 2**31 - 1  # of a number of most things


def number_of(text: str) -> int:
    number = questions.number_of(text)
    if number is None:
        raise not_found(text)
    return number


def not_found(number: str) -> Refused:
    return Refused(problem(404, f"there is no incident {number[:20]}"))


def body() -> Any:
    """The JSON of the body. Raises Refused."""
    request.max_content_length = LARGEST
    try:
        return load(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise Refused(problem(413, f"the body is larger than {LARGEST} bytes")) from None
    except BadJson as wrong:
        raise Refused(problem(400, str(wrong))) from wrong


def object_(said: Any, otherwise: str) -> dict[str, Any]:
    """A body that must be an object. Raises Refused."""
    if isinstance(said, dict):
        return said
    raise Refused(problem(400, otherwise or "the body must be an object"))


def done(number: int, reason: Reason | None, call: Call) -> Response:
    """What came of it, how the incident stands, and by which name it can be taken back."""
    if reason is None:
        raise not_found(str(number))
    with reading() as session:
        status = readings.status(session, number)
    undo = None if reason in NOTHING_DONE else undo_of(number, call)
    return as_json({"result": reason.value, "incident": number, "status": status, "undo": undo})


def undo_of(number: int, call: Call) -> str | None:
    """By which name it can be taken back what this request did to the incident."""
    with reading() as session:
        row = undos.offered(session, call.actor.account, call.now)
        known = row is not None and any(one.number == number for one in undos.items_of(row))
        return row.token if row is not None and known else None


def object_of(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Refused(problem(400, "the body must be an object"))
    return said


def text_in(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise Refused(problem(400, f"{name}: must be text"))
    return clean_text(value).strip()


def moment_in(said: dict[str, Any], name: str) -> datetime | None:
    text = text_in(said, name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=walltime.zone_of(world().settings.timezone))
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(problem(400, f"{name}: write it like 2026-12-05T09:00:00+03:00")) from None
    if not questions.EARLIEST <= found.year <= questions.LATEST:
        raise Refused(problem(400, f"{name}: out of every calendar"))
    return found


def zone_of(call: Call) -> ZoneInfo:
    """Whose wall clock is meant: the person's own, else ours."""
    return walltime.zone_of((call.person.timezone if call.person else "") or world().settings.timezone)


def may_see_keys(call: Call) -> bool:
    """Which keys sources have: of people, as on the pages, administrators."""
    return call.person is None or call.person.role is Role.ADMIN


def small_number(text: str, what: str) -> int:
    """The number of something that is no incident, as an address has it. Raises Refused."""
    wanted = questions.number_of(text)
    if wanted is None or not 0 < wanted <= LARGEST_SMALL:
        raise missing(what, text)
    return wanted


def missing(what: str, name: str) -> Refused:
    return Refused(problem(404, f"there is no {what} {one_line(clean_text(name))[:40]}"))


def line_in(said: dict[str, Any], name: str, most: int = 200) -> str:
    """One line of text, empty if nothing is said."""
    return one_line(text_in(said, name))[:most]


def flag_in(said: dict[str, Any], name: str, *, default: bool = False) -> bool:
    value = said.get(name, default)
    if not isinstance(value, bool):
        raise Refused(problem(400, f"{name}: must be true or false"))
    return value


def number_in(said: dict[str, Any], name: str, most: int = LARGEST_SMALL) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise Refused(problem(400, f"{name}: must be a number"))
    return value


def numbers_in(said: dict[str, Any], name: str, most: int) -> list[int]:
    given = said.get(name)
    if not isinstance(given, list) or not 0 < len(given) <= most or not all(map(_is_number, given)):
        raise Refused(problem(400, f"{name}: must be a list of 1 to {most} numbers"))
    return given


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= questions.LARGEST


def texts_in(said: dict[str, Any], name: str, most: int = 100) -> list[str]:
    given = said.get(name, [])
    if not isinstance(given, list) or len(given) > most or not all(isinstance(one, str) for one in given):
        raise Refused(problem(400, f"{name}: must be a list of texts, {most} at most"))
    return [clean_text(one).strip() for one in given]


def optional_body() -> dict[str, Any]:
    return object_of(body()) if request.content_length else {}
