"""What travels of a style is what it says, without the room that is there for people."""

from dashboard import assets


def test_room_goes_and_what_is_quoted_or_needed_stays():
    style = b"""a:hover , b > c { color: red; margin: 0 calc(1px + 2px); }
@media (min-width: 2em) and (hover: hover) { .x::before { content: " ; { : } "; } .y { font: 1em "A, B"; } }
"""
    assert assets._close(style) == (
        b"a:hover,b > c{color:red;margin:0 calc(1px + 2px)}"
        b'@media (min-width:2em) and (hover:hover){.x::before{content:" ; { : } "}.y{font:1em "A, B"}}'
    )


def test_no_rule_and_no_declaration_is_lost_on_the_way():
    for path in assets.FOLDER.glob("*.css"):
        body, lean = assets.FOR_PEOPLE[".css"].sub(b"", path.read_bytes()), assets._lean(path)
        assert len(lean) < 0.95 * len(body), path.name
        assert b"".join(lean.split()).replace(b";}", b"}") == b"".join(body.split()).replace(b";}", b"}"), path.name
