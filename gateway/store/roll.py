"""The directory of people as of now, read again only when somebody changed it."""

from sqlalchemy.orm import Session

from gateway.store import bulk
from gateway.store.people import directory
from rules.words import Directory


class Roll:
    """Holds the directory by its version, which every process sees in the database."""

    def __init__(self) -> None:
        self._held: tuple[str | None, Directory] | None = None

    def current(self, session: Session) -> Directory:
        rows = bulk.select_plain(session, "SELECT value FROM fact WHERE key = 'directory'")  # asked at every commit
        version = rows[0][0] if rows else None
        held = self._held
        if held is None or held[0] != version:
            held = self._held = (version, directory(session))
        return held[1]
