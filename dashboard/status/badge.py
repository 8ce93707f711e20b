"""The state as a small picture for other pages: a name, a shape and a word. Pure."""

from markupsafe import escape

from dashboard.status.rows import Mark
from rules.texts.text import cut

LETTER, ROOM, HEIGHT = 6.6, 9, 20  # pixels
LONGEST = 40
FILLS = {"w": "#0c6b45", "m": "#174ea6", "s": "#8a3a00", "d": "#b8121f"}
SHAPES = {  # within twelve by twelve
    "w": '<circle cx="6" cy="6" r="5"/>',
    "m": '<path d="M1 1h10v10H1z"/>',
    "s": '<path d="M6 0l6 11H0z"/>',
    "d": '<path d="M1 3l2-2 3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z"/>',
}


def drawn(name: str, mark: Mark) -> str:
    name = cut(name, LONGEST)
    left = round(len(name) * LETTER + 2 * ROOM)
    right = round(len(mark.word) * LETTER + 2 * ROOM + 16)
    said = f"{name}: {mark.word}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(said)}"><title>{escape(said)}</title>'
        f'<path fill="#465264" d="M0 0h{left}v{HEIGHT}H0z"/>'
        f'<path fill="{FILLS[mark.look]}" d="M{left} 0h{right}v{HEIGHT}H{left}z"/>'
        f'<g fill="#fff" transform="translate({left + ROOM} 4)">{SHAPES[mark.look]}</g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{ROOM}" y="14" textLength="{left - 2 * ROOM}">{escape(name)}</text>'
        f'<text x="{left + ROOM + 16}" y="14" textLength="{right - 2 * ROOM - 16}">{escape(mark.word)}</text>'
        "</g></svg>\n"
    )
