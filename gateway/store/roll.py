"""The directory of people as of now, and what keeps quiet, read again only when somebody changed it."""

from dataclasses import replace

from sqlalchemy.orm import Session

from gateway.store import bulk, silences
from gateway.store.people import VERSION, directory
from rules.words import Directory

_VERSIONS = f"SELECT key, value FROM fact WHERE key IN ('{VERSION}', '{silences.VERSION}')"  # noqa: S608


class Roll:
    """Holds the directory by its versions, which every process sees in the database."""

    def __init__(self) -> None:
        self._held: tuple[dict[str, str], Directory] | None = None

    def current(self, session: Session) -> Directory:
        versions = dict(bulk.select_plain(session, _VERSIONS))  # asked at every commit
        held = self._held
        if held is not None and held[0] == versions:
            return held[1]
        people_are_new = held is None or held[0].get(VERSION) != versions.get(VERSION)
        found = directory(session) if held is None or people_are_new else held[1]
        self._held = versions, replace(found, silences=silences.in_force(session))
        return self._held[1]
