"""Makes icons.svg, one symbol an icon, from an unpacked lucide-static: `make_icons.py PACKAGE > icons.svg`."""

import json
import re
import sys
from pathlib import Path

# fmt: off
ICONS = [
    "activity", "arrow-down", "arrow-up", "bell-off", "bell-ring", "book-open", "bookmark", "calendar-clock",
    "chart-column", "check", "check-check", "chevron-down", "chevron-left", "chevron-right", "chevron-up", "clock",
    "copy", "corner-up-right", "download", "ellipsis", "external-link", "eye", "git-branch", "globe", "info",
    "key", "keyboard", "layers", "layout-dashboard", "list-filter", "log-out", "mail", "menu", "message-circle",
    "message-square", "moon", "phone", "phone-call", "phone-missed", "plus", "printer", "radio", "rows-3", "rows-4",
    "scroll-text", "search", "send", "server", "settings", "shield", "sliders-horizontal", "smartphone", "sun",
    "ticket", "timer", "trash-2", "trending-down", "triangle-alert", "undo-2", "user", "user-plus", "users",
    "wifi-off", "x", "zap",
]
# fmt: on
PEN = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'


def symbol(package: Path, name: str) -> str:
    svg = (package / "icons" / f"{name}.svg").read_text("utf-8")
    shapes = re.findall(r"<(?!svg|!--)\w[^>]*/>", svg)
    return f'<symbol id="{name}" viewBox="0 0 24 24" {PEN}>{"".join(shapes)}</symbol>'


def sprite(package: Path) -> str:
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    licence = f"<!-- lucide-static {version}, ISC and MIT, see lucide.LICENSE.txt -->"
    symbols = "\n".join(symbol(package, name) for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{licence}\n{symbols}\n</svg>\n'


if __name__ == "__main__":
    sys.stdout.write(sprite(Path(sys.argv[1])))
