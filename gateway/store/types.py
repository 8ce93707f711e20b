"""The two column types of our own: a moment and a piece of JSON, stored the same way in both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encoder = msgspec.json.Encoder(order="sorted")


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def to_json(value: Any) -> str:
    """The text we store: sorted names, no spaces, so that equal values are equal texts."""
    return _encoder.encode(value).decode()


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as microseconds since 1970.

    SQLite forgets time zones, PostgreSQL has an 'infinity' that Python cannot read, and reports subtract: integers have
    none of these troubles.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> int | None:  # noqa: ARG002
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: object) -> datetime | None:  # noqa: ARG002
        return None if value is None else moment(value)


class Json(TypeDecorator[Any]):
    """Anything JSON, kept as text: PostgreSQL's jsonb refuses what SQLite and other people's texts contain."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str | None:  # noqa: ARG002
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: object) -> Any:  # noqa: ARG002
        return None if value is None else msgspec.json.decode(value)
