"""The words of the filter box: service:billing urgency:emergency cluster=a -env=dev "exact text". Pure."""

import re
from dataclasses import dataclass

from rules.matchers import Matcher

LONGEST = 1000  # characters of what is typed
WORDS = (
    "status", "urgency", "service", "team", "assignee", "source", "target", "paged", "counted", "from", "to", "sort",
)  # fmt: skip
_TOKEN = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+')
_WORD = re.compile(r"(-?)([a-z]{2,20}):(?!//)(.*)", re.DOTALL)
_LABEL = re.compile(r"(-?)([A-Za-z_][A-Za-z0-9_.:/-]{0,99}?)(!=|=~|!~|=)(.+)", re.DOTALL)
_NOT = {"=": "!=", "=~": "!~"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what was typed: a word with its value, a condition on a label, or plain text (both empty)."""

    word: str
    value: str
    problem: str = ""  # a key of PROBLEMS


def split(typed: str, *, going_on: bool = False) -> list[Part]:
    """`going_on`: somebody is still typing, so that a last word with a colon or a sign may lack its end."""
    tokens = _TOKEN.findall(typed[:LONGEST])
    if going_on and tokens and not typed[-1:].isspace() and re.search("[:=~]", tokens[-1]):
        tokens.pop()
    return [_part(token) for token in tokens]


def _part(token: str) -> Part:
    if token.startswith('"'):
        return Part("", _plain(token))
    if found := _LABEL.fullmatch(token):
        return _label(*found.groups())
    if found := _WORD.fullmatch(token):
        minus, word, value = found.groups()
        if word not in WORDS:
            return Part(word, value, "unknown word")
        return Part(word, _plain(value), "not without" if minus else "")
    return Part("", _plain(token))


def _label(minus: str, name: str, sign: str, value: str) -> Part:
    sign = _NOT.get(sign, sign) if minus else sign
    text = condition(name, sign, _plain(value))
    return Part("label", text, "" if readable(text) else "unreadable")


def condition(name: str, sign: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}{sign}"{quoted}"' if not re.fullmatch(r"[A-Za-z0-9_.:/@-]+", value) else f"{name}{sign}{value}"


def readable(text: str) -> bool:
    try:
        Matcher.parse(text)
    except ValueError:  # a bad pattern, or one that is too long: it is shown as such
        return False
    return True


def _plain(value: str) -> str:
    """Without the quotes around it."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value.removeprefix('"'))
