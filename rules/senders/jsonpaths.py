"""Where in a body something stands, as JMESPath says it: an expression of the rule book in, a value of the body out.

Bodies are strangers' and expressions may be asked of thousands of alerts, so both are bounded: nothing of the language
that can make more out of a body than it holds is taken, and all expressions of one body share so many steps.
"""

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

LONGEST = 300  # characters of an expression
STEPS = 250_000  # of all expressions of one body: about a second, or ten thousand alerts of ten fields
_NODES = frozenset(
    {
        "and_expression", "comparator", "current", "field", "filter_projection", "flatten", "function_expression",
        "identity", "index", "index_expression", "literal", "not_expression", "or_expression", "pipe", "projection",
        "slice", "subexpression", "value_projection",
    }
)  # fmt: skip
# Those whose answer is no longer than what they are given. `join` is left out: its glue may come from the body.
FUNCTIONS = (
    "contains", "ends_with", "keys", "length", "not_null", "starts_with", "to_number", "to_string", "type", "values",
)  # fmt: skip
_LITERAL = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_WRITTEN = {"multi_select_list": "[a, b]", "multi_select_dict": "{a: b}", "expref": "&a"}


class TooMuch(Exception):
    """The steps of a body are used up."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """One expression; equal if it is written the same."""

    text: str
    _tree: dict[str, Any] = field(compare=False, repr=False)


@lru_cache(maxsize=4096)
def read(text: str) -> JsonPath:
    """Raises ValueError with what is wrong, for the reader."""
    if len(text) > LONGEST:
        raise ValueError(f"an expression has at most {LONGEST} characters")
    for literal in _LITERAL.findall(text):  # the library takes what is no JSON for a text, with a warning
        try:
            json.loads(literal)
        except ValueError:
            raise ValueError("what stands in backquotes is no JSON; a text is written in single quotes") from None
    try:
        tree = jmespath.compile(text).parsed
        _check(tree)
    except JMESPathError as problem:
        at = getattr(problem, "lex_position", getattr(problem, "lexer_position", 0))
        where = f"from character {at + 1} on" if at < len(text) else "to its end: something is missing there"
        raise ValueError(f"is no JMESPath expression: it cannot be read {where}") from None
    except RecursionError:
        raise ValueError("is no JMESPath expression: it is nested too deeply") from None
    return JsonPath(text, tree)


def _check(node: dict[str, Any]) -> None:
    kind = node["type"]
    if kind not in _NODES:
        raise ValueError(f"{_WRITTEN.get(kind, kind)} of JMESPath is not taken here")
    if kind == "function_expression" and node["value"] not in FUNCTIONS:
        name = _printable(str(node["value"]))
        raise ValueError(f"there is no function {name!r} here; there are {', '.join(FUNCTIONS)}")
    if kind == "slice" and 0 in node["children"][2:]:
        raise ValueError("a slice may not have the step 0")
    for child in node["children"] if kind != "slice" else ():
        _check(child)


def _printable(text: str) -> str:
    shown = text[:120]
    return shown if shown.isprintable() else repr(shown)


class Looker(TreeInterpreter):  # type: ignore[misc] # the library has no types
    """Looks things up in one body, and counts its steps."""

    def __init__(self, steps: int = STEPS) -> None:
        super().__init__()
        self._left = steps

    def visit(self, node: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise TooMuch
        return super().visit(node, *args, **kwargs)

    def find(self, path: JsonPath, value: Any) -> Any:
        """What stands there; None for nothing, and where an expression cannot be asked of such a value.

        Raises TooMuch.
        """
        try:
            return self.visit(path._tree, value)
        except (JMESPathError, TypeError, ValueError, OverflowError, RecursionError):
            return None  # e.g. starts_with() of what is no text
