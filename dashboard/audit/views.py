"""The page Audit log, and the same as a CSV file."""

import csv
import io
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Response, request
from flask.typing import ResponseReturnValue

from dashboard import filters
from dashboard.audit import queries, rows, words
from dashboard.audit.queries import Wanted
from dashboard.blueprint import bp
from dashboard.page import draw, reader_of
from dashboard.reader import Reader, grouped
from gateway.access.auth import Visit, require
from gateway.store.db import db
from gateway.store.types import moment
from gateway.world import world
from rules.duty.company import colleagues
from rules.texts.text import clean_text, one_line
from rules.words import Role

MAY_READ = (Role.VIEWER, Role.ADMIN)
IN_FILE = 20_000  # rows of a CSV file at most
HEAD = ("id", "at", "actor", "action", "target", "how", "address", "request", "detail", "hash")
FIELDS = ("actor", "action", "target", "request", "from", "to")


@bp.get("/audit")
@require(*MAY_READ)
def audit(visit: Visit) -> ResponseReturnValue:
    reader = reader_of(visit)
    wanted = _wanted(visit, reader)
    found = queries.rows(wanted)
    shown = found[: queries.PAGE]
    asked = {name: value for name in FIELDS if (value := _asked(name))}
    more = _place("audit", {**asked, "after": str(shown[-1].id)}) if len(found) > queries.PAGE else ""
    actors, actions = queries.choices() if visit.person.role is Role.ADMIN else ([], [])
    values = {
        "page": "audit",
        "lines": [rows.line(row, reader) for row in shown],
        "asked": asked,
        "actors": actors,
        "actions": [(one, reader.say(one)) for one in actions],
        "more": more,
        "file": _place("audit.csv", asked),
        "in_file": grouped(IN_FILE),
        "searched": grouped(queries.SEARCHED) if wanted.target else "",
        "chain": _chain(reader),
        "only_team": wanted.actors is not None,
    }
    return draw(visit, "pages/audit.html", values)


@bp.get("/audit.csv")
@require(*MAY_READ)
def audit_csv(visit: Visit) -> ResponseReturnValue:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerows(rows.cells(row) for row in queries.rows(_wanted(visit, reader_of(visit)), IN_FILE))
    name = f"audit-{visit.now:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text.getvalue(), mimetype="text/csv", headers=headers)


def _place(name: str, asked: dict[str, str]) -> str:
    return f"/{name}?{urlencode(asked)}" if asked else f"/{name}"


def _wanted(visit: Visit, reader: Reader) -> Wanted:
    begin, end = _day(_asked("from"), reader), _day(_asked("to"), reader)
    return Wanted(
        actor=_asked("actor"),
        action=_asked("action"),
        target=words.plain_target(_asked("target"), reader),
        request=_asked("request"),
        begin=begin,
        end=None if end is None else end + timedelta(days=1),
        after=filters.before(request.args),
        actors=None if visit.person.role is Role.ADMIN else _team_of(visit.person.email),
    )


def _asked(name: str) -> str:
    return one_line(clean_text(request.args.get(name, "")))[:200]


def _day(text: str, reader: Reader) -> datetime | None:
    """The beginning of that day by the reader's wall clock; None for what is no day, or one of no calendar of ours."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(found, time(), reader.zone) if 1970 < found.year < 2200 else None


def _team_of(email: str) -> Collection[str]:
    """A viewer sees what those did who share a team with them, and their own."""
    return colleagues(email, world().roll.current(db.session()))


def _chain(reader: Reader) -> dict[str, object] | None:
    """How the chain stood when a worker followed it last; None if none did yet."""
    last = queries.followed()
    if last is None:
        return None
    since = reader.moment(moment(last.chain.since)) if last.chain.since else None
    return {
        "broken": last.broken, "why": last.why, "since": since, "at": reader.moment(last.at), "rows": last.chain.rows,
        "older": last.chain.older,
    }  # fmt: skip
