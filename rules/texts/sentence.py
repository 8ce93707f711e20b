"""A sentence that is not said yet: a text with places and what stands in them, for whoever knows the language. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rules.texts.durations import write_duration

Say = Callable[..., str]
Span = Callable[[timedelta], str]


def english(text: str, **values: object) -> str:
    return text % values if values else text


@dataclass(frozen=True, slots=True)
class Sentence:
    """Of the values, times are said as spans, sentences and what says itself in the same language, lists one by one."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self, say: Say = english, span: Span = write_duration) -> str:
        return say(self.text, **{name: _said(value, say, span) for name, value in self.values.items()})


def _said(value: object, say: Say, span: Span) -> object:
    if isinstance(value, timedelta):
        return span(value) if value or span is not write_duration else "0m"
    if isinstance(value, Sentence):
        return value.said(say, span)
    if isinstance(value, tuple):
        return ", ".join(str(_said(one, say, span)) for one in value)
    return value(say) if callable(value) else value
