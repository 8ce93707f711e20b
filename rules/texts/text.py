"""Text from strangers made safe to store, to show and to shorten. Pure; no third-party library."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Mapping

REPLACEMENT = "\ufffd"
LONGEST_CHARACTER = 32  # code points: past that it is not a character but an attack (Unicode's stream-safe limit is 31)

# C0 without tab and line feed, DEL, C1; and the two that XML knows as no characters, with which nobody reads a feed
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
# They turn around what stands behind them, also beyond the end of their own text. Letters know their direction without.
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HOST = r"(?P<host>[^/?#@:\[\]<>^|]+|\[[0-9A-Fa-f:.]+\])"
_WEB_ADDRESS = re.compile(rf"(?i:https?)://([^/?#@\[\]]*@)?{_HOST}(:(?P<port>[0-9]{{0,5}}))?([/?#].*)?", re.ASCII)
_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)  # two of these make a flag
_SKIN = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)  # the flags of Scotland and Wales
_JAMO = range(0x1100, 0x1200)  # parts of Korean syllables: initials first,
_JAMO_INITIALS = range(0x1100, 0x1160)  # and a new one after anything else begins the next syllable


def clean_text(text: str) -> str:
    """The same text without what breaks databases, terminals and mail: NUL, lone surrogates, control characters.

    And without what makes a reader see another text than the one that stands there.
    """
    if text.isprintable():  # nearly always; one pass in C
        return text
    if _SURROGATE.search(text):  # halves that belong together become the character they meant
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return TURNS.sub("", _CONTROL.sub(REPLACEMENT, text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """The text on one line: every run of white space or line separators, Unicode's too, becomes one space."""
    return " ".join(text.split())


def by_language(
    given: Mapping[str, str], languages: Iterable[str], *, lines: bool = False, longest: int | None = None
) -> dict[str, str]:
    """What somebody wrote in several languages, made safe, in those that there are; empty ones are left out."""
    safe = {name: clean_text(given.get(name, "")) for name in languages}
    found = {name: text.strip() if lines else one_line(text) for name, text in safe.items()}
    return {name: text if longest is None else cut(text, longest, "") for name, text in found.items() if text}


def cut(text: str, limit: int, mark: str = "…") -> str:
    """At most `limit` code points, never inside what a reader sees as one character; `mark` says there was more."""
    if len(text) <= limit:
        return text
    if len(mark) >= limit:
        mark = ""
    return text[: _boundary(text, max(limit - len(mark), 0))].rstrip() + mark


def cut_bytes(text: str, limit: int, mark: str = "…") -> str:
    """As `cut`, but the limit counts bytes of UTF-8."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return text
    if len(mark.encode()) >= limit:
        mark = ""
    room = max(limit - len(mark.encode()), 0)
    whole = len(encoded[:room].decode(errors="ignore"))
    return text[: _boundary(text, whole)].rstrip() + mark


def safe_url(url: str) -> str:
    """The address if it is a plain http or https one that may become a link, else nothing."""
    # Browsers drop tabs and line ends inside an address and read "\\" as "/": neither belongs into an honest one.
    if not url.isprintable() or " " in url or "\\" in url:
        return ""
    parts = _WEB_ADDRESS.fullmatch(url)
    return url if parts and int(parts["port"] or 0) < 65_536 and _is_host(parts["host"]) else ""


def _is_host(host: str) -> bool:
    """In brackets stands an address of IPv6, and nothing else: Python's own urlsplit() raises at what is none."""
    if not host.startswith("["):
        return True
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _boundary(text: str, at: int) -> int:
    """The last place at or before `at` where two characters, as a reader sees them, meet."""
    place = at
    while place > 0 and place < len(text) and _joined(text, place):
        place -= 1
        if at - place > LONGEST_CHARACTER:
            return at
    return place


def _joined(text: str, place: int) -> bool:
    """Whether the code points before and after `place` belong to one character (Unicode annex 29, simplified)."""
    before, after = text[place - 1], text[place]
    if before == _JOINER or _extends(after):
        return True
    if ord(after) in _REGIONAL and ord(before) in _REGIONAL:
        return _regional_run(text, place) % 2 == 1
    if ord(after) in _JAMO_INITIALS:
        return ord(before) in _JAMO_INITIALS
    return ord(before) in _JAMO and ord(after) in _JAMO


def _extends(character: str) -> bool:
    if character == _JOINER or unicodedata.category(character) in ("Mn", "Me", "Mc"):
        return True
    code = ord(character)
    return code in _SKIN or code in _TAGS


def _regional_run(text: str, place: int) -> int:
    """How many halves of flags stand in a row right before `place`."""
    first = place
    while first > 0 and ord(text[first - 1]) in _REGIONAL:
        first -= 1
    return place - first
