"""Notes as their writers meant them: bold, italics, code, lists, links to http and https; all else as typed. Pure.

Nothing of a note is ever HTML: every piece is escaped by itself, and only our own marks are put around it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from rules.texts.text import safe_url

Mentioned = Mapping[str, str]  # as written, in small letters -> where that person's page is
_FENCE = re.compile(r"^```[^\n`]*\n(.*?)(?:^```[ \t]*$\n?|\Z)", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r" {0,3}(?:[-*]|(\d{1,3})[.)]) +(\S.*)")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,500})`"
    r"|\[(?P<words>[^\[\]\n]{1,300})\]\((?P<place>https?://[^\s()<>\"]{1,1000})\)"
    r"|(?P<url>(?<!\w)https?://[^\s<>\"'`*\\]{1,1000})"
    r"|\*\*(?P<bold>[^\s*](?:[^*\n]{0,500}[^\s*])?)\*\*"
    r"|(?<![\w*])\*(?P<italic>[^\s*](?:[^*\n]{0,500}[^\s*])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<slanted>[^\s_](?:[^_\n]{0,500}[^\s_])?)_(?!\w)"
    r"|(?<![\w@./+-])(?P<at>@\w[^\n@]{0,99}(?:@[\w.-]{1,99})?)"
)
_DEEPEST = 3


def note(text: str, mentioned: Mentioned | None = None) -> Markup:
    """The whole note."""
    parts, end = list[Markup](), 0
    for fence in _FENCE.finditer(text):
        parts += [_lines(text[end : fence.start()], mentioned or {}), Markup("<pre>{}</pre>").format(fence[1].rstrip())]
        end = fence.end()
    return Markup("").join([*parts, _lines(text[end:], mentioned or {})])


def kept(detail: Mapping[str, Any]) -> Markup:
    """A note as the timeline keeps it, with links to whom it mentions."""
    named = {str(one["as"]).casefold(): f"/people/{int(one['id'])}" for one in detail.get("mentions", ())}
    return note(str(detail.get("text", "")), named)


def _lines(text: str, mentioned: Mentioned) -> Markup:
    """Paragraphs, in which line ends stay, and lists."""
    parts, lines, items, kind = list[Markup](), list[Markup](), list[tuple[str, Markup]](), ""

    def close() -> None:
        if lines:
            parts.append(Markup("<p>{}</p>").format(Markup("<br>").join(lines)))
        if items:
            parts.append(_list(kind, items))
        lines.clear()
        items.clear()

    for line in text.splitlines():
        item = _ITEM.fullmatch(line)
        sort = "" if item is None else "ol" if item[1] else "ul"
        if not line.strip() or sort != kind:
            close()
        kind = sort
        if item is not None:
            items.append((item[1] or "", Markup("<li>{}</li>").format(_inline(item[2], mentioned))))
        elif line.strip():
            lines.append(_inline(line, mentioned))
    close()
    return Markup("").join(parts)


def _list(kind: str, items: Sequence[tuple[str, Markup]]) -> Markup:
    """A numbered one begins with the number that was written: step 3 stays step 3."""
    inside, first = Markup("").join(item for _, item in items), int(items[0][0] or 1)
    if kind == "ul":
        return Markup("<ul>{}</ul>").format(inside)
    return (
        Markup('<ol start="{}">{}</ol>').format(first, inside) if first != 1 else Markup("<ol>{}</ol>").format(inside)
    )


def _inline(text: str, mentioned: Mentioned, depth: int = 0) -> Markup:
    if depth == _DEEPEST:
        return escape(text)
    parts, end = list[Markup](), 0
    while (found := _INLINE.search(text, end)) is not None:
        made, until = _marked(found, mentioned, depth)
        parts += [escape(text[end : found.start()]), made]
        end = until
    return Markup("").join([*parts, escape(text[end:])])


def _marked(found: re.Match[str], mentioned: Mentioned, depth: int) -> tuple[Markup, int]:
    """The piece as HTML, and where the text goes on."""
    kind, whole = found.lastgroup, found[0]
    if kind == "code":
        return Markup("<code>{}</code>").format(found["code"]), found.end()
    if kind == "bold":
        return Markup("<strong>{}</strong>").format(_inline(found["bold"], mentioned, depth + 1)), found.end()
    if kind in ("italic", "slanted"):
        return Markup("<em>{}</em>").format(_inline(found[kind], mentioned, depth + 1)), found.end()
    if kind == "at":
        return _mention(found, mentioned)
    place = found["place"] or whole.rstrip(".,;:!?)]}")
    words, until = found["words"] or place, found.end() if found["place"] else found.start() + len(place)
    if not safe_url(place):
        return escape(whole[: until - found.start()]), until
    link = Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>')
    return link.format(place, words), until


def _mention(found: re.Match[str], mentioned: Mentioned) -> tuple[Markup, int]:
    """The longest name that was meant; @anna is no part of @annabel."""
    said, longest = found["at"], max(map(len, mentioned), default=0)
    for end in range(min(len(said), longest), 1, -1):
        place = mentioned.get(said[:end].casefold())
        if place is not None and not said[end : end + 1].isalnum():
            return Markup('<a href="{}">{}</a>').format(place, said[:end]), found.start() + end
    return escape("@"), found.start() + 1
