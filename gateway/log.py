"""Logs: one line an event, `event=… name=value`; nothing in a value can forge a line.

Never bodies, headers or tokens: what looks like one of our tokens is masked wherever it comes from.
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime

LONGEST_VALUE = 500
LONGEST_TRACE = 4000
_TOKEN = re.compile(r"nabat_[A-Za-z0-9_-]{16,}|nabat[a-z0-9]{27}")
_PLAIN = re.compile(r"[^\s\"'=\\]+")
_logger = logging.getLogger("nabat")
asked: ContextVar[str] = ContextVar("asked", default="")  # the name of the request that is answered


def setup(level: str) -> None:
    """Send everything, other libraries' words too, to stderr in our form."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)  # other libraries: only what is wrong
    _logger.setLevel(level.upper())


def debug(event: str, **facts: object) -> None:
    _write(logging.DEBUG, event, facts)


def info(event: str, **facts: object) -> None:
    _write(logging.INFO, event, facts)


def warning(event: str, **facts: object) -> None:
    _write(logging.WARNING, event, facts)


def error(event: str, problem: BaseException | None = None, **facts: object) -> None:
    """Something is broken. Of the problem: its type, its first line (a database's next lines are data) and where."""
    if problem is not None:
        words = f"{type(problem).__name__}: {problem}".splitlines()[0]
        trace = "".join(traceback.format_tb(problem.__traceback__))
        facts = {**facts, **_asked(), "problem": words, "trace": trace[-LONGEST_TRACE:]}
    _write(logging.ERROR, event, facts)


def _asked() -> dict[str, str]:
    return {"request": asked.get()} if asked.get() else {}


def line(event: str, facts: Mapping[str, object]) -> str:
    """`event=opened incident=17 title="disk is full"`."""
    words = [f"event={value_of(event)}"]
    words += [f"{name}={value_of(value, _limit(name))}" for name, value in facts.items()]
    return _TOKEN.sub("nabat_***", " ".join(words))


def value_of(value: object, limit: int = LONGEST_VALUE) -> str:
    """The value as one word: plain if it can be, else in quotes with everything unprintable escaped."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    if len(text) > limit:
        text = text[:limit] + "…"
    if text.isprintable() and _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_escape, quoted))


def _escape(character: str) -> str:
    """Line separators and writing-direction marks too: they forge lines in a viewer, if not in the file."""
    return character if character.isprintable() else f"\\u{ord(character):04x}"


def _limit(name: str) -> int:
    return LONGEST_TRACE if name == "trace" else LONGEST_VALUE


def _write(level: int, event: str, facts: Mapping[str, object]) -> None:
    if _logger.isEnabledFor(level):
        _logger.log(level, line(event, facts))  # without arguments no % is looked for


class _Line(logging.Formatter):
    """Time and level before our lines; other libraries' messages become the value of a line of ours."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = record.getMessage()
        if record.name != _logger.name:
            facts: dict[str, object] = {"logger": record.name, "message": text, **_asked()}
            if record.exc_info and record.exc_info[0]:
                facts["problem"] = record.exc_info[0].__name__
                facts["trace"] = "".join(traceback.format_tb(record.exc_info[2]))[-LONGEST_TRACE:]
            text = line("log", facts)
        return f"{stamp}.{int(record.msecs):03d}Z {record.levelname.lower()} {text}"
