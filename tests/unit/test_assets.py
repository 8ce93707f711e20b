"""What travels of a style is what it says, without the room that is there for people."""

import re

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
        body, lean = assets.FOR_PEOPLE.sub(b"", path.read_bytes()), assets._lean(path)
        assert len(lean) < 0.95 * len(body), path.name
        assert b"".join(lean.split()).replace(b";}", b"}") == b"".join(body.split()).replace(b";}", b"}"), path.name


def test_every_word_of_a_script_arrives_as_it_was():
    """Also what stands in backquotes, which rjsmin would not leave alone within others."""
    said = re.compile(r"""`[^`]*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
    for path in assets.FOLDER.glob("*.js"):
        body, lean = path.read_text(), assets._lean(path).decode()
        assert len(lean) < 0.95 * len(body), path.name
        words = said.findall(lean)
        assert words
        assert [word for word in words if word not in body] == [], path.name
        assert "//" not in said.sub("", lean), path.name  # no comment
