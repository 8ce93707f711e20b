"""Whoever waits for an answer: told by the thread that stored it all, since waking each one in between takes time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway import log
from gateway.doors import ingest
from gateway.doors.dialects import Dialect
from gateway.doors.storing import Item
from gateway.doors.wire import send
from gateway.reply import Answer
from gateway.store.incidents.alerts import Post


@dataclass(slots=True)
class Sender:
    """Whoever waits for the answer to a request."""

    proto: Any
    dialect: Dialect | None
    end: bool  # the connection ends with the answer
    taken: Callable[[Post], Answer] | None = None  # what is said of what was taken in
    waits: asyncio.Future[None] | None = None
    told: bool = False

    def hears(self, answer: Answer) -> None:
        if self.dialect and answer.status >= 400:
            answer = self.dialect.refused(answer)
        send(self.proto, answer, self.end)

    def hears_of(self, item: Item) -> None:
        """What has become of it. By the writer thread, which nothing may stop: what goes wrong here goes wrong again in
        the event loop, and is heard there.
        """
        try:
            self.hears(ingest.answer(item, self.taken))
            self.told = True
        except Exception as problem:  # noqa: BLE001 - see above
            log.warning("not_answered_at_once", problem=type(problem).__name__)


def wake(waiting: Sequence[asyncio.Future[None]]) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(None)
