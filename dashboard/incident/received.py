"""What was received about an incident, as it was received: put in order for reading, whole for copying."""

import json
import zlib
from contextlib import suppress
from dataclasses import dataclass

from dashboard.incident import queries
from dashboard.reader import Moment, Reader, grouped
from gateway.store.tables import Incident, Payload
from rules.texts.text import TURNS, clean_text, cut

MOST = 200_000  # characters of one


@dataclass(frozen=True, slots=True)
class Received:
    id: int
    at: Moment
    size: str
    body: str
    whole: bool


def received(found: Incident, reader: Reader) -> list[Received]:
    return [_received(one, reader) for one in queries.payloads(found)]


def _received(one: Payload, reader: Reader) -> Received:
    text = _readable(zlib.decompress(one.body).decode("utf-8", "replace"))
    size = grouped(one.size)
    return Received(one.id, reader.moment(one.received_at), size, cut(text, MOST), len(text) <= MOST)


def _readable(text: str) -> str:
    """JSON in lines; what is no JSON, or an absurd one, stays as it came. Half a character is shown as none.

    What would turn the text around is written as JSON writes what cannot be seen.
    """
    with suppress(ValueError, RecursionError):  # nobody could read it: that is why somebody looks here
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return clean_text(TURNS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
