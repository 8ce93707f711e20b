"""Where a page of a plain list begins, as the address says it."""

from werkzeug.datastructures import MultiDict


def before(args: MultiDict[str, str]) -> int | None:
    """The row that a page of a plain list, newest first, starts after."""
    text = args.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
