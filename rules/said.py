"""What somebody at a sender said of an alert that is known: that they have it, or a note. Values only."""

from enum import StrEnum

import msgspec


class Saying(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"


class Said(msgspec.Struct, frozen=True):
    """It tells nothing about firing: it opens nothing and ends nothing."""

    what: Saying
    who: str = ""  # as the sender names them; empty if it names nobody
    text: str = ""  # the note, or what was written with the acknowledgement
    id: str = ""  # by which the sender tells it from others: heard again, it is not written twice to an incident
