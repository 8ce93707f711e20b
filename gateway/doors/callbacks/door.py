"""What the doors for providers' receipts share: a body of bounded size in, receipts kept, an answer counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge

from gateway import log, metrics
from gateway.doors.ingest import problem, unavailable
from gateway.flows import receipts
from gateway.flows.receipts import Receipt
from gateway.reply import Answer

LARGEST = 1024 * 1024  # bytes of a body


class Refused(Exception):
    """Nothing was taken in."""

    def __init__(self, answer: Answer, result: str) -> None:
        super().__init__(result)
        self.answer = answer
        self.result = result


def body_of_request() -> bytes:
    request.max_content_length = LARGEST
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise Refused(problem(413, f"the body is larger than {LARGEST} bytes"), "too large") from None


def keep(provider: str, told: Sequence[Receipt], now: datetime) -> Counter[str]:
    """How many receipts came to what. Raises Refused: the provider comes again when the database is back."""
    try:
        results = Counter(receipts.take(told, now) if told else [])
    except SQLAlchemyError as trouble:
        log.warning("callback_unavailable", provider=provider, problem=type(trouble).__name__)
        raise Refused(unavailable("the database cannot take it now"), "unavailable") from trouble
    for result, count in results.items():
        metrics.callbacks.labels(provider, result).inc(count)
    return results


def refuse(provider: str, refused: Refused) -> Response:
    metrics.callbacks.labels(provider, refused.result).inc()
    return Response(refused.answer.body, refused.answer.status, dict(refused.answer.headers))
