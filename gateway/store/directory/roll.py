"""The directory of people as of now, and what keeps quiet, read again only when somebody changed it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from gateway.store.directory.people import VERSION, directory
from gateway.store.quiet import silences
from gateway.store.sql import bulk, pieces
from rules.duty.oncall import all_bound
from rules.times.calendars import Calendar
from rules.words import Directory

VERSIONS = (VERSION, silences.VERSION)
_VERSIONS = f"SELECT key, value FROM fact WHERE key IN ('{VERSION}', '{silences.VERSION}')"  # noqa: S608
_ALL = "coalesce(string_agg(key || '=' || value, ';' ORDER BY key COLLATE \"C\"), '')"
INSIST = f"SELECT 1 / ({_ALL} = {{}})::int FROM fact WHERE key IN ('{VERSION}', '{silences.VERSION}')"  # noqa: S608


def _together(versions: Mapping[str, str]) -> str:
    return ";".join(f"{key}={versions[key]}" for key in sorted(versions))


@dataclass(frozen=True, slots=True)
class _Held:
    versions: dict[str, str]
    calendars: Mapping[str, Calendar]
    people: Directory
    whole: Directory


class Roll:
    """Holds the directory by its versions, which every process sees in the database, and by the book's calendars."""

    def __init__(self, calendars: Callable[[], Mapping[str, Calendar]] = dict) -> None:
        self._calendars = calendars
        self._held: _Held | None = None

    @property
    def is_read(self) -> bool:
        """Whether what is held is of the calendars in force."""
        return self._held is not None and self._held.calendars is self._calendars()

    def held(self) -> tuple[Directory, str]:
        """What was read last: as good as current() for whoever makes sure of it in the same transaction. With its
        versions for INSIST, which fails where others are in force: together, as other threads may read it anew.
        """
        held = self._held
        assert held is not None
        return held.whole, _together(held.versions)

    def is_still(self, session: Session, versions: str) -> bool:
        """Whether those of held() are in force, in this transaction: for whoever decided by them before it began."""
        return _together(dict(bulk.select_plain(session, _VERSIONS))) == versions

    def ask(self, session: Session) -> pieces.Asked:
        """The facts of VERSIONS, to be read later: in one piece with other questions."""
        return bulk.ask(session, _VERSIONS)

    def current(self, session: Session, versions: dict[str, str] | None = None) -> Directory:
        """`versions`: the two facts of VERSIONS, if they were read in this very moment with something else."""
        if versions is None:
            versions = dict(bulk.select_plain(session, _VERSIONS))  # asked at every commit
        held, calendars = self._held, self._calendars()
        if held is not None and held.versions == versions and held.calendars is calendars:
            return held.whole
        people_are_new = held is None or held.versions.get(VERSION) != versions.get(VERSION)
        people = directory(session) if held is None or people_are_new else held.people
        whole = replace(all_bound(people, calendars), silences=silences.in_force(session))
        self._held = _Held(versions, calendars, people, whole)
        return whole
