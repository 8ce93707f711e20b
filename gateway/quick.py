"""Answers that need no page, no thread and no database: to what is asked all the time, from what was found just now."""

from typing import Any, NamedTuple, Protocol

NAME = "nabat.quick"  # of the app's extension, if it has one


class Told(NamedTuple):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class Quick(Protocol):
    """Learns from the answers that pages give at one address, and gives the next ones itself where it can."""

    path: str

    def answer(self, scope: Any) -> Told | None:
        """On the event loop: at once, or not at all."""

    def learn(self, scope: Any, environ: dict[str, Any], told: Told) -> None:
        """What a page has just answered, and left in the environment of its request."""
