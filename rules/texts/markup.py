"""The words of a text that may be HTML, once or twice escaped: what mail programs and service desks write. Pure.

Only elements that HTML has are taken for markup: an address in angle brackets, or a comparison, stays as it is. The
time it takes grows with the text and no faster, whatever is in it.
"""

import html
import re

BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
))  # fmt: skip
WITHIN = frozenset((
    "a", "abbr", "b", "big", "body", "caption", "cite", "code", "col", "colgroup", "del", "em", "font", "html", "i",
    "img", "ins", "kbd", "label", "link", "mark", "meta", "o:p", "q", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "td", "th", "time", "tt", "u", "var", "wbr",
))  # fmt: skip
UNSEEN = frozenset(("script", "style", "head", "title", "template"))  # with all that is in them
CELLS = ("td", "th")
LONGEST = 262_144  # characters that are read
_NAME = r"(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:]{0,14})(?=[\s/>])"
# No part goes over another "<", so that each begins anew there and nothing is read twice.
_MARK = re.compile(rf"""<(?:{_NAME}(?:(?:[^<>"']|"[^"<]*"|'[^'<]*')*|[^<>]*)>|!--(?:[^-<]|-(?!->))*-->|![^<>]*>)""")
_BLANK = re.compile(r"[ \t\r\n\f\u00a0]+")
_GAPS = re.compile(r"\n{3,}")
_NO_CHARACTER = re.compile(r"&#[0-9]{100,};?")  # more digits than Python reads as a number


def plain_text(text: str) -> str:
    """Its words: a line for each paragraph, a dash before each entry of a list. What is no HTML stays as it is.

    Of a very long text, the words of its beginning: no more of it is kept.
    """
    text = text[:LONGEST]
    for _ in range(2):
        if _is_html(text):
            return _words(text)
        opened = _opened(text) if "&" in text else text
        if opened == text:
            return text
        text = opened
    return _words(text) if _is_html(text) else text


def _opened(text: str) -> str:
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))


def _is_html(text: str) -> bool:
    return "<" in text and any(_known(found) for found in _MARK.finditer(text))


def _known(found: re.Match[str]) -> bool:
    name = (found["name"] or "").lower()
    return name in BLOCKS or name in WITHIN or name in UNSEEN


def _words(text: str) -> str:
    parts: list[str] = []
    at, unseen = 0, ""
    for found in _MARK.finditer(text):
        name = (found["name"] or "").lower()
        if name and not _known(found):
            continue
        if not unseen:
            parts.append(_BLANK.sub(" ", _opened(text[at : found.start()])))
            parts.append(_stands_for(name, end=bool(found["end"])))
            unseen = name if name in UNSEEN and not found["end"] else ""
        elif found["end"] and name == unseen:
            unseen = ""
        at = found.end()
    if not unseen:
        parts.append(_BLANK.sub(" ", _opened(text[at:])))
    lines = (_BLANK.sub(" ", line).strip() for line in "".join(parts).split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def _stands_for(name: str, *, end: bool) -> str:
    if name == "li":
        return "" if end else "\n- "
    if name in CELLS:
        return " "
    return "\n" if name in BLOCKS else ""
