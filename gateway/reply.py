"""What a request is answered with; and answers at once, without a page, a thread or the database."""

from dataclasses import dataclass
from typing import Any, Protocol

QUICK = "nabat.quick"  # of the app's extension that gives answers at once, if it has one


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Quick(Protocol):
    """Learns from the answers that pages give at one address, and gives the next ones itself where it can."""

    path: str

    def answer(self, scope: Any) -> Answer | None:
        """On the event loop: at once, or not at all."""

    def learn(self, scope: Any, environ: dict[str, Any], answer: Answer) -> None:
        """What a page has just answered, and left in the environment of its request."""
